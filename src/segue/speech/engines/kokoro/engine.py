"""The engine: reads a text, splits it, and makes each piece when it is needed."""

from __future__ import annotations

import threading
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import version as package_version
from typing import TYPE_CHECKING

from segue.kernel.errors import Unavailable
from segue.speech.core.speech import Pcm, SampleEncoding, Utterance
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.kokoro.cutting import pieces
from segue.speech.engines.kokoro.model import PACKAGES, RATE_HZ, KokoroModel
from segue.speech.engines.kokoro.reader import KokoroReader
from segue.speech.engines.kokoro.voices import FAMILY, NAME, described, own_speed, style_names, style_rows
from segue.speech.engines.options import option, refuse_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.engines.kokoro.cutting import CutPiece

__all__ = ["FAMILY", "NAME", "KokoroEngine", "create"]

_REVISION = 1
"""Increase it when the same utterance is passed to the model differently."""
_READERS = ("pypinyin", "opencc-python-reimplemented", "espeakng-loader")
_MOST_STYLES_KEPT = 32
_BEST_REAL_TIME_FACTOR = 0.3
"""For one core.

Half of the value measured on a Xeon with AVX-512 (0.65), so that no machine is refused work that it can do.
"""
_WARM_UP = Utterance("你好。", "zf_xiaobei", "cmn-TW")


class KokoroEngine(ThreadedEngine):
    """Implements ``segue.speech.ports.engine.Engine``.

    A voice is a style, or a mixture of several: ``zf_xiaobei``, ``zf_xiaobei+zf_xiaoni``. The same utterance gives
    the same samples.
    """

    stops_within_s = 15.0
    """It checks after each piece of up to 510 symbols."""

    def __init__(self, *, workers: int, threads: int) -> None:
        super().__init__(threads=workers)
        self.name = NAME
        self.version = f"kokoro-82m-1.0-{_REVISION}-{_fingerprint()}"
        self.real_time_factor = _BEST_REAL_TIME_FACTOR / threads
        self._onnx_threads = threads
        self._model: KokoroModel | None = None
        self._model_behind: KokoroModel | None = None
        self._reader: KokoroReader | None = None
        self._loading_behind = threading.Lock()
        self._style = lru_cache(_MOST_STYLES_KEPT)(style_rows)

    def voices(self) -> Sequence[Voice]:
        return [described(name) for name in style_names()]

    def voice(self, name: str) -> Voice:
        return described(name)

    def _load(self) -> None:
        try:
            self._reader = KokoroReader()
            self._model = KokoroModel(self._onnx_threads)
        except ModuleNotFoundError as error:
            raise Unavailable(f"Kokoro needs the package {error.name!r}: pip install 'segue[kokoro]'") from error
        self._speak(_WARM_UP, lambda _: True)

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        voice = described(utterance.voice)
        if self._reader is None or self._model is None:
            raise Unavailable("Kokoro is still loading; try again in a second")
        model = self._behind() if utterance.background and self._onnx_threads > 1 else self._model
        style = self._style(utterance.voice)
        speed = utterance.rate_ratio * own_speed(utterance.voice)
        for piece in pieces(self._reader.tokens(utterance, voice.locale)):
            samples = model.speak(piece.tokens, style, speed)
            pause = bytes(4 * _pause_samples(piece, utterance.rate_ratio))
            if not emit(Pcm(samples.tobytes() + pause, RATE_HZ, SampleEncoding.F32)):
                return

    def _behind(self) -> KokoroModel:
        """A second copy of the model. Threads of a shared session would have normal priority."""
        with self._loading_behind:
            if self._model_behind is None:
                self._model_behind = KokoroModel(1)
        return self._model_behind


def _pause_samples(piece: CutPiece, rate_ratio: float) -> int:
    return round(piece.pause_s / rate_ratio * RATE_HZ)


def create(options: Mapping[str, object]) -> KokoroEngine:
    """The entry point.

    Options: ``workers``, concurrent utterances (1); ``threads``, cores per utterance (2).
    """
    refuse_unknown(options, ("workers", "threads"))
    return KokoroEngine(workers=option(options, "workers", 1), threads=option(options, "threads", 2))


def _fingerprint() -> str:
    """Changes with the packages that contain the model or read the text."""
    seen = blake2b(digest_size=6)
    for package in (*PACKAGES, *_READERS):
        seen.update(f"{package}\0{package_version(package)}\0".encode())
    return seen.hexdigest()
