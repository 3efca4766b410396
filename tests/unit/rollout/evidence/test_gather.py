"""The slots of several workers become one, with each unit in it once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import msgspec
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.kernel.units import day_of
from segue.rollout.core.sketch import sketched
from segue.rollout.core.windows import NOTHING, Slot, Tally
from segue.rollout.evidence import met
from segue.rollout.evidence.gather import StoredSignals
from segue.rollout.evidence.units import NUMBERS, SlotSeen, UnitFlags, UnitSeen, packed, place_in_sample
from segue.rollout.ports.signals import Counting
from segue.rollout.ports.store import Row
from segue.testing.store import MemoryStore

SERIES = "test/units"
START_S = 9000.0
SLOT_S = 60.0
DAY_S = 86_400.0
COUNTING = Counting(900.0, rollout_since_s=START_S, since_s=START_S)
GHOUL = {"ghoul"}
FAILED = UnitFlags.CANDIDATE | UnitFlags.ERROR


def seen(*units: UnitSeen, window: int = 10, threshold: int = NUMBERS, split: object = None) -> SlotSeen:
    sides = split if isinstance(split, tuple) else ([], [])
    return SlotSeen(SLOT_S, window, threshold, 9, 10, list(units), sides, lasting=True)


def unit(
    number: int,
    fate: UnitFlags = UnitFlags.CANDIDATE,
    seconds: float | None = 0.5,
    who: str = "ghoul",
    part: int | None = None,
) -> UnitSeen:
    return UnitSeen(number, who, int(fate), seconds, part=part)


class Workers:
    """Writes what workers would."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.signals = StoredSignals(self.store.rows, SERIES, counting=COUNTING)

    async def write(self, slot: SlotSeen, start_s: float = START_S, worker: str = "a") -> None:
        await self.store.rows.add(Row(SERIES, start_s, worker, packed(slot)))


@pytest.fixture
def workers() -> Workers:
    return Workers()


async def test_a_slot_has_the_sums_of_all_workers(workers: Workers) -> None:
    failed = UnitFlags.CANDIDATE | UnitFlags.ERROR | UnitFlags.BAD_AUDIO | UnitFlags.FALLBACK
    await workers.write(seen(unit(1, seconds=3.0), unit(2, failed, None)))
    await workers.write(seen(unit(3, UnitFlags.FINE, 0.1), unit(4, seconds=0.2, who="raider")), worker="b")

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
    early, late = UnitSeen(1, "ghoul", int(UnitFlags.CANDIDATE), 0.9, 0.3), UnitSeen(2, "ghoul", 32, 2.0, 1.2)
    await workers.write(seen(early, unit(3)))
    await workers.write(seen(late), worker="b")

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    tally = slot.of(Arm.CANDIDATE, {"ghoul"})
    assert (tally.units, tally.timed, tally.streams) == (3, 3, 2)
    assert tally.late == tuple(float((edge < 0.3) + (edge < 1.2)) for edge in FIRST_AUDIO_EDGES_S)


async def test_slots_of_before_and_after_streams_were_timed_are_read_alike(workers: Workers) -> None:
    """Workers of two versions meet during an upgrade."""
    older = [SLOT_S, 10, NUMBERS, 9, 10, [[1, "ghoul", 32, 0.5]], [[], []]]
    unit_of_later = [2, "ghoul", 32, 0.5, 0.2, 3, "of a later version"]
    newer = [SLOT_S, 10, NUMBERS, 9, 10, [unit_of_later], [[], []], True, "of a later version"]
    for worker, slot in (("old", older), ("new", newer)):
        await workers.store.rows.add(Row(SERIES, START_S, worker, msgspec.msgpack.encode(slot)))

    (together,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    tally = together.of(Arm.CANDIDATE, {"ghoul"})
    assert (tally.units, tally.timed, tally.streams) == (2, 2, 1)


async def test_a_unit_that_met_several_workers_or_slots_counts_once_in_its_window(workers: Workers) -> None:
    await workers.write(seen(unit(1)))
    await workers.write(seen(unit(1)), worker="b")
    await workers.write(seen(unit(1), unit(1, UnitFlags.FINE)), START_S + SLOT_S)
    await workers.write(seen(unit(1), window=11), START_S + 900.0)

    slots, _ = await workers.signals.slots(START_S, START_S + 1000, SLOT_S)

    assert [slot.of(Arm.CANDIDATE, {"ghoul"}).units for slot in slots] == [1, 0, 1]
    assert slots[1].of(Arm.BASELINE, {"ghoul"}).units == 1


async def test_asked_again_or_by_another_it_is_the_same(workers: Workers) -> None:
    for number in range(5):
        await workers.write(seen(unit(number), unit(99)), START_S + number * SLOT_S)
    at_once = (await workers.signals.slots(START_S, START_S + 1000, SLOT_S)).slots

    fresh = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    one_by_one: list[Slot] = []
    since_s = START_S
    for looks in range(1, 12):
        got = await fresh.slots(since_s, START_S + looks * 40, SLOT_S)
        one_by_one += got.slots
        since_s = got.until_s
    successor = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    later = (await successor.slots(START_S + 2 * SLOT_S, START_S + 1000, SLOT_S)).slots

    assert tuple(one_by_one) == at_once
    assert [slot.tallies for slot in later] == [slot.tallies for slot in at_once[2:]]


async def test_a_slot_is_read_when_it_is_over_and_settled(workers: Workers) -> None:
    await workers.write(seen(unit(1)))

    assert await workers.signals.slots(START_S, START_S + SLOT_S + 2.9, SLOT_S) == ((), START_S)
    assert len((await workers.signals.slots(START_S, START_S + SLOT_S + 3.0, SLOT_S)).slots) == 1


async def test_a_row_that_is_written_late_counts_once_and_in_its_own_slot(workers: Workers) -> None:
    """A worker whose clock is behind, or whose write took long."""
    await workers.write(seen(unit(1)))
    on_time = await workers.signals.slots(START_S, START_S + SLOT_S + 3.0, SLOT_S)
    await workers.write(seen(unit(1), unit(2)), worker="b")
    await workers.write(seen(unit(3)), START_S + SLOT_S)
    late = await workers.signals.slots(on_time.until_s, START_S + 2 * SLOT_S + 3.0, SLOT_S)
    after = await workers.signals.slots(late.until_s, START_S + 3 * SLOT_S + 3.0, SLOT_S)

    read = [(slot.start_s, slot.of(Arm.CANDIDATE, GHOUL).units) for slot in (*on_time.slots, *late.slots)]
    assert read == [(START_S, 1), (START_S, 1), (START_S + SLOT_S, 1)], "the first listener counted before"
    assert after.slots == ()


async def test_every_row_of_a_worker_that_is_always_late_counts_once(workers: Workers) -> None:
    since_s, found = START_S, list[Slot]()
    for number in range(30):
        if number >= 3:
            await workers.write(seen(unit(number)), START_S + (number - 3) * SLOT_S)
        got = await workers.signals.slots(since_s, START_S + number * SLOT_S + 5.0, SLOT_S)
        since_s, found = got.until_s, [*found, *got.slots]

    assert [slot.start_s for slot in found] == [START_S + number * SLOT_S for number in range(27)]
    assert sum(slot.of(Arm.CANDIDATE, GHOUL).units for slot in found) == 27


async def test_a_successor_leaves_out_what_arrived_before_it_took_over(workers: Workers) -> None:
    await workers.write(seen(unit(1)))
    on_time = await workers.signals.slots(START_S, START_S + SLOT_S + 3.0, SLOT_S)
    await workers.write(seen(unit(2)), worker="b")
    successor = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    first = await successor.slots(on_time.until_s, START_S + 2 * SLOT_S + 3.0, SLOT_S)
    await workers.write(seen(unit(4)), worker="c")
    then = await successor.slots(first.until_s, START_S + 3 * SLOT_S + 3.0, SLOT_S)

    assert first.slots == ()
    assert [slot.of(Arm.CANDIDATE, GHOUL).units for slot in then.slots] == [1]


async def test_the_strictest_sample_counts_for_all(workers: Workers) -> None:
    day = day_of(START_S)
    low, middle, high = sorted(range(3), key=lambda number: place_in_sample(number, day))
    await workers.write(seen(unit(low), unit(high)))
    await workers.write(seen(unit(middle), threshold=place_in_sample(high, day)), worker="b")

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    assert slot.of(Arm.CANDIDATE, GHOUL).units == 2
    assert slot.promoting.of(Arm.CANDIDATE, GHOUL).units == 2


async def test_listeners_are_assigned_for_the_first_time_once_in_a_rollout(workers: Workers) -> None:
    for number in range(3):
        await workers.write(seen(split=([1, 2], [3])), START_S + number * SLOT_S)
    first = await workers.signals.slots(START_S, START_S + SLOT_S + 3, SLOT_S)
    workers.signals.count_by(COUNTING._replace(since_s=START_S + SLOT_S))
    second = await workers.signals.slots(first.until_s, START_S + 2 * SLOT_S + 3, SLOT_S)
    workers.signals.count_by(COUNTING._replace(rollout_since_s=START_S + 2 * SLOT_S))
    third = await workers.signals.slots(second.until_s, START_S + 3 * SLOT_S + 3, SLOT_S)

    assert [slot.assigned for slot in (*first.slots, *second.slots, *third.slots)] == [(2, 1), (0, 0), (2, 1)]


async def test_who_was_assigned_to_both_sides_while_the_share_changed_says_nothing(workers: Workers) -> None:
    await workers.write(seen(split=([1, 2], [3])))
    await workers.write(seen(split=([], [1])), worker="b")
    await workers.write(seen(split=([1], [])), START_S + SLOT_S)

    slots, _ = await workers.signals.slots(START_S, START_S + 200, SLOT_S)

    assert [slot.assigned for slot in slots] == [(1, 1), (0, 0)]


def sum_of(tallies: list[Tally]) -> Tally:
    return reduce(Tally.plus, tallies, NOTHING)


async def days_of(workers: Workers, units: dict[float, list[UnitSeen]], length_s: float) -> list[Slot]:
    for after_s, some in units.items():
        await workers.write(seen(*some), START_S + after_s)
    return list((await workers.signals.slots(START_S, START_S + length_s, SLOT_S)).slots)


def every(interval_s: float, length_s: float) -> list[float]:
    return [number * interval_s for number in range(round(length_s / interval_s))]


def total(slots: list[Slot], arm: Arm = Arm.CANDIDATE, who: tuple[str, ...] = ("ghoul", "raider")) -> Tally:
    return sum_of([slot.of(arm, who) for slot in slots])


def promoted(slots: list[Slot], arm: Arm = Arm.CANDIDATE) -> Tally:
    return total([slot.promoting for slot in slots], arm)


async def test_a_listener_whom_nothing_works_for_fails_once_a_day(workers: Workers) -> None:
    """One with 30 % of the requests, or one who says every 15 minutes what cannot be spoken: much the same."""
    every_15_min = {after_s: [unit(1, FAILED)] for after_s in every(900.0, 3 * DAY_S)}
    slots = await days_of(workers, every_15_min, 3 * DAY_S)

    tally = total(slots)
    assert (tally.units, tally.errors) == (3, 3)
    assert [slot.start_s - START_S for slot in slots if slot.of(Arm.CANDIDATE, GHOUL).errors] == [
        0.0,
        DAY_S,
        2 * DAY_S,
    ]
    assert promoted(slots).errors == 4, "three days from 02:30 touch four days of the calendar"


@pytest.mark.parametrize("hours", [1, 4, 12])
async def test_a_session_that_fails_for_hours_is_one_failure(workers: Workers, hours: int) -> None:
    """It begins before midnight, and goes through the characters."""
    begins_s = DAY_S - START_S - 1800.0
    who = ("ghoul", "raider")
    slots = await days_of(
        workers,
        {
            begins_s + at_s: [unit(1, FAILED, who=who[round(at_s / 60) % 2])]
            for at_s in every(60.0, hours * 3600.0)
        },
        2 * DAY_S,
    )

    assert (total(slots).units, total(slots).errors) == (1, 1)


async def test_after_a_failure_no_character_counts_on_that_arm_and_the_other_arm_does(workers: Workers) -> None:
    slots = await days_of(
        workers,
        {
            0.0: [unit(1), unit(1, who="raider")],
            900.0: [unit(1, FAILED, None)],
            1800.0: [unit(1), unit(1, FAILED, who="raider"), unit(1, UnitFlags.FINE)],
            2700.0: [unit(1, who="raider"), unit(1, UnitFlags.FINE)],
            900.0 + DAY_S: [unit(1)],
        },
        2 * DAY_S,
    )

    assert (total(slots).units, total(slots).errors) == (4, 1)
    assert total(slots, Arm.BASELINE).units == 2


@pytest.mark.parametrize("fate", [UnitFlags.ERROR, UnitFlags.BAD_AUDIO, UnitFlags.REFUSED, UnitFlags.UNSERVED])
async def test_any_failure_ends_it(workers: Workers, fate: UnitFlags) -> None:
    slots = await days_of(workers, {0.0: [unit(1, UnitFlags.CANDIDATE | fate)], 900.0: [unit(1)]}, 3600.0)

    assert total(slots).units == 1


async def test_a_failure_that_did_not_count_ends_nothing(workers: Workers) -> None:
    """Another worker saw it, in the same window as a success that counted."""
    slots = await days_of(workers, {0.0: [unit(1)], 60.0: [unit(1, FAILED)], 900.0: [unit(1, FAILED)]}, 3600.0)

    assert (total(slots).units, total(slots).errors) == (2, 1)


async def test_the_first_attempt_of_a_day_can_promote_whatever_became_of_it(workers: Workers) -> None:
    midnight_s = DAY_S - START_S
    slots = await days_of(
        workers,
        {
            0.0: [unit(1, FAILED), unit(1, who="raider"), unit(2)],
            900.0: [unit(1), unit(2, FAILED)],
            midnight_s: [unit(1), unit(2)],
        },
        DAY_S,
    )

    assert [(slot.promoting.of(Arm.CANDIDATE, GHOUL).units) for slot in slots] == [2, 0, 2]
    assert promoted(slots).errors == 1


async def test_of_two_units_in_one_part_of_a_slot_the_order_has_nothing_to_do_with_their_fate(
    workers: Workers,
) -> None:
    """The later part comes after the earlier, whichever row it stands in."""
    late, early = unit(1, FAILED, part=4), unit(1, who="raider", part=1)
    await workers.write(seen(late), worker="a")
    await workers.write(seen(early), worker="b")

    slots = list((await workers.signals.slots(START_S, START_S + 100, SLOT_S)).slots)

    assert (total(slots).units, total(slots).errors) == (2, 1)
    assert promoted(slots).errors == 0


async def test_it_is_told_in_which_parts_of_the_slot_units_failed(workers: Workers) -> None:
    await workers.write(
        seen(unit(1, FAILED, part=0), unit(2, part=3), unit(3, UnitFlags.CANDIDATE | UnitFlags.REFUSED, part=5))
    )
    await workers.write(seen(unit(4, FAILED), unit(5, UnitFlags.FINE)), START_S + SLOT_S)

    first, second = (await workers.signals.slots(START_S, START_S + 200, SLOT_S)).slots

    assert first.of(Arm.CANDIDATE, GHOUL).parts == 0b100001
    assert second.of(Arm.CANDIDATE, GHOUL).parts == 0b111111, "a worker that cannot tell may mean any of them"
    assert second.of(Arm.BASELINE, GHOUL).parts == 0


async def test_an_address_that_everybody_shares_is_one_listener(workers: Workers) -> None:
    slots = await days_of(
        workers, {after_s: [unit(1), unit(1, who="raider")] for after_s in every(60.0, 3600.0)}, 3600.0
    )

    assert [slot.listeners for slot in slots if slot.listeners != (0, 0)] == [(1, 0)]
    assert promoted(slots).units == 1


async def test_listeners_are_new_on_each_arm_and_again_when_the_evidence_begins_anew(workers: Workers) -> None:
    for number in range(3):
        await workers.write(seen(unit(1), unit(2), unit(1, UnitFlags.FINE)), START_S + number * SLOT_S)
    first = await workers.signals.slots(START_S, START_S + 2 * SLOT_S + 3, SLOT_S)
    workers.signals.count_by(COUNTING._replace(since_s=first.until_s))
    second = await workers.signals.slots(first.until_s, first.until_s + SLOT_S + 3, SLOT_S)

    assert [slot.listeners for slot in (*first.slots, *second.slots)] == [(2, 1), (0, 0), (2, 1)]
    assert [total([slot]).units for slot in second.slots] == [2], "what was acted upon is not held against anyone"


async def test_what_was_made_in_the_shadow_counts_apart(workers: Workers) -> None:
    shadow = UnitFlags.CANDIDATE | UnitFlags.SHADOW
    slots = await days_of(
        workers,
        {
            0.0: [unit(1, shadow | UnitFlags.ERROR), unit(1, UnitFlags.FINE), unit(2, shadow)],
            60.0: [unit(1), unit(2, shadow, who="raider")],
            900.0: [unit(1, shadow)],
        },
        3600.0,
    )

    shadowed = sum_of([slot.shadow_of(["ghoul", "raider"]) for slot in slots])
    assert (shadowed.units, shadowed.errors) == (2, 1)
    assert (total(slots).units, total(slots).errors) == (1, 0)
    assert promoted(slots).units == 1
    assert [slot.listeners for slot in slots] == [(2, 1), (0, 0), (0, 0)]


async def test_no_call_counts_as_longer_than_the_longest(workers: Workers) -> None:
    workers.signals.count_by(COUNTING._replace(longest_s=20.0))
    (slot,) = await days_of(workers, {0.0: [unit(1, seconds=58.0), unit(2, seconds=3.0)]}, 100.0)

    tally = slot.of(Arm.CANDIDATE, GHOUL)
    assert (tally.seconds, tally.over[-1]) == (23.0, 1)


async def test_rows_of_earlier_workers_count_as_before(workers: Workers) -> None:
    """Their numbers change from window to window, so that no listener is met again."""
    for number, start_s in enumerate((START_S, START_S + SLOT_S, START_S + 900.0)):
        numbers = [1, 2] if number < 2 else [3, 4]
        older = [SLOT_S, 10, NUMBERS, 9, 10, [[one, "ghoul", 33, 0.5] for one in numbers], [[5], [6]]]
        await workers.store.rows.add(Row(SERIES, start_s, "old", msgspec.msgpack.encode(older)))

    slots = list((await workers.signals.slots(START_S, START_S + 1000, SLOT_S)).slots)

    assert [total([slot]).units for slot in slots] == [2, 0, 2]
    assert promoted(slots) == total(slots)
    assert [slot.listeners for slot in slots] == [None, None, None]
    assert [slot.assigned for slot in slots] == [(0, 0)] * 3


async def test_of_too_many_listeners_a_part_can_promote_and_memory_is_bounded(
    workers: Workers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(met, "_MOST", 1000)
    for number in range(40):
        units = [unit(number * 100 + one, FAILED if one % 10 == 0 else UnitFlags.CANDIDATE) for one in range(100)]
        await workers.write(seen(*units), START_S + number * 900.0)
    slots = list((await workers.signals.slots(START_S, START_S + DAY_S, SLOT_S)).slots)

    tally = promoted(slots)
    assert 1000 < tally.units < 3000
    assert tally.errors / tally.units == pytest.approx(0.1, abs=0.03)
    assert total(slots).units == 4000
    remembered = met.unpacked((await workers.store.rows.read(f"{SERIES}/met", since_s=0, before_s=1e9))[-1].data)
    assert len(remembered.daily[int(UnitFlags.CANDIDATE)]) <= 1000


async def test_who_was_met_is_kept_now_and_then_and_torn_it_is_read_again_from_the_rows(workers: Workers) -> None:
    for number in range(120):
        await workers.write(seen(unit(number % 50, FAILED), split=([number % 50], [])), START_S + number * 60.0)
    whole = (await workers.signals.slots(START_S, START_S + 7300.0, SLOT_S)).slots
    one_by_one = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    since_s = START_S
    for _ in range(120):
        since_s = (await one_by_one.slots(since_s, since_s + 63.0, SLOT_S)).until_s
    kept = await workers.store.rows.read(f"{SERIES}/met", since_s=0, before_s=1e9)
    assert 2 <= len(kept) <= 5
    for row in kept:
        await workers.store.rows.add(Row(row.series, row.start_s, row.source, b"torn"))

    successor = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    asked_s = START_S + 55 * 60.0
    assert (await successor.slots(asked_s, START_S + 7300.0, SLOT_S)).slots == whole[55:]
    late = StoredSignals(workers.store.rows, SERIES, counting=COUNTING)
    (last,) = (await late.slots(START_S + 119 * 60.0, START_S + 7300.0, SLOT_S)).slots
    assert last.assigned == (0, 0), "too late to know who was assigned before"


async def test_after_a_clock_was_set_back_nobody_who_was_met_is_new(workers: Workers) -> None:
    for number in range(60):
        await workers.write(seen(unit(number), split=([number], [])), START_S + DAY_S + number * 60.0)
    workers.signals.count_by(Counting(900.0, START_S + DAY_S, START_S + DAY_S))
    since_s = START_S + DAY_S
    for _ in range(6):
        since_s = (await workers.signals.slots(since_s, since_s + 603.0, SLOT_S)).until_s
    await workers.write(seen(unit(1), unit(99), split=([1, 99], [])), START_S)

    (slot,) = (await workers.signals.slots(START_S, START_S + 100.0, SLOT_S)).slots

    assert slot.assigned == (1, 0)
    assert slot.listeners == (1, 0)
    assert total([slot]).units == 2


@dataclass(frozen=True, slots=True)
class Answer:
    """One unit as a worker saw it. ``at`` numbers the quarters of an hour."""

    at: int
    number: int
    who: str
    fate: UnitFlags
    worker: str


ANSWERS = st.lists(
    st.builds(
        Answer,
        st.integers(0, 300),
        st.integers(0, 5),
        st.sampled_from(["ghoul", "raider"]),
        st.sampled_from(
            [
                UnitFlags.FINE,
                UnitFlags.CANDIDATE,
                FAILED,
                FAILED | UnitFlags.SHADOW,
                UnitFlags.CANDIDATE | UnitFlags.SHADOW,
            ]
        ),
        st.sampled_from(["a", "b", "c"]),
    ),
    max_size=80,
    unique_by=lambda answer: (answer.at, answer.number, answer.who, answer.fate & UnitFlags.CANDIDATE),
)
QUARTER_S = 900.0


async def written(answers: list[Answer], *, by_one: bool) -> Workers:
    workers = Workers()
    rows: dict[tuple[int, str], list[UnitSeen]] = {}
    for answer in answers:
        worker = "all" if by_one else answer.worker
        rows.setdefault((answer.at, worker), []).append(unit(answer.number, answer.fate, who=answer.who))
    for (at, worker), units in rows.items():
        split = (
            [one.number for one in units if one.number % 2],
            [one.number for one in units if not one.number % 2],
        )
        await workers.write(seen(*units, split=split), START_S + at * QUARTER_S, worker)
    return workers


@given(ANSWERS, st.lists(st.tuples(st.integers(1, 120), st.booleans()), min_size=1, max_size=20))
@hypothesis_settings(max_examples=60, deadline=None)
async def test_however_rows_are_spread_and_whoever_goes_on_reading_the_slots_are_the_same(
    answers: list[Answer], looks: list[tuple[int, bool]]
) -> None:
    """``looks``: how many quarters of an hour until the next, and whether another process takes over before."""
    at_once = await written(answers, by_one=True)
    whole = (await at_once.signals.slots(START_S, START_S + 310 * QUARTER_S, QUARTER_S)).slots
    spread = await written(answers, by_one=False)
    reader, since_s, now_s, found = spread.signals, START_S, START_S + 3.0, list[Slot]()
    for quarters, is_new in [*looks, (310, False)]:
        reader = StoredSignals(spread.store.rows, SERIES, counting=COUNTING) if is_new else reader
        now_s = min(now_s + quarters * QUARTER_S, START_S + 310 * QUARTER_S)
        got = await reader.slots(since_s, now_s, QUARTER_S)
        since_s, found = got.until_s, [*found, *got.slots]

    ours, theirs = (
        [(one.start_s, one.tallies, one.daily, one.shadow, one.assigned, one.listeners) for one in some]
        for some in (found, whole)
    )
    assert ours == theirs


async def test_a_row_that_is_none_is_left_out(workers: Workers) -> None:
    await workers.write(seen(unit(1)))
    await workers.store.rows.add(Row(SERIES, START_S, "b", b"torn"))

    (slot,), _ = await workers.signals.slots(START_S, START_S + 100, SLOT_S)

    assert slot.of(Arm.CANDIDATE, {"ghoul"}).units == 1
