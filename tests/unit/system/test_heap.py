"""What the C library's heap keeps is given back now and then."""

from __future__ import annotations

import asyncio
import platform
import threading

import pytest

from segue.system.heap import TRIM_EVERY_S, HeapTrimmer, heap_trim
from segue.testing.clock import FakeClock


async def test_the_heap_is_trimmed_again_and_again_in_a_thread_until_closed() -> None:
    clock, loop = FakeClock(), asyncio.get_running_loop()
    trimmed_by: asyncio.Queue[int] = asyncio.Queue()
    trimmer = HeapTrimmer(lambda: loop.call_soon_threadsafe(trimmed_by.put_nowait, threading.get_ident()), clock)
    trimmer.start()
    for _ in range(2):
        while not clock.sleepers:  # noqa: ASYNC110 - what the thread ends is told to nobody else
            await asyncio.sleep(0)
        clock.advance(TRIM_EVERY_S)
        assert await trimmed_by.get() != threading.get_ident()
    await trimmer.close()
    clock.advance(TRIM_EVERY_S)
    await asyncio.sleep(0)

    assert trimmed_by.empty()


async def test_where_the_library_has_no_such_call_nothing_is_done() -> None:
    clock = FakeClock()
    trimmer = HeapTrimmer(None, clock)
    trimmer.start()
    await asyncio.sleep(0)

    assert clock.sleepers == 0
    await trimmer.close()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep their heap as they like")
def test_glibc_can_be_asked_and_is_where_it_is_worth_it() -> None:
    always, never = heap_trim(0), heap_trim(2**62)

    assert always is not None
    assert never is not None
    assert always() in {0, 1}
    assert never() is False
