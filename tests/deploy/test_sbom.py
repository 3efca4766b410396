"""The list of a release's packages: valid CycloneDX, complete, and the same for the same lock."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.utils import canonicalize_name

import segue
from support.deploying import DEPLOY, ROOT

if TYPE_CHECKING:
    from pathlib import Path

LOCK = (ROOT / "requirements" / "runtime.txt").read_text("utf-8")


@pytest.fixture(scope="module")
def text(tmp_path_factory: pytest.TempPathFactory) -> str:
    return written(tmp_path_factory.mktemp("one"))


@pytest.fixture
def bill(text: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(text)
    return found


def written(folder: Path, **environ: str) -> str:
    target = folder / "dist" / "segue.cdx.json"
    words = [sys.executable, str(ROOT / "scripts" / "write_sbom.py"), str(target)]
    subprocess.run(words, env=os.environ | environ, timeout=50, check=True)
    return target.read_text("utf-8")


def test_it_is_valid_by_the_schema(text: str) -> None:
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None


def test_a_mistake_in_it_is_noticed(text: str) -> None:
    assert (
        JsonStrictValidator(SchemaVersion.V1_6).validate_str(text.replace('"library"', '"books"', 1)) is not None
    )


def test_it_has_every_package_of_the_lock_with_its_hashes(bill: dict[str, Any]) -> None:
    found = {(canonicalize_name(part["name"]), part["version"]) for part in bill["components"]}
    hashes = {
        each["content"]
        for part in bill["components"]
        for reference in part["externalReferences"]
        for each in reference["hashes"]
    }

    assert found == {(canonicalize_name(name), at) for name, at in re.findall(r"(?m)^([\w.-]+)==(\S+)", LOCK)}
    assert hashes == set(re.findall(r"sha256:(\w+)", LOCK))


def test_it_is_of_this_version_and_says_what_requires_what(bill: dict[str, Any]) -> None:
    itself = bill["metadata"]["component"]
    names = {part["bom-ref"]: part["name"] for part in [*bill["components"], itself]}
    graph = {names[each["ref"]]: {names[ref] for ref in each["dependsOn"]} for each in bill["dependencies"]}

    assert (itself["name"], itself["version"]) == ("segue", segue.__version__)
    assert {"httpx", "fastapi"} <= graph["segue"]
    assert "httpcore" in graph["httpx"]
    assert set().union(*graph.values()) == set(names.values()) - {"segue"}


def test_the_same_lock_gives_the_same_bytes(text: str, tmp_path: Path) -> None:
    assert written(tmp_path) == text
    assert "serialNumber" not in text
    assert "timestamp" not in text


def test_a_release_may_give_it_its_time(tmp_path: Path) -> None:
    dated = json.loads(written(tmp_path, SOURCE_DATE_EPOCH="1773144001"))

    assert dated["metadata"]["timestamp"].startswith("2026-03-10T12:00:01")


def test_the_image_and_the_release_checklist_name_it() -> None:
    for page in (DEPLOY / "Containerfile", ROOT / "docs" / "releasing.md", ROOT / "docs" / "deploy.md"):
        assert "make sbom" in page.read_text("utf-8"), page
