from __future__ import annotations

import importlib.util
import os

import pytest


@pytest.fixture(autouse=True, scope="session")
def _embedded_voices() -> None:
    """These tests listen to real engines."""
    missing = [name for name in ("espeakng_loader", "piper") if importlib.util.find_spec(name) is None]
    if not missing:
        return
    line = f"needs the embedded voices ({', '.join(missing)}): pip install 'segue[embedded]'"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(line)
    pytest.skip(line)
