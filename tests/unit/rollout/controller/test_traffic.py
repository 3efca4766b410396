"""What a service was asked in its last day, from the slots that are kept."""

from __future__ import annotations

import msgspec
import pytest

from segue.kernel.arms import Arm
from segue.rollout.controller.traffic import DAY_S, TrafficLog
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.store import Row
from segue.testing.clock import FakeClock
from segue.testing.store.memory import MemoryStore


class Kept:
    """Slots of a minute, each with ten requests, of which six were answered by a cache."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FakeClock()
        self.log = TrafficLog(self.store.rows, "test", self.clock)

    async def slot(self, start_s: float) -> None:
        heard = {(Arm.CANDIDATE, "ghoul"): Tally(units=1), (Arm.BASELINE, "raider"): Tally(units=3)}
        again = {(Arm.CANDIDATE, "ghoul"): Tally(units=1), (Arm.BASELINE, "raider"): Tally(units=1)}
        slot = Slot(start_s, 60.0, heard, hits=6, lookups=10, daily=again)
        await self.store.rows.add(Row("test/slots", start_s, "all", msgspec.msgpack.encode(slot)))


async def test_a_service_without_slots_knows_nothing() -> None:
    seen = await Kept().log.last_day()

    assert (seen.seen_s, seen.lookups, seen.units) == (0.0, 0.0, {})


async def test_every_slot_of_the_last_day_counts_once_and_listeners_once_a_day() -> None:
    kept = Kept()
    now_s = kept.clock.now_s()
    for minute in range(1, 1203):
        await kept.slot(now_s - 60.0 * minute)
    await kept.slot(now_s - DAY_S - 60.0)

    seen = await kept.log.last_day()

    assert seen.since_s == pytest.approx(now_s - 60.0 * 1202)
    assert seen.seen_s == 60.0 * 1202
    assert (seen.lookups, seen.hits) == (12_020, 7212)
    assert seen.units == {"ghoul": 1202, "raider": 1202}
