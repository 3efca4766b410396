"""The clients of a JDK: each version of HTTP that it offers, with and without `Expect: 100-continue`."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from support.process import serving
from support.service import TOKEN

_PROGRAM = Path(__file__).parents[1] / "support" / "JavaClient.java"
_WAYS = ("HTTP_1_1", "HTTP_1_1 expecting", "HTTP_2", "HTTP_2 expecting")
_STATUS = {
    "whole": 200,
    "unknown length": 200,
    "gzip": 200,
    "read as it comes": 200,
    "events": 200,
    "refused": 400,
    "too large": 413,
    "after that": 200,
    "elevenlabs": 200,
    "google": 200,
    "native": 200,
    "steered": 200,
    "listed": 200,
    "twelve at once": 200,
}
_SOUND = ("whole", "unknown length", "gzip", "read as it comes", "after that", "elevenlabs", "twelve at once")
_LEAST_BYTES = 10_000
"""A second of MP3 at the bit rate that is the default."""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """What the program tells: by name the status, the size, and more."""
    if not (shutil.which("java") and shutil.which("javac")):
        pytest.skip("needs a JDK: apt-get install -y default-jdk-headless")
    with serving(tmp_path_factory.mktemp("service"), SEGUE_MAX_BODY_BYTES="100000") as server:
        done = subprocess.run(
            ["java", str(_PROGRAM), server.url, TOKEN], capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr
    lines = (line.split("\t") for line in done.stdout.splitlines())
    return {name: found.split() for name, found in lines}


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", _WAYS)
def test_a_jdks_client_is_answered_at_every_door(told: dict[str, list[str]], way: str) -> None:
    found = {name.partition(": ")[2]: words for name, words in told.items() if name.startswith(f"{way}: ")}

    assert {name: words[0] for name, words in found.items()} == {
        name: str(status) for name, status in _STATUS.items()
    }
    for name in _SOUND:
        assert int(found[name][1]) > _LEAST_BYTES, name
    assert found["events"][-1] == "true"


@pytest.mark.timeout(180)
@pytest.mark.parametrize("way", ["url connection", "url connection in chunks"])
def test_its_older_client_is_answered(told: dict[str, list[str]], way: str) -> None:
    status, size_bytes = told[way]

    assert status == "200"
    assert int(size_bytes) > _LEAST_BYTES
