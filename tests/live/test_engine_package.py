"""The example of an engine as a package: built, installed into a fresh environment, tested there, and served."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import wave
import zipfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from segue.testing.engine import EngineContract
from support.process import serving_by

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "engine-package"
TEXT = "A road to the north is closed."
NOTE_S = 0.07
FIRST_NOTE_HZ = 110.0 * 2 ** (ord("a") % 24 / 12)

pytestmark = [pytest.mark.timeout(300), pytest.mark.xdist_group("engine-package")]


class Installed(NamedTuple):
    """The package's own folder, its wheel, and the interpreter that has it."""

    folder: Path
    wheel: Path
    python: Path


def run(*words: str | Path, **more: str | Path) -> str:
    environ = os.environ | {"PYTHONPATH": str(ROOT / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=environ, cwd=more.get("cwd"))
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """Without a network: what the package depends on is seen through a ``.pth`` file."""
    top = tmp_path_factory.mktemp("package")
    folder, dist, environment = top / "engine-package", top / "dist", top / "venv"
    shutil.copytree(EXAMPLE, folder)
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", dist, cwd=folder)
    (wheel,) = dist.glob("*.whl")
    run(sys.executable, "-m", "venv", "--without-pip", environment)
    python = environment / "bin" / "python"
    ours = sysconfig.get_path("purelib")
    theirs = Path(run(python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))").strip())
    (theirs / "dependencies.pth").write_text(f"import site; site.addsitedir({ours!r})\n", encoding="utf-8")
    flags = ("--no-index", "--no-deps", "--quiet", "--disable-pip-version-check")
    run(sys.executable, "-m", "pip", "--python", python, "install", *flags, wheel)
    return Installed(folder, wheel, python)


def test_the_wheel_has_the_engine_its_types_and_its_entry_point(installed: Installed) -> None:
    with zipfile.ZipFile(installed.wheel) as archive:
        names = {name.partition(".dist-info/")[2] or name for name in archive.namelist()}
        (points,) = [name for name in archive.namelist() if name.endswith("entry_points.txt")]
        told = archive.read(points).decode()

    assert {"segue_engine_notes/__init__.py", "segue_engine_notes/py.typed", "METADATA"} <= names
    assert "[segue.engines]\nnotes = segue_engine_notes:create" in told


def test_the_registry_finds_it_beside_segues_own(installed: Installed) -> None:
    program = "from segue.speech.engines import registry; print(*registry.registered())"

    assert {"notes", "espeak"} <= set(run(installed.python, "-c", program).split())


def test_its_suite_passes(installed: Installed) -> None:
    words = ("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "error")
    told = run(installed.python, *words, cwd=installed.folder)

    promises = [name for name in vars(EngineContract) if name.startswith("test_")]
    assert f"{len(promises) + 1} passed in" in told
    assert "skipped" not in told


def test_segue_serves_its_sound(installed: Installed, tmp_path: Path) -> None:
    profile = str(installed.folder / "notes.yaml")
    with serving_by(installed.python, tmp_path / "var", SEGUE_PROFILE=profile) as server:
        body = {"model": "low-notes", "voice": "player", "input": TEXT, "response_format": "wav"}
        answer = server.client.post("/v1/audio/speech", json=body).raise_for_status()

    with wave.open(io.BytesIO(answer.content)) as file:
        rate_hz = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
    assert rate_hz == 22_050
    assert samples.size / rate_hz == pytest.approx(len(TEXT) * NOTE_S, abs=0.2)
    assert loudest_hz(samples[: int(NOTE_S * rate_hz)], rate_hz) == pytest.approx(FIRST_NOTE_HZ, abs=8)


def loudest_hz(samples: np.ndarray, rate_hz: int) -> float:
    spectrum = np.abs(np.fft.rfft(samples, 1 << 16))
    return float(np.argmax(spectrum)) * rate_hz / (1 << 16)
