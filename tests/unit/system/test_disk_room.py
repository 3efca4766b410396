"""Room on the disk is known to whoever would write, before it is gone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from segue.kernel.ports.health import HealthLevel
from segue.system import disk_room
from segue.system.daemon_pool import DaemonPool
from segue.system.disk_room import LOOK_EVERY_S, DiskRoom
from segue.testing.clock import FakeClock
from support.small_disk import fill, small_disk

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

_MIB = 1024 * 1024


class Heard(list[tuple[int | None, bool]]):
    def __call__(self, free_bytes: int | None, has_room: bool) -> None:
        self.append((free_bytes, has_room))


async def looked_again(clock: FakeClock, heard: Heard) -> None:
    """Until the next look is over."""
    count = len(heard)
    async with asyncio.timeout(20):
        while len(heard) == count:
            if clock.sleepers:
                clock.advance(LOOK_EVERY_S)
            await asyncio.sleep(0.01)


async def test_below_the_floor_there_is_none(tmp_path: Path) -> None:
    clock, heard, pool = FakeClock(), Heard(), DaemonPool(1, "test")
    with small_disk(tmp_path / "disk", 8 * _MIB) as disk, capture_logs() as logs:
        room = DiskRoom(disk / "not-yet-made", _MIB, pool, clock, heard)
        await room.start()
        before = room.has_room
        ballast = fill(disk)
        await looked_again(clock, heard)
        full = (room.has_room, room.health())
        ballast.unlink()
        await looked_again(clock, heard)
        after = room.has_room
        await room.close()
    pool.shutdown()

    assert (before, full[0], after) == (True, False, True)
    assert full[1].level is HealthLevel.DEGRADED
    assert "0 MiB are free" in full[1].detail
    assert "free disk space" in full[1].detail
    assert [line["event"] for line in logs] == ["disk_short", "disk_has_room"]
    assert heard[0][0] is not None
    assert heard[0][0] > 7 * _MIB


async def test_without_a_floor_there_always_is(tmp_path: Path) -> None:
    pool = DaemonPool(1, "test")
    with small_disk(tmp_path / "disk", _MIB) as disk:
        fill(disk)
        room = DiskRoom(disk, 0, pool, FakeClock(), Heard())
        await room.start()
        assert room.has_room
        await room.close()
    pool.shutdown()


async def test_a_disk_that_does_not_answer_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from threading import Event

    well = Event()

    def hanging(look: Callable[[Path], int | None]) -> Callable[[Path], int | None]:
        return lambda folder: look(folder) if well.wait(30) else None

    monkeypatch.setattr(disk_room, "_LOOK_WITHIN_S", 0.1)
    monkeypatch.setattr(disk_room, "_free_bytes", hanging(disk_room._free_bytes))
    clock, heard, pool = FakeClock(), Heard(), DaemonPool(1, "test")
    room = DiskRoom(tmp_path, 1, pool, clock, heard)
    await room.start()
    detail = room.detail
    well.set()
    await looked_again(clock, heard)
    await looked_again(clock, heard)
    has_room = room.has_room
    await room.close()
    pool.shutdown()

    assert heard[0] == (None, False)
    assert "does not respond" in detail
    assert has_room
