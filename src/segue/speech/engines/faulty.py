"""Makes any engine fail on purpose, to show what listeners hear when it really fails."""

from __future__ import annotations

import math
import random
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from segue.kernel.errors import (
    DeadlineExceeded,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.core.speech import Pcm, SampleEncoding
from segue.speech.ports.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance
    from segue.speech.ports.engine import Engine, Health

_ERRORS: dict[FaultKind, type[SegueError]] = {
    FaultKind.INVALID_REQUEST: InvalidRequest,
    FaultKind.UNSUPPORTED: Unsupported,
    FaultKind.QUOTA: QuotaExhausted,
    FaultKind.UNAVAILABLE: Unavailable,
    FaultKind.DEADLINE: DeadlineExceeded,
    FaultKind.INTERNAL: InternalFailure,
}
_SPOILING = frozenset(
    {
        FaultKind.EMPTY,
        FaultKind.SILENCE,
        FaultKind.TRUNCATION,
        FaultKind.NOISE,
        FaultKind.CLIPPING,
        FaultKind.NAN,
        FaultKind.LOOP,
    }
)
_HANG_S = 3600.0
_TRUNCATED_TO = 0.05
_LOOPED_PART = 0.5
_LOOPED_TIMES = 12
_LOOPED_LEAST_S = 12.0
"""A decoder that has lost its place continues up to its step limit, even for a short text."""


class InMemoryFaultBoard:
    """Implements ``segue.speech.ports.faults.FaultBoard``."""

    def __init__(self) -> None:
        self._by_engine: dict[str, tuple[Fault, ...]] = {}

    def set_faults(self, engine: str, faults: tuple[Fault, ...]) -> None:
        self._by_engine[engine] = faults

    def faults(self, engine: str) -> tuple[Fault, ...]:
        return self._by_engine.get(engine, ())


class FaultyEngine:
    """Implements ``segue.speech.ports.engine.Engine`` with another engine, and fails as the board says.

    ``called`` is the engine's name on the board; by default its own. Random decisions use ``seed``, so a run can
    be repeated. It has no ``places``, because a fault takes no work on this machine.
    """

    def __init__(
        self, inner: Engine, board: InMemoryFaultBoard, clock: Clock, seed: int = 0, called: str = ""
    ) -> None:
        self._inner = inner
        self._board = board
        self._clock = clock
        self._dice = random.Random(seed)  # noqa: S311 - chance, not secrecy  # nosec B311
        self.name = inner.name
        self.version = inner.version
        self._called = called or inner.name

    @property
    def voices_revision(self) -> int:
        return self._inner.voices_revision

    async def start(self) -> None:
        await self._inner.start()

    def voices(self) -> Sequence[Voice]:
        return self._inner.voices()

    def voice(self, name: str) -> Voice:
        return self._inner.voice(name)

    async def synthesize(self, utterance: Utterance) -> Pcm:
        fault = self._struck(utterance)
        if fault is None:
            return await self._inner.synthesize(utterance)
        await self._delay_or_raise(fault)
        return spoiled(await self._inner.synthesize(utterance), fault.kind, self._dice)

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        """Damaged audio comes in one piece, so that the fault applies to the whole utterance and not to each
        piece.
        """
        fault = self._struck(utterance)
        if fault is not None:
            await self._delay_or_raise(fault)
        if fault is not None and fault.kind in _SPOILING:
            yield spoiled(await self._inner.synthesize(utterance), fault.kind, self._dice)
            return
        pieces = self._inner.stream(utterance)
        async with aclosing(cast("AsyncGenerator[Pcm, None]", pieces)):
            async for piece in pieces:
                yield piece

    async def health(self) -> Health:
        return await self._inner.health()

    async def close(self) -> None:
        await self._inner.close()

    def _struck(self, utterance: Utterance) -> Fault | None:
        """The first fault in force that applies to this utterance, decided at random by its rate."""
        for fault in self._board.faults(self._called):
            for_it = fault.character_key in ("", utterance.character_key)
            in_force = fault.until_s is None or self._clock.monotonic_s() < fault.until_s
            family = not fault.voice_family or self.voice(utterance.voice).family == fault.voice_family
            if for_it and in_force and family and self._dice.random() < fault.rate:
                return fault
        return None

    async def _delay_or_raise(self, fault: Fault) -> None:
        if fault.kind is FaultKind.HANG:
            await self._clock.sleep(_HANG_S)
        await self._clock.sleep(fault.delay_s)
        if fault.kind is FaultKind.CRASH:
            raise RuntimeError("injected crash")
        if fault.kind in _ERRORS:
            raise _ERRORS[fault.kind](f"injected fault: {fault.kind}")


def spoiled(pcm: Pcm, kind: FaultKind, dice: random.Random) -> Pcm:  # noqa: PLR0911 - a table of kinds
    """The audio as a broken engine would make it. Other kinds of faults leave it unchanged."""
    count, rate_hz = pcm.sample_count, pcm.rate_hz
    match kind:
        case FaultKind.EMPTY:
            return Pcm(b"", rate_hz)
        case FaultKind.SILENCE:
            return Pcm(bytes(2 * count), rate_hz)
        case FaultKind.NOISE:
            return Pcm(dice.randbytes(2 * count), rate_hz)
        case FaultKind.CLIPPING:
            return Pcm((b"\xff\x7f" * 40 + b"\x00\x80" * 40) * (count // 80), rate_hz)
        case FaultKind.NAN:
            return Pcm(b"\x00\x00\xc0\x7f" * count, rate_hz, SampleEncoding.F32)
        case FaultKind.TRUNCATION:
            return _part(pcm, _TRUNCATED_TO)
        case FaultKind.LOOP:
            part = _part(pcm, _LOOPED_PART)
            times = math.ceil(_LOOPED_LEAST_S / part.duration_s) if part.sample_count else 0
            return replace(part, data=part.data * max(_LOOPED_TIMES, times))
        case _:
            return pcm


def _part(pcm: Pcm, ratio: float) -> Pcm:
    """The first part of the audio, in whole samples; the file that it came in holds more."""
    if not pcm.sample_count:
        return pcm
    sample_bytes = len(pcm.data) // pcm.sample_count
    return replace(pcm, data=pcm.data[: int(pcm.sample_count * ratio) * sample_bytes], original=None)
