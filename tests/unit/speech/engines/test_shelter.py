"""Engines in processes of their own: what dies with them, what does not, and how soon they are back."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import subprocess
import sys
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import (
    BadAudio,
    EngineCrashed,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.core.speech import Utterance
from segue.speech.engines.background import NICENESS
from segue.speech.engines.shelter.control import EngineSource
from segue.speech.engines.shelter.engine import ShelteredEngine
from support.crashing import BEAT
from support.waiting import soon

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")

HELLO = Utterance("one two three", "en", "en")


def source(**options: object) -> EngineSource:
    return EngineSource("support.crashing:create", options)


@asynccontextmanager
async def sheltered(processes: int = 2, **options: object) -> AsyncIterator[ShelteredEngine]:
    engine = ShelteredEngine(source(**options), processes=processes)
    try:
        await engine.start()
        yield engine
    finally:
        await engine.close()


async def samples(engine: ShelteredEngine, text: str, *, background: bool = False) -> int:
    """How many samples the answer to one order has, beside the beat that ends it."""
    pcm = await engine.synthesize(replace(HELLO, text=text, background=background))
    return pcm.sample_count - BEAT.sample_count


def children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children")
    with suppress(OSError):
        return [int(child) for child in found.read_text().split()]
    return []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


def server_of(engine: ShelteredEngine) -> int:
    pid = engine._server.pid
    assert pid is not None
    return pid


async def test_it_says_what_the_engine_says() -> None:
    async with sheltered() as engine:
        whole = await engine.synthesize(HELLO)
        pieces = [piece async for piece in engine.stream(HELLO)]

    assert whole.data == BEAT.data * 3
    assert pieces == [BEAT] * 3
    assert (engine.name, engine.version) == ("crashing", "1")


async def test_voices_are_those_of_the_engine() -> None:
    async with sheltered() as engine:
        assert [voice.name for voice in engine.voices()] == ["en"]
        assert engine.voice("en").label == "Beats"
        for _ in range(2):
            with pytest.raises(Unsupported, match="no voice 'xx'"):
                engine.voice("xx")


async def test_nothing_said_is_nothing_heard() -> None:
    async with sheltered() as engine:
        assert (await engine.synthesize(replace(HELLO, text=""))).sample_count == 0


@pytest.mark.parametrize(("word", "how"), [("crash", "SIGSEGV"), ("exit", "exit status 3")])
async def test_a_crash_is_an_error_of_that_utterance_alone(word: str, how: str) -> None:
    async with sheltered() as engine:
        others = [asyncio.ensure_future(engine.synthesize(HELLO)) for _ in range(8)]
        with pytest.raises(EngineCrashed, match=how):
            await engine.synthesize(replace(HELLO, text=f"one {word} two"))
        with pytest.raises(EngineCrashed, match=how):
            [piece async for piece in engine.stream(replace(HELLO, text=f"one {word} two"))]

        assert {(await other).sample_count for other in others} == {3 * BEAT.sample_count}
        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        health = await engine.health()
        assert health.ready
        assert f"2 replaced; how the last one ended: {how}" in health.detail


async def test_what_was_made_before_a_crash_has_been_heard() -> None:
    async with sheltered() as engine:
        stream = engine.stream(replace(HELLO, text="one two nap crash"))
        heard = [await anext(stream) for _ in range(3)]
        with pytest.raises(EngineCrashed):
            await anext(stream)

    assert heard == [BEAT] * 3


async def test_crashes_without_end_keep_nobody_from_being_answered() -> None:
    async with sheltered() as engine:
        for _ in range(12):
            with pytest.raises(EngineCrashed):
                await engine.synthesize(replace(HELLO, text="crash"))
        assert "again and again: 12 replaced" in (await engine.health()).detail

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        assert "again" not in (await engine.health()).detail


async def test_one_that_dies_between_two_calls_costs_nobody_an_answer() -> None:
    async with sheltered() as engine:
        for pid in children(server_of(engine)):
            os.kill(pid, signal.SIGKILL)

        answers = await asyncio.gather(*(engine.synthesize(HELLO) for _ in range(6)))

    assert {answer.sample_count for answer in answers} == {3 * BEAT.sample_count}


async def test_a_text_whose_process_is_killed_from_outside_is_tried_once_more_and_no_more() -> None:
    async with sheltered() as engine:
        with pytest.raises(EngineCrashed, match="SIGKILL"):
            await engine.synthesize(replace(HELLO, text="killed"))
        assert engine._pool.replaced + len(engine._pool._alive) >= 2


async def test_the_fork_server_may_die_as_well() -> None:
    async with sheltered() as engine:
        server = server_of(engine)
        os.kill(server, signal.SIGKILL)
        await soon(lambda: not alive(server))
        await soon(lambda: not engine._pool._alive)

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        assert engine.voice("en").name == "en"
        assert server_of(engine) != server


@pytest.mark.parametrize("word", ["hang", "spin"])
async def test_one_that_hangs_is_killed_when_its_caller_has_left(word: str) -> None:
    async with sheltered(processes=1) as engine:
        (hung,) = children(server_of(engine))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await engine.synthesize(replace(HELLO, text=word))

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        assert not alive(hung)
        assert "it did not stop when it was told to" in (await engine.health()).detail


async def test_a_call_that_is_left_ends_and_its_process_goes_on() -> None:
    async with sheltered(processes=1) as engine:
        before = await samples(engine, "pid")
        stream = engine.stream(replace(HELLO, text="nap " * 50))
        await anext(stream)
        await stream.aclose()

        assert await samples(engine, "pid") == before
        assert engine._pool.replaced == 0


async def test_whoever_leaves_while_waiting_for_a_process_takes_none_away() -> None:
    async with sheltered(processes=1) as engine:
        first = asyncio.ensure_future(engine.synthesize(replace(HELLO, text="nap one")))
        await asyncio.sleep(0.05)
        waiting = [asyncio.ensure_future(engine.synthesize(HELLO)) for _ in range(5)]
        await asyncio.sleep(0.05)
        for task in waiting[::2]:
            task.cancel()

        assert (await first).sample_count == 2 * BEAT.sample_count
        answers = await asyncio.gather(*waiting, return_exceptions=True)
        assert [type(answer).__name__ for answer in answers] == ["CancelledError", "Pcm"] * 2 + ["CancelledError"]
        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count


async def test_so_many_are_spoken_at_once_as_there_are_processes() -> None:
    async with sheltered(processes=2) as engine:
        await soon(lambda: len(engine._pool._alive) == 2)
        found = await asyncio.gather(*(samples(engine, "nap pid") for _ in range(6)))

    assert len(set(found)) == 2


async def test_a_slow_reader_holds_no_process() -> None:
    async with sheltered(processes=1) as engine:
        slow = engine.stream(replace(HELLO, text="flood"))
        first = await anext(slow)

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        rest = [piece async for piece in slow]
        assert sum(len(piece.data) for piece in [first, *rest]) == 300 * 100_000 + len(BEAT.data)


async def test_a_process_that_writes_nonsense_is_replaced() -> None:
    async with sheltered() as engine:
        with pytest.raises(EngineCrashed, match="cannot be read"):
            await engine.synthesize(replace(HELLO, text="garble one"))

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count


async def test_errors_of_the_engine_come_through_as_they_are() -> None:
    async with sheltered() as engine:
        with pytest.raises(InvalidRequest, match="not this text") as invalid:
            await engine.synthesize(replace(HELLO, text="invalid"))
        with pytest.raises(QuotaExhausted) as quota:
            await engine.synthesize(replace(HELLO, text="quota"))
        with pytest.raises(BadAudio) as bad:
            await engine.synthesize(replace(HELLO, text="bad"))
        with pytest.raises(InternalFailure, match="RuntimeError") as other:
            await engine.synthesize(replace(HELLO, text="raise"))

        assert invalid.value.field == "text"
        assert quota.value.retry_after_s == 7.5
        assert bad.value.findings == ("silent",)
        assert "secret" not in str(other.value)
        assert engine._pool.replaced == 0


@pytest.mark.parametrize("text", ["one\0two", "\ud800 one", "one \udfff", "\0", "x" * 300_000])
async def test_odd_texts_reach_the_engine_whole(text: str) -> None:
    async with sheltered() as engine:
        answer = await engine.synthesize(replace(HELLO, text=text))

        assert answer.sample_count == len(text.split()) * BEAT.sample_count
        assert engine._pool.replaced == 0


async def test_the_background_has_a_process_of_its_own_behind_all_others() -> None:
    async with sheltered(processes=1) as engine:
        own = os.getpriority(os.PRIO_PROCESS, 0)
        hung = asyncio.ensure_future(engine.synthesize(replace(HELLO, text="nap nap nap", background=True)))

        assert await samples(engine, "nice") == 100 + own
        assert await samples(engine, "nice", background=True) == 100 + min(own + NICENESS, 19)
        await hung


async def test_a_process_knows_none_of_our_settings_and_none_of_our_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEGUE_ADMIN_TOKEN", "secret")
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(50)]
    try:
        async with sheltered() as engine:
            assert await samples(engine, "secrets") == 0
            assert await samples(engine, "files") < 12
    finally:
        for descriptor in held:
            os.close(descriptor)


async def test_a_process_is_replaced_when_no_open_file_is_left() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    async with sheltered(processes=1) as engine:
        held: list[int] = []
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
        try:
            with suppress(OSError):
                while True:
                    held.append(os.open("/dev/null", os.O_RDONLY))
            with pytest.raises(EngineCrashed):
                await engine.synthesize(replace(HELLO, text="crash"))
            assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        finally:
            for descriptor in held:
                os.close(descriptor)
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def test_an_engine_that_crashes_while_loading_says_so_and_goes_on_trying() -> None:
    with pytest.raises(Unavailable, match="ended before it was ready"):
        async with sheltered(loads="crash"):
            raise AssertionError("it cannot start")


async def test_an_engine_that_cannot_load_says_why_at_once() -> None:
    engine = ShelteredEngine(source(loads="fail"), processes=2)
    with pytest.raises(Unavailable, match="install it"):
        await engine.start()
    began = time.monotonic()
    with pytest.raises(Unavailable, match="install it"):
        await engine.synthesize(HELLO)
    assert time.monotonic() - began < 20
    health = await engine.health()
    assert (health.ready, "install it" in health.detail) == (False, True)
    await engine.close()


async def test_an_engine_that_has_threads_is_not_forked() -> None:
    with pytest.raises(SegueError, match="starts threads when it is made"):
        async with sheltered(threads=True):
            raise AssertionError("it cannot start")


def test_options_that_are_refused_are_refused_as_ever() -> None:
    with pytest.raises(ValueError, match="unknown options refuses"):
        ShelteredEngine(source(refuses=True), processes=1)
    with pytest.raises(ImportError) as missing:
        ShelteredEngine(EngineSource("no_such_package_anywhere:create", {}), processes=1)
    assert missing.value.name == "no_such_package_anywhere"
    with pytest.raises(ValueError, match="at least 1"):
        ShelteredEngine(source(), processes=0)


async def test_a_closed_engine_leaves_no_process_and_no_open_file() -> None:
    files = open_files()
    engine = ShelteredEngine(source(), processes=3)
    await engine.start()
    server = server_of(engine)
    await soon(lambda: len(children(server)) == 3)
    under_way = asyncio.ensure_future(engine.synthesize(replace(HELLO, text="hang")))
    await asyncio.sleep(0.05)
    pids = [server, *children(server)]
    await engine.close()
    await engine.close()

    with pytest.raises(Unavailable, match="closed"):
        await under_way
    with pytest.raises(Unavailable, match="closed"):
        await engine.synthesize(HELLO)
    with pytest.raises(Unavailable, match="closed"):
        await engine.start()
    assert (await engine.health()).detail == "closed"
    await soon(lambda: not any(alive(pid) for pid in pids))
    assert open_files() <= files


ORPHANS = """
import asyncio, sys
from segue.speech.core.speech import Utterance
from segue.speech.engines.shelter.control import EngineSource
from segue.speech.engines.shelter.engine import ShelteredEngine

async def main():
    engine = ShelteredEngine(EngineSource("support.crashing:create", {}), processes=2)
    await engine.start()
    asyncio.ensure_future(engine.synthesize(Utterance("spin", "en", "en")))
    await asyncio.sleep(0.3)
    print(engine._server.pid, flush=True)
    await asyncio.sleep(600)

asyncio.run(main())
"""


async def test_no_process_outlives_the_service_even_when_that_is_killed() -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", ORPHANS),
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert process.stdout is not None
    server = int(await process.stdout.readline())
    pids = [server, *children(server)]
    assert len(pids) == 3
    assert all(map(alive, pids))
    process.kill()
    await process.communicate()

    await soon(lambda: not any(map(alive, pids)))


async def test_the_signals_of_a_terminal_are_not_for_it() -> None:
    async with sheltered() as engine:
        await soon(lambda: len(engine._pool._alive) == 2)
        for pid in [server_of(engine), *children(server_of(engine))]:
            for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
                os.kill(pid, number)

        assert (await engine.synthesize(HELLO)).sample_count == 3 * BEAT.sample_count
        assert engine._pool.replaced == 0
