"""Engines that work in threads: chunks to the loop, cancellation, closing, and errors of every kind."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import InternalFailure, Unavailable, Unsupported
from segue.speech.core.speech import Pcm, Utterance
from segue.speech.engines.background import NICENESS
from segue.speech.engines.base import ThreadedEngine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

PIECE = Pcm(b"\x01\x00" * 100, 8000)
HELLO = Utterance("Hello.", "en", "en")


class Drummer(ThreadedEngine):
    """Beats one piece for each letter; before the last it waits until the test lets it go on."""

    def __init__(self, *, loads: BaseException | None = None, fails: BaseException | None = None) -> None:
        super().__init__(threads=1)
        self.go_on = threading.Event()
        self.go_on.set()
        self.at_last = threading.Event()
        self.beaten = 0
        self._loads = loads
        self._fails = fails

    def _load(self) -> None:
        if self._loads is not None:
            raise self._loads

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:
        for _ in utterance.text[:-1]:
            self.beaten += 1
            if not emit(PIECE):
                return
        self.at_last.set()
        assert self.go_on.wait(10.0), "the test forgot to let the drummer go on"
        if self._fails is not None:
            raise self._fails
        self.beaten += 1
        emit(PIECE)


class Niceness(Drummer):
    """Answers with audio whose rate is its thread's niceness beyond 8000 Hz."""

    def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None:  # noqa: ARG002 - any will do
        emit(Pcm(b"\x01\x00", 8000 + os.getpriority(os.PRIO_PROCESS, threading.get_native_id())))


@pytest.fixture
async def drummer() -> AsyncIterator[Drummer]:
    engine = Drummer()
    yield engine
    engine.go_on.set()
    await engine.close()


async def at_the_last_beat(engine: Drummer) -> None:
    await asyncio.to_thread(engine.at_last.wait, 10.0)


async def test_the_whole_is_all_pieces_in_one(drummer: Drummer) -> None:
    assert await drummer.synthesize(HELLO) == Pcm(PIECE.data * 6, 8000)


async def test_a_stream_is_the_pieces_as_they_come(drummer: Drummer) -> None:
    assert [piece async for piece in drummer.stream(HELLO)] == [PIECE] * 6


async def test_a_stream_starts_before_the_whole_is_made(drummer: Drummer) -> None:
    drummer.go_on.clear()
    stream = drummer.stream(HELLO)

    assert await anext(stream) == PIECE
    assert drummer.beaten < 6
    drummer.go_on.set()
    assert len([piece async for piece in stream]) == 5


async def test_a_text_that_makes_no_sound_is_empty_audio(drummer: Drummer) -> None:
    class Mute(Drummer):
        def _speak(self, utterance: Utterance, emit: Callable[[Pcm], bool]) -> None: ...

    mute = Mute()
    assert (await mute.synthesize(HELLO)).sample_count == 0
    assert [piece async for piece in mute.stream(HELLO)] == []
    await mute.close()


async def test_one_thread_speaks_one_utterance_at_a_time(drummer: Drummer) -> None:
    drummer.go_on.clear()
    first = asyncio.ensure_future(drummer.synthesize(HELLO))
    second = asyncio.ensure_future(drummer.synthesize(HELLO))
    await at_the_last_beat(drummer)

    assert drummer.beaten == 5
    drummer.go_on.set()
    await asyncio.gather(first, second)
    assert drummer.beaten == 12


async def test_a_call_in_the_background_takes_no_thread_from_others(drummer: Drummer) -> None:
    drummer.go_on.clear()
    behind = asyncio.ensure_future(drummer.synthesize(replace(HELLO, background=True)))
    await at_the_last_beat(drummer)
    drummer.at_last.clear()
    first = asyncio.ensure_future(drummer.synthesize(HELLO))
    await at_the_last_beat(drummer)

    assert drummer.beaten == 10
    drummer.go_on.set()
    assert await behind == await first


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere threads have no niceness of their own")
async def test_a_call_in_the_background_leaves_the_processor_to_others_first() -> None:
    engine = Niceness()
    listeners, behind = await engine.synthesize(HELLO), await engine.synthesize(replace(HELLO, background=True))
    streamed = [piece async for piece in engine.stream(replace(HELLO, background=True))]
    await engine.close()

    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert listeners.rate_hz == 8000 + own
    assert behind.rate_hz == 8000 + min(own + NICENESS, 19)
    assert streamed == [behind]


async def test_a_cancelled_call_that_waits_its_turn_is_never_made(drummer: Drummer) -> None:
    drummer.go_on.clear()
    first = asyncio.ensure_future(drummer.synthesize(HELLO))
    second = asyncio.ensure_future(drummer.synthesize(HELLO))
    await at_the_last_beat(drummer)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    drummer.go_on.set()
    await first

    assert drummer.beaten == 6


async def test_a_stream_left_early_is_told_to_stop(drummer: Drummer) -> None:
    drummer.go_on.clear()
    stream = drummer.stream(Utterance("x" * 3, "en", "en"))
    await anext(stream)
    await at_the_last_beat(drummer)
    await stream.aclose()  # type: ignore[attr-defined]  # an async generator
    drummer.go_on.set()

    assert (await drummer.synthesize(HELLO)).sample_count == 600


async def test_half_an_utterance_is_not_passed_off_as_a_whole_one_when_the_engine_closes(drummer: Drummer) -> None:
    drummer.go_on.clear()
    under_way = asyncio.ensure_future(drummer.synthesize(HELLO))
    await at_the_last_beat(drummer)
    closing = asyncio.ensure_future(drummer.close())
    await asyncio.sleep(0)
    drummer.go_on.set()

    with pytest.raises(Unavailable, match="closed before it had produced all audio"):
        await under_way
    await closing


async def test_a_stream_that_the_engines_closing_cuts_short_ends_with_an_error(drummer: Drummer) -> None:
    drummer.go_on.clear()
    stream = drummer.stream(HELLO)
    await anext(stream)
    await at_the_last_beat(drummer)
    closing = asyncio.ensure_future(drummer.close())
    await asyncio.sleep(0)
    drummer.go_on.set()

    with pytest.raises(Unavailable, match="closed before it had produced all audio"):
        async for _ in stream:
            pass
    await closing


async def test_what_waits_when_the_engine_closes_is_not_begun(drummer: Drummer) -> None:
    drummer.go_on.clear()
    first = asyncio.ensure_future(drummer.synthesize(HELLO))
    second = asyncio.ensure_future(drummer.synthesize(HELLO))
    await at_the_last_beat(drummer)
    closing = asyncio.ensure_future(drummer.close())
    await asyncio.sleep(0)
    drummer.go_on.set()
    results = await asyncio.gather(first, second, return_exceptions=True)
    await closing

    assert [type(result) for result in results] == [Unavailable, Unavailable]
    assert drummer.beaten <= 6


async def test_our_own_errors_leave_an_engine_as_they_are() -> None:
    engine = Drummer(fails=Unsupported("no such voice"))

    with pytest.raises(Unsupported, match="no such voice"):
        await engine.synthesize(HELLO)
    with pytest.raises(Unsupported, match="no such voice"):
        [piece async for piece in engine.stream(HELLO)]
    await engine.close()


async def test_any_other_error_becomes_an_internal_failure_without_its_words() -> None:
    """What a library says may hold the listener's text."""
    engine = Drummer(fails=RuntimeError("could not say 'my secret'"))

    with pytest.raises(InternalFailure, match="Drummer failed: RuntimeError") as caught:
        await engine.synthesize(HELLO)
    assert "secret" not in str(caught.value)
    with pytest.raises(InternalFailure, match="Drummer failed: RuntimeError"):
        [piece async for piece in engine.stream(HELLO)]
    await engine.close()


async def test_health_follows_its_life(drummer: Drummer) -> None:
    assert (await drummer.health()).detail == "not started"
    await drummer.start()
    assert (await drummer.health()).ready
    await drummer.close()
    assert not (await drummer.health()).ready
    assert (await drummer.health()).detail == "closed"


async def test_an_engine_that_cannot_load_says_why_and_stays_unready() -> None:
    engine = Drummer(loads=Unavailable("no model at /x; install it"))

    with pytest.raises(Unavailable, match="install it"):
        await engine.start()
    health = await engine.health()
    assert (health.ready, health.detail) == (False, "no model at /x; install it")
    await engine.close()


async def test_an_engine_that_breaks_while_loading_is_unavailable_too() -> None:
    engine = Drummer(loads=KeyError("sample_rate"))

    with pytest.raises(Unavailable, match="Drummer cannot start: KeyError: 'sample_rate'"):
        await engine.start()
    assert not (await engine.health()).ready
    await engine.close()


async def test_a_closed_engine_stays_closed(drummer: Drummer) -> None:
    await drummer.close()

    with pytest.raises(Unavailable, match="closed"):
        await drummer.start()
    with pytest.raises(Unavailable, match="closed"):
        await drummer.synthesize(HELLO)
    assert (await drummer.health()).detail == "closed"


def test_no_threads_are_no_engine() -> None:
    class Idle(Drummer):
        def __init__(self) -> None:
            ThreadedEngine.__init__(self, threads=0)

    with pytest.raises(ValueError, match="at least 1"):
        Idle()
