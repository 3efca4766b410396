"""An engine broken on demand breaks as told: so, so often, so long, for whom."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from segue.kernel.errors import (
    DeadlineExceeded,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.audio.inspect import FATAL, Finding, inspect
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import Pcm, SampleEncoding, Utterance
from segue.speech.core.text.pace import plausible_duration
from segue.speech.engines.faulty import FaultyEngine, InMemoryFaultBoard
from segue.speech.ports.faults import Fault, FaultKind
from segue.testing.clock import FakeClock
from segue.testing.engine import ScriptedEngine
from support.sound import SENTENCE

if TYPE_CHECKING:
    from collections.abc import Callable

GHOUL = Utterance(SENTENCE, "en-US", "en-US", character_key="ghoul")
PIP_BOY = Utterance(SENTENCE, "en-US", "en-US", character_key="pip_boy")

ERRORS: dict[FaultKind, type[SegueError]] = {
    FaultKind.INVALID_REQUEST: InvalidRequest,
    FaultKind.UNSUPPORTED: Unsupported,
    FaultKind.QUOTA: QuotaExhausted,
    FaultKind.UNAVAILABLE: Unavailable,
    FaultKind.DEADLINE: DeadlineExceeded,
    FaultKind.INTERNAL: InternalFailure,
}
SOUNDS = {
    FaultKind.EMPTY: Finding.EMPTY,
    FaultKind.SILENCE: Finding.SILENT,
    FaultKind.NOISE: Finding.NOISE,
    FaultKind.CLIPPING: Finding.CLIPPED,
    FaultKind.NAN: Finding.NOT_A_NUMBER,
    FaultKind.TRUNCATION: Finding.TOO_SHORT,
    FaultKind.LOOP: Finding.LOOPING,
}
WAITS = {FaultKind.DELAY, FaultKind.HANG}


class Bench:
    """A faulty engine around a scripted one, its board and its clock."""

    def __init__(self, seed: int = 0) -> None:
        self.inner = ScriptedEngine()
        self.board = InMemoryFaultBoard()
        self.clock = FakeClock()
        self.engine = FaultyEngine(self.inner, self.board, self.clock, seed)

    def breaks(self, *faults: Fault) -> None:
        self.board.set_faults("scripted", faults)

    async def streamed(self, utterance: Utterance = GHOUL) -> list[Pcm]:
        return [piece async for piece in self.engine.stream(utterance)]

    async def failures(self, calls: int, utterance: Utterance = GHOUL) -> int:
        results = [await _outcome(self.engine.synthesize, utterance) for _ in range(calls)]
        return sum(isinstance(result, SegueError) for result in results)


async def _outcome(call: Callable[[Utterance], Any], utterance: Utterance) -> object:
    try:
        return await call(utterance)
    except SegueError as error:
        return error


@pytest.fixture
def bench() -> Bench:
    return Bench()


def heard(pcm: Pcm) -> list[Finding]:
    return inspect(to_samples(pcm), pcm.rate_hz, plausible_duration(SENTENCE))


def test_every_kind_is_tried_here() -> None:
    assert {*ERRORS, *SOUNDS, *WAITS, FaultKind.CRASH} == set(FaultKind)


async def test_it_passes_for_the_engine_it_stands_before(bench: Bench) -> None:
    assert (bench.engine.name, bench.engine.version) == ("scripted", "1")
    assert bench.engine.voices() == bench.inner.voices()
    assert await bench.engine.synthesize(GHOUL) == await bench.inner.synthesize(GHOUL)


@pytest.mark.parametrize("kind", ERRORS)
async def test_each_error_is_raised_without_asking_the_engine(bench: Bench, kind: FaultKind) -> None:
    bench.breaks(Fault(kind))

    with pytest.raises(ERRORS[kind], match=f"injected fault: {kind}"):
        await bench.engine.synthesize(GHOUL)
    with pytest.raises(ERRORS[kind]):
        await bench.streamed()
    assert bench.inner.asked == []


async def test_a_crash_is_an_error_that_is_not_ours(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.CRASH))

    with pytest.raises(RuntimeError, match="injected crash"):
        await bench.engine.synthesize(GHOUL)


@pytest.mark.parametrize("kind", SOUNDS)
async def test_each_spoiled_sound_is_heard_as_what_it_is(bench: Bench, kind: FaultKind) -> None:
    bench.breaks(Fault(kind))

    assert SOUNDS[kind] in heard(await bench.engine.synthesize(GHOUL))


@pytest.mark.parametrize("kind", SOUNDS)
async def test_a_spoiled_stream_is_the_spoiled_whole(bench: Bench, kind: FaultKind) -> None:
    bench.breaks(Fault(kind))
    pieces = await bench.streamed()
    whole = Pcm(b"".join(piece.data for piece in pieces), pieces[0].rate_hz, pieces[0].encoding)

    assert SOUNDS[kind] in heard(whole)


@pytest.mark.parametrize("kind", SOUNDS)
async def test_floats_are_spoiled_as_well(bench: Bench, kind: FaultKind) -> None:
    voice = await bench.inner.synthesize(GHOUL)
    floats = (np.frombuffer(voice.data, "<i2") / 32768).astype("<f4")
    bench.inner.script.append(Pcm(floats.tobytes(), voice.rate_hz, SampleEncoding.F32))
    bench.breaks(Fault(kind))

    assert SOUNDS[kind] in heard(await bench.engine.synthesize(GHOUL))


@pytest.mark.parametrize("kind", SOUNDS)
async def test_no_sound_can_be_spoiled_too(bench: Bench, kind: FaultKind) -> None:
    bench.inner.script.append(Pcm(b"", 16_000))
    bench.breaks(Fault(kind))

    assert FATAL.intersection(heard(await bench.engine.synthesize(GHOUL)))


async def test_a_delay_is_waited_and_then_all_is_well(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.DELAY, delay_s=2.5))
    answer = asyncio.ensure_future(bench.engine.synthesize(GHOUL))
    await asyncio.sleep(0)
    bench.clock.advance(2.4)
    await asyncio.sleep(0)
    assert bench.inner.asked == []

    bench.clock.advance(0.2)
    assert heard(await answer) == []


async def test_any_fault_may_come_late(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.UNAVAILABLE, delay_s=1.0))
    answer = asyncio.ensure_future(bench.engine.synthesize(GHOUL))
    await asyncio.sleep(0)
    assert not answer.done()

    bench.clock.advance(1.0)
    with pytest.raises(Unavailable):
        await answer


async def test_what_hangs_hangs_for_the_better_part_of_an_hour(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.HANG))
    answer = asyncio.ensure_future(bench.engine.synthesize(GHOUL))
    await asyncio.sleep(0)
    bench.clock.advance(3000.0)
    await asyncio.sleep(0)

    assert not answer.done()
    answer.cancel()
    with pytest.raises(asyncio.CancelledError):
        await answer


async def test_a_fault_ends_when_its_time_is_over(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.UNAVAILABLE, until_s=bench.clock.monotonic_s() + 60.0))

    assert await bench.failures(3) == 3
    bench.clock.advance(59.9)
    assert await bench.failures(3) == 3
    bench.clock.advance(0.1)
    assert await bench.failures(3) == 0


@pytest.mark.parametrize(("rate", "least", "most"), [(0.0, 0, 0), (0.2, 20, 60), (0.5, 75, 125), (1.0, 200, 200)])
async def test_a_fault_strikes_as_often_as_it_says(rate: float, least: int, most: int) -> None:
    bench = Bench(seed=7)
    bench.inner.always = Pcm(b"\0\0", 16_000)
    bench.breaks(Fault(FaultKind.UNAVAILABLE, rate=rate))

    assert least <= await bench.failures(200) <= most


async def test_a_run_can_be_repeated() -> None:
    runs = []
    for _ in range(2):
        bench = Bench(seed=7)
        bench.inner.always = Pcm(b"\0\0", 16_000)
        bench.breaks(Fault(FaultKind.UNAVAILABLE, rate=0.5))
        runs.append([await bench.failures(1) for _ in range(30)])

    assert runs[0] == runs[1]


async def test_one_character_is_in_trouble_alone(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.UNAVAILABLE, character_key="ghoul"))

    assert await bench.failures(3, GHOUL) == 3
    assert await bench.failures(3, PIP_BOY) == 0


async def test_one_voice_family_is_in_trouble_alone(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.UNAVAILABLE, voice_family="wavenet"))
    assert await bench.failures(3) == 0

    bench.breaks(Fault(FaultKind.UNAVAILABLE, voice_family="babble"))
    assert await bench.failures(3) == 3


async def test_of_several_faults_the_first_that_strikes_counts(bench: Bench) -> None:
    bench.breaks(
        Fault(FaultKind.QUOTA, rate=0.0),
        Fault(FaultKind.INTERNAL, character_key="pip_boy"),
        Fault(FaultKind.UNAVAILABLE),
        Fault(FaultKind.UNSUPPORTED),
    )

    with pytest.raises(Unavailable):
        await bench.engine.synthesize(GHOUL)
    with pytest.raises(InternalFailure):
        await bench.engine.synthesize(PIP_BOY)


async def test_an_empty_board_mends_it_at_once(bench: Bench) -> None:
    bench.breaks(Fault(FaultKind.UNAVAILABLE))
    assert await bench.failures(1) == 1

    bench.breaks()
    assert await bench.failures(1) == 0
    assert bench.board.faults("scripted") == ()


async def test_faults_of_one_engine_are_not_anothers(bench: Bench) -> None:
    bench.board.set_faults("another", (Fault(FaultKind.UNAVAILABLE),))

    assert await bench.failures(3) == 0
