"""The slots of several workers become one, with each unit in it once."""

from __future__ import annotations

import msgspec
import pytest

from segue.core.sketch import sketched
from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, Slot
from segue.ports.store import Row
from segue.telemetry.gather import StoredSignals
from segue.telemetry.units import NUMBERS, Fate, SlotSeen, UnitSeen, packed
from segue.testing.store import MemoryStore

SERIES = "test/units"
START_S = 9000.0
SLOT_S = 60.0


def seen(*units: UnitSeen, window: int = 10, threshold: int = NUMBERS, split: object = None) -> SlotSeen:
    sides = split if isinstance(split, tuple) else ([], [])
    return SlotSeen(SLOT_S, window, threshold, 9, 10, list(units), sides)


def unit(number: int, fate: Fate = Fate.CANDIDATE, seconds: float | None = 0.5, who: str = "ghoul") -> UnitSeen:
    return UnitSeen(number, who, int(fate), seconds)


class Workers:
    """Writes what workers would."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.signals = StoredSignals(self.store.rows, SERIES)

    async def write(self, slot: SlotSeen, start_s: float = START_S, worker: str = "a") -> None:
        await self.store.rows.add(Row(SERIES, start_s, worker, packed(slot)))


@pytest.fixture
def workers() -> Workers:
    return Workers()


async def test_a_slot_has_the_sums_of_all_workers(workers: Workers) -> None:
    failed = Fate.CANDIDATE | Fate.ERROR | Fate.BAD_AUDIO | Fate.FALLBACK
    await workers.write(seen(unit(1, seconds=3.0), unit(2, failed, None)))
    await workers.write(seen(unit(3, Fate.FINE, 0.1), unit(4, seconds=0.2, who="raider")), worker="b")

    (slot,), until_s = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    candidate = slot.of(Arm.CANDIDATE, {"ghoul"})
    assert (slot.start_s, slot.length_s, slot.hits, slot.lookups) == (START_S, SLOT_S, 18, 20)
    assert (candidate.units, candidate.errors, candidate.bad_audio, candidate.fallbacks) == (2, 1, 1, 1)
    assert (candidate.timed, candidate.seconds) == (1, 3.0)
    assert candidate.over == tuple(float(edge < 3.0) for edge in EDGES_S)
    assert slot.of(Arm.BASELINE, {"ghoul"}).units == 1
    assert slot.of(Arm.CANDIDATE, {"raider"}).units == 1
    assert slot.delays_of(Arm.CANDIDATE, {"ghoul", "raider"}) == sketched([3.0, 0.2])
    assert until_s == START_S + SLOT_S


async def test_streams_are_counted_apart_by_when_they_began(workers: Workers) -> None:
    early, late = UnitSeen(1, "ghoul", int(Fate.CANDIDATE), 0.9, 0.3), UnitSeen(2, "ghoul", 32, 2.0, 1.2)
    await workers.write(seen(early, unit(3)))
    await workers.write(seen(late), worker="b")

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    tally = slot.of(Arm.CANDIDATE, {"ghoul"})
    assert (tally.units, tally.timed, tally.streams) == (3, 3, 2)
    assert tally.late == tuple(float((edge < 0.3) + (edge < 1.2)) for edge in FIRST_AUDIO_EDGES_S)


async def test_slots_of_before_and_after_streams_were_timed_are_read_alike(workers: Workers) -> None:
    """Workers of two versions meet during an upgrade."""
    older = [SLOT_S, 10, NUMBERS, 9, 10, [[1, "ghoul", 32, 0.5]], [[], []]]
    newer = [SLOT_S, 10, NUMBERS, 9, 10, [[2, "ghoul", 32, 0.5, 0.2, "of a later version"]], [[], []]]
    for worker, slot in (("old", older), ("new", newer)):
        await workers.store.rows.add(Row(SERIES, START_S, worker, msgspec.msgpack.encode(slot)))

    (together,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    tally = together.of(Arm.CANDIDATE, {"ghoul"})
    assert (tally.units, tally.timed, tally.streams) == (2, 2, 1)


async def test_a_unit_that_met_several_workers_or_slots_counts_once_in_its_window(workers: Workers) -> None:
    await workers.write(seen(unit(1)))
    await workers.write(seen(unit(1)), worker="b")
    await workers.write(seen(unit(1), unit(1, Fate.FINE)), START_S + SLOT_S)
    await workers.write(seen(unit(1), window=11), START_S + 2 * SLOT_S)

    slots, _ = await workers.signals.slots(START_S, START_S + 1000, SLOT_S)

    assert [slot.of(Arm.CANDIDATE, {"ghoul"}).units for slot in slots] == [1, 0, 1]
    assert slots[1].of(Arm.BASELINE, {"ghoul"}).units == 1


async def test_asked_again_or_by_another_it_is_the_same(workers: Workers) -> None:
    for number in range(5):
        await workers.write(seen(unit(number), unit(99)), START_S + number * SLOT_S)
    at_once = (await workers.signals.slots(START_S, START_S + 1000, SLOT_S)).slots

    fresh = StoredSignals(workers.store.rows, SERIES)
    one_by_one: list[Slot] = []
    since_s = START_S
    for looks in range(1, 12):
        got = await fresh.slots(since_s, START_S + looks * 40, SLOT_S)
        one_by_one += got.slots
        since_s = got.until_s
    successor = StoredSignals(workers.store.rows, SERIES)
    later = (await successor.slots(START_S + 2 * SLOT_S, START_S + 1000, SLOT_S)).slots

    assert tuple(one_by_one) == at_once
    assert [slot.tallies for slot in later] == [slot.tallies for slot in at_once[2:]]


async def test_a_slot_is_read_when_it_is_over_and_settled(workers: Workers) -> None:
    await workers.write(seen(unit(1)))

    assert await workers.signals.slots(START_S, START_S + SLOT_S + 2.9, SLOT_S) == ((), START_S)
    assert len((await workers.signals.slots(START_S, START_S + SLOT_S + 3.0, SLOT_S)).slots) == 1


async def test_the_strictest_sample_counts_for_all(workers: Workers) -> None:
    await workers.write(seen(unit(1), unit(500)))
    await workers.write(seen(unit(2), threshold=100), worker="b")

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    assert slot.of(Arm.CANDIDATE, {"ghoul"}).units == 2


async def test_units_of_the_split_are_new_once_a_step(workers: Workers) -> None:
    for number in range(3):
        await workers.write(seen(split=([1, 2], [3])), START_S + number * SLOT_S)
    first = await workers.signals.slots(START_S, START_S + 2 * SLOT_S + 3, SLOT_S)
    workers.signals.begin_step(900.0)
    second = await workers.signals.slots(first.until_s, START_S + 3 * SLOT_S + 3, SLOT_S)

    assert [slot.assigned for slot in (*first.slots, *second.slots)] == [(2, 1), (0, 0), (2, 1)]


async def test_a_row_that_is_none_is_left_out(workers: Workers) -> None:
    await workers.write(seen(unit(1)))
    await workers.store.rows.add(Row(SERIES, START_S, "b", b"torn"))

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    assert slot.of(Arm.CANDIDATE, {"ghoul"}).units == 1
