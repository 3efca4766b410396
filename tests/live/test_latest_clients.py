"""The same quick-starts with the newest clients of the registry: a vendor's release is noticed here first."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.ports import free_port
from support.process import Server, serving
from support.quickstarts import OF_HTTP, WYOMING, Quickstart, run_quickstart

if TYPE_CHECKING:
    from collections.abc import Iterator

PACKAGES = sorted({quickstart.package for quickstart in (*OF_HTTP, WYOMING)})
_PROGRAM = Path(sys.executable).with_name("uv")
_INSTALL_TIMEOUT_S = 240


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter of its own with the newest clients, and nothing of this one's."""
    home = tmp_path_factory.mktemp("latest") / "venv"
    found = home / "bin" / "python"
    _uv("venv", "--quiet", "--python", sys.executable, str(home))
    _uv("pip", "install", "--quiet", "--upgrade", "--python", str(found), *PACKAGES)
    return found


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(tmp_path_factory.mktemp("service"), CHIRP3_ROLLOUT_PERCENTAGE="0") as started:
        yield started


@pytest.mark.timeout(400)
@pytest.mark.parametrize("quickstart", OF_HTTP, ids=lambda quickstart: quickstart.package)
def test_the_newest_client_runs_its_quickstart(
    python: Path, server: Server, tmp_path: Path, quickstart: Quickstart
) -> None:
    heard = run_quickstart(python, quickstart.script, server.url, tmp_path / "files")

    assert set(heard) == quickstart.files
    for name, audio in heard.items():
        assert audio.duration_s == pytest.approx(heard[quickstart.exact].duration_s, abs=0.15), name


@pytest.mark.timeout(400)
def test_the_newest_client_of_home_assistants_protocol_runs_its_quickstart(python: Path, tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path / "service", CHIRP3_ROLLOUT_PERCENTAGE="0", SEGUE_WYOMING_PORT=str(port)):
        heard = run_quickstart(python, WYOMING.script, f"127.0.0.1:{port}", tmp_path / "files")

    assert set(heard) == WYOMING.files
    assert heard["in-chunks.wav"].duration_s == pytest.approx(heard["whole.wav"].duration_s, rel=0.15)


def _uv(*arguments: str) -> None:
    """Runs uv; without a registry these tests cannot say anything."""
    environ = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    try:
        done = subprocess.run(
            [_PROGRAM, *arguments],
            env=environ,
            capture_output=True,
            text=True,
            timeout=_INSTALL_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        _cannot(f"uv {arguments[0]} took more than {_INSTALL_TIMEOUT_S} s")
    else:
        if done.returncode != 0:
            _cannot(f"uv {' '.join(arguments)} failed: {done.stderr.strip()[-500:]}")


def _cannot(why: str) -> None:
    line = f"the newest clients ({', '.join(PACKAGES)}) cannot be had from the registry: {why}"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(line)
    pytest.skip(line)
