"""The audit of the locks: what fails it, and that a service out of reach does not, but is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

import pytest
from audit_locks import ACCEPTED, LOCKS, audit_result

from support.deploying import ROOT

CLEAN = {"name": "httpx", "version": "0.28.1", "vulns": []}
FAULTY = {
    "name": "jinja2",
    "version": "2.4.1",
    "vulns": [{"id": "PYSEC-2014-8", "fix_versions": ["2.7.2"], "aliases": [], "description": ""}],
}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}


def told(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_a_vulnerability_fails_it_and_says_what_mends_it() -> None:
    result = audit_result(told(CLEAN, FAULTY, UNKNOWN), "")

    assert result.status == 1
    assert "jinja2 2.4.1: PYSEC-2014-8, mended in 2.7.2" in result.said


def test_without_one_it_passes_and_names_what_it_could_not_look_up() -> None:
    result = audit_result(told(CLEAN, UNKNOWN), "")

    assert result.status == 0
    assert result.said == (
        "audit: no known vulnerability in 2 packages; unknown to the service, so not audited: ours"
    )


@pytest.mark.parametrize(
    ("output", "errors"),
    [
        (told(UNKNOWN, UNKNOWN), ""),
        ("", "Traceback\nrequests.exceptions.ConnectionError: no address"),
        ("", "Traceback\nrequests.exceptions.ReadTimeout: 15 s"),
        ("", "ERROR:pip_audit._cli:Could not connect to the feed"),
    ],
)
def test_a_service_out_of_reach_is_said_and_no_failure(output: str, errors: str) -> None:
    result = audit_result(output, errors)

    assert result.status == 0
    assert "SKIPPED, nothing was audited" in result.said


def test_a_lock_that_cannot_be_read_fails_it() -> None:
    result = audit_result("", "ERROR:pip_audit._cli:requirement httpx is not hashed")

    assert result.status == 1
    assert "is not hashed" in result.said


def test_it_runs_over_every_lock_where_no_network_is_and_says_so() -> None:
    environ = os.environ | dict.fromkeys(("https_proxy", "HTTPS_PROXY", "ALL_PROXY"), "http://127.0.0.1:9")
    script = ROOT / "scripts" / "audit_locks.py"
    done = subprocess.run(
        [sys.executable, str(script)], env=environ, capture_output=True, text=True, timeout=50, check=False
    )

    assert {lock.name for lock in LOCKS} == {"build.txt", "runtime.txt", "dev.txt"}
    assert done.returncode == 0, done.stdout + done.stderr
    assert "SKIPPED, nothing was audited" in done.stdout


def test_each_accepted_vulnerability_has_its_reason() -> None:
    assert all(ACCEPTED.values())


def test_ci_runs_it_here_and_on_the_forge() -> None:
    assert "\nmake audit" in (ROOT / ".ci" / "run").read_text("utf-8")
    assert "make audit" in (ROOT / ".github" / "workflows" / "ci.yml").read_text("utf-8")
