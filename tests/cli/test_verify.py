"""``segue verify`` and its script: what a deployment is found to be."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.etree import ElementTree as ET

import pytest
from typer.testing import CliRunner

from segue.cli import exits
from segue.cli.main import app
from support.listening import Listening, listening
from support.metered import exposing, healthy
from support.process import serving
from support.scripts import run
from support.service import OPERATOR, TOKEN

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.process import Server

SCRIPT = "verify_deployment.py"
ALL = {
    "health",
    "readiness",
    "configuration",
    "environment",
    "stage",
    "synthesis, baseline",
    "synthesis, candidate",
    "synthesis, route",
    "cache",
    "OpenAI's API",
    "fallback",
    "metrics",
}


class Verified(NamedTuple):
    """What ``segue verify --format json`` said, by check."""

    status: int
    checks: dict[str, dict[str, Any]]

    @property
    def failed(self) -> set[str]:
        return self.named("failed")

    @property
    def skipped(self) -> set[str]:
        return self.named("skipped")

    def named(self, status: str) -> set[str]:
        return {name for name, check in self.checks.items() if check["status"] == status}


def verified(url: str, *words: str, token: str = TOKEN, **variables: str) -> Verified:
    environ = {"SEGUE_ADMIN_TOKEN": token} | variables
    done = CliRunner().invoke(
        app, ["verify", "--url", url, "--exit-on-error", "--format", "json", *words], env=environ
    )
    assert done.exit_code in (exits.OK, exits.FAILED), done.output
    return Verified(done.exit_code, {check["name"]: check for check in json.loads(done.stdout)["checks"]})


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The service over the embedded voices, as a process, at stage 1.

    With this salt, none of the checks' listeners is among the 10 % who hear the candidate.
    """
    folder = tmp_path_factory.mktemp("verify")
    with serving(folder, SEGUE_ASSIGNMENT_SALT="none of them") as server:
        server.steer(share_percent=10, characters=["pip_boy"])
        yield server


def test_the_script_finds_a_good_deployment_good(real: Server) -> None:
    words = ("--url", real.url, "--exit-on-error", "--expect-stage", "1", "--with-faults")
    done = run(SCRIPT, *words, variables={"SEGUE_ADMIN_TOKEN": TOKEN, "CHIRP3_ENABLED": "true"})

    assert (done.returncode, done.stderr) == (exits.OK, ""), done.stdout
    assert "12 passed, 0 failed, 0 skipped" in done.stdout
    assert "espeak-ng" in done.stdout
    assert "neural" in done.stdout
    assert "10 % of pip_boy, with fallback" in done.stdout
    assert re.search(r"│ CHIRP3_ENABLED +│ true", done.stdout)


@pytest.mark.parametrize("variable", ["API_BASE_URL", "SEGUE_URL"])
def test_the_script_needs_nothing_but_the_contracts_flags(real: Server, variable: str) -> None:
    done = run(SCRIPT, "--exit-on-error", variables={variable: real.url})

    assert done.returncode == exits.OK, done.stdout
    assert "skipped configuration: needs the admin token" in done.stdout


def test_a_service_that_is_not_there_fails_once_and_says_what_to_do() -> None:
    done = run(SCRIPT, "--url", "http://127.0.0.1:9", "--exit-on-error")

    assert done.returncode == exits.FAILED
    assert done.stdout.count("FAILED") == 1
    assert "do: start the service" in done.stdout
    assert run(SCRIPT, "--url", "http://127.0.0.1:9").returncode == exits.OK, "only told, without --exit-on-error"


def test_everything_is_as_it_was_after_a_try_with_faults(real: Server) -> None:
    real.breaks("piper", {"kind": "delay", "delay_s": 0.01, "character_key": "ghoul"})
    found = verified(real.url, "--with-faults")
    left = real.client.get("/api/v1/faults/piper", headers=OPERATOR).json()
    real.breaks("piper")

    assert found.checks["fallback"]["status"] == "passed"
    assert [(fault["kind"], fault["character_key"]) for fault in left["faults"]] == [("delay", "ghoul")]


def test_a_candidate_that_fails_is_found_though_listeners_are_answered(real: Server) -> None:
    real.breaks("piper", {"kind": "internal"})
    found = verified(real.url)
    real.breaks("piper")

    assert found.failed == {"synthesis, candidate"}
    assert "espeak-ng of the baseline answered (internal)" in found.checks["synthesis, candidate"]["detail"]
    assert found.status == exits.FAILED


def test_silence_is_no_speech_whatever_the_status(real: Server) -> None:
    """The service itself refuses silence; the listener that answers with a file of it here does not."""
    real.breaks("espeak", {"kind": "silence"})
    real.breaks("piper", {"kind": "silence"})
    found = verified(real.url)
    real.breaks("espeak")
    real.breaks("piper")

    assert {"synthesis, baseline", "synthesis, candidate"} <= found.failed


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Listening]:
    with listening(tmp_path) as started:
        yield started


def test_every_check_has_an_outcome(service: Listening) -> None:
    assert set(verified(service.url).checks) == ALL


def test_without_a_token_the_authenticated_checks_are_skipped_and_say_why(service: Listening) -> None:
    found = verified(service.url, "--expect-stage", "1", "--with-faults", token="", CHIRP3_ENABLED="true")

    assert found.skipped == {"configuration", "environment", "stage", "fallback"}
    assert all("SEGUE_ADMIN_TOKEN" in found.checks[name]["detail"] for name in found.skipped)


def test_a_wrong_token_is_a_failure(service: Listening) -> None:
    found = verified(service.url, token="wrong")

    assert "configuration" in found.failed
    assert "refuses the token (401" in found.checks["configuration"]["detail"]


def test_the_servers_own_settings_are_compared_not_this_shells(service: Listening) -> None:
    found = verified(service.url, CHIRP3_ROLLOUT_PERCENTAGE="10", CHIRP3_ENABLED="true")

    assert found.checks["environment"]["status"] == "failed"
    detail = found.checks["environment"]["detail"]
    assert detail == "CHIRP3_ROLLOUT_PERCENTAGE is 10.0 here, 0.0 on the server (default)"


def test_the_same_said_otherwise_is_the_same(service: Listening) -> None:
    found = verified(service.url, CHIRP3_ENABLED="yes", CHIRP3_ROLLOUT_PERCENTAGE="0.0")

    assert found.checks["environment"]["status"] == "passed"


def test_variables_that_no_service_would_start_with_are_a_failure(service: Listening) -> None:
    found = verified(service.url, CHIRP3_ROLLOUT_PERCENTAGE="ten")

    assert "CHIRP3_ROLLOUT_PERCENTAGE='ten'" in found.checks["environment"]["detail"]


def test_secrets_are_not_compared_because_the_server_does_not_show_them(tmp_path: Path) -> None:
    alike: dict[str, Any] = {"SEGUE_WEBHOOK_URLS": "http://127.0.0.1:9/hook", "SEGUE_WEBHOOK_SECRET": "s" * 32}
    with listening(tmp_path, **alike) as service:
        environment = verified(service.url, CHIRP3_ENABLED="true", **alike).checks["environment"]

    assert environment["status"] == "passed"
    assert environment["detail"] == "the server was started with the values set here: CHIRP3_ENABLED"


def test_what_was_changed_at_run_time_is_told(service: Listening) -> None:
    service.control.patch("/api/v1/rollout", json={"share_percent": 50})
    detail = verified(service.url).checks["configuration"]["detail"]

    assert "50 % of all characters" in detail
    assert "changed since the start: CHIRP3_ROLLOUT_PERCENTAGE 0.0 -> 50.0" in detail


@pytest.mark.parametrize(
    ("stage", "change", "detail"),
    [
        ("0", {"enabled": False}, "matches stage 'staging'"),
        ("0", {"share_percent": 10}, "the share is 10 %, not 0 %"),
        ("4", {"share_percent": 50}, "matches stage 'all-characters-50'"),
        ("4", {"share_percent": 50, "characters": ["ghoul"]}, "the characters are ghoul, not all"),
        ("4", {"share_percent": 50, "held_back": ["ghoul"]}, "held back: ghoul"),
        ("5", {"enabled": False}, "the share is 0 %, not 100 %"),
        ("6", {"share_percent": 50}, "matches stage 'production'"),
        ("6", {"share_percent": 25}, "the share is 25 %, not 10 % or 50 % or 100 %"),
    ],
)
def test_the_stage_in_force_is_held_against_the_plan(
    service: Listening, stage: str, change: dict[str, object], detail: str
) -> None:
    service.control.patch("/api/v1/rollout", json=change)
    check = verified(service.url, "--expect-stage", stage).checks["stage"]

    assert detail in check["detail"]
    assert check["status"] == ("passed" if detail.startswith("matches stage") else "failed")


def test_a_stage_that_the_plan_has_not_is_refused(service: Listening) -> None:
    done = CliRunner().invoke(app, ["verify", "--url", service.url, "--expect-stage", "7"])

    assert done.exit_code == exits.USAGE
    assert "plan chirp3 has stages 0 to 6; there is no stage 7" in done.stderr


def test_with_the_switch_off_there_is_no_candidate_to_try(service: Listening) -> None:
    service.control.patch("/api/v1/rollout", json={"enabled": False})
    found = verified(service.url, "--with-faults")

    assert "the master switch is off" in found.checks["synthesis, candidate"]["detail"]
    assert {"synthesis, candidate", "fallback"} <= found.skipped
    assert found.status == exits.OK


def test_where_faults_may_not_be_injected_the_fallback_is_not_tried(service: Listening) -> None:
    found = verified(service.url, "--with-faults").checks["fallback"]

    assert (found["status"], "SEGUE_FAULT_INJECTION" in found["detail"]) == ("skipped", True)


def test_a_fallback_that_is_switched_off_is_not_tried(tmp_path: Path) -> None:
    with listening(tmp_path, SEGUE_FAULT_INJECTION="true", CHIRP3_FALLBACK_TO_WAVENET="false") as service:
        found = verified(service.url, "--with-faults").checks["fallback"]

    assert (found["status"], "CHIRP3_FALLBACK_TO_WAVENET" in found["detail"]) == ("skipped", True)


def test_a_cache_that_keeps_nothing_is_found(tmp_path: Path) -> None:
    with listening(tmp_path, SEGUE_CACHE_MEMORY_BYTES="0", SEGUE_CACHE_DISK_BYTES="0") as service:
        found = verified(service.url)

    assert "cache" in found.failed


def test_urls_that_no_app_can_fetch_are_found(tmp_path: Path) -> None:
    with exposing(healthy(2)) as other, listening(tmp_path, SEGUE_PUBLIC_URL=other.url) as service:
        found = verified(service.url)

    assert found.failed == {"synthesis, route"}
    assert "SEGUE_PUBLIC_URL" in found.checks["synthesis, route"]["do"]


def test_a_character_that_nobody_has_is_the_commands_mistake(service: Listening) -> None:
    check = verified(service.url, "--character", "nobody").checks["synthesis, baseline"]

    assert check["status"] == "failed"
    assert "--character" in check["do"]


def test_something_else_at_the_address_is_told_apart() -> None:
    with exposing(healthy(2)) as other:
        found = verified(other.url.removesuffix("/metrics"))

    assert "health" in found.failed
    assert "does not answer like Segue" in found.checks["health"]["detail"]


def test_each_failure_says_what_it_means_and_what_to_do() -> None:
    with exposing(healthy(2)) as other:
        other.instead = (503, "no")
        checks = verified(other.url.removesuffix("/metrics"), CHIRP3_ENABLED="true", token="x").checks

    failed = [check for check in checks.values() if check["status"] == "failed"]
    assert len(failed) > 5
    assert all(check["means"] and check["do"] for check in failed)


def test_a_service_that_does_not_answer_in_time_is_a_failure() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        found = verified(f"http://127.0.0.1:{silent.getsockname()[1]}", "--timeout", "0.1")

    assert found.checks["health"]["detail"] == "no answer in time"


def test_a_service_that_is_starting_is_waited_for(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found: list[Verified] = []
    url = f"http://127.0.0.1:{port}"
    waiting = threading.Thread(target=lambda: found.append(verified(url, "--wait", "30")))
    waiting.start()
    time.sleep(0.2)
    with listening(tmp_path, port=port):
        waiting.join(40)

    assert found[0].failed == set()


def test_junit_is_for_continuous_integration(service: Listening) -> None:
    words = ["verify", "--url", service.url, "--format", "junit", "--expect-stage", "5"]
    done = CliRunner().invoke(app, words, env={"SEGUE_ADMIN_TOKEN": TOKEN})
    suite = ET.fromstring(done.stdout.partition("\n")[2])

    assert (suite.tag, suite.attrib["tests"], suite.attrib["failures"]) == ("testsuite", "12", "1")
    (failure,) = suite.iter("failure")
    assert "not stage 'all-characters-100'" in failure.attrib["message"]
    assert "do: see `segue rollout status`" in (failure.text or "")


def test_json_holds_the_servers_configuration_without_its_secrets(service: Listening) -> None:
    words = ["verify", "--url", service.url, "--format", "json"]
    done = CliRunner().invoke(app, words, env={"SEGUE_ADMIN_TOKEN": TOKEN})
    told = json.loads(done.stdout)

    assert told["configuration"]["in_force"]["rollout_id"] == "test"
    assert TOKEN not in done.stdout


@pytest.mark.parametrize("url", ["localhost:8000", "ftp://host", "http://[x"])
def test_what_is_no_address_is_refused(url: str) -> None:
    assert CliRunner().invoke(app, ["verify", "--url", url]).exit_code == exits.USAGE
