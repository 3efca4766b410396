"""Work on files that hangs takes its own threads, and no more time than it may."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING

import pytest

from segue.kernel.ports.health import HealthLevel
from segue.speech.service.disk_threads import DiskThreads
from segue.system.daemon_pool import DaemonPool

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def pool() -> Iterator[DaemonPool]:
    pool = DaemonPool(2, "test")
    yield pool
    pool.shutdown()


async def test_what_is_done_in_time_is_handed_back(pool: DaemonPool) -> None:
    threads = DiskThreads(pool, places=2, limit_s=10.0)

    assert await asyncio.gather(*(threads.run(pow, 2, number) for number in range(20))) == [
        2**number for number in range(20)
    ]
    with pytest.raises(ZeroDivisionError):
        await threads.run(divmod, 1, 0)


async def test_what_hangs_is_left_and_the_rest_is_told_at_once(pool: DaemonPool) -> None:
    threads, well = DiskThreads(pool, places=2, limit_s=0.1), Event()
    for _ in range(2):
        with pytest.raises(TimeoutError) as caught:
            await threads.run(well.wait)
        assert caught.value.strerror == "the disk did not respond within 0.1 s"
    never = Event()
    with pytest.raises(TimeoutError):
        await threads.run(never.set)
    hanging = threads.health()
    well.set()
    for _ in range(1000):
        if threads.health().level is HealthLevel.OK:
            break
        await asyncio.sleep(0.01)

    assert hanging.level is HealthLevel.DEGRADED
    assert not never.is_set()
    assert await threads.run(pow, 2, 3) == 8


async def test_an_error_of_the_works_own_is_not_taken_for_ours(pool: DaemonPool) -> None:
    def late() -> None:
        raise TimeoutError(1, "its own")

    with pytest.raises(TimeoutError, match="its own"):
        await DiskThreads(pool, places=2, limit_s=10.0).run(late)
