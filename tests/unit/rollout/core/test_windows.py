"""Counts of a slice of time, and how they add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.windows import NOTHING, Slot, Tally

OVER = tuple(float(number) for number in range(10))
LATE = tuple(float(number) for number in range(5, 15))
TALLY = Tally(10.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, OVER, 8.0, LATE, 0b100)


def test_the_edges_hold_every_level_of_the_gates() -> None:
    assert EDGES_S == (0.35, 0.75, 1.0, 1.5, 2.0, 2.5, 4.0, 5.0, 7.5, 10.0)
    assert FIRST_AUDIO_EDGES_S == (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
    assert (len(NOTHING.over), len(NOTHING.late)) == (len(EDGES_S), len(FIRST_AUDIO_EDGES_S))


def test_tallies_add_count_by_count() -> None:
    over, late = (tuple(2 * count for count in counts) for counts in (OVER, LATE))
    assert TALLY.plus(TALLY) == Tally(20.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, over, 16.0, late, 0b100)
    assert TALLY.plus(NOTHING) == TALLY


def test_tallies_of_other_edges_do_not_add() -> None:
    with pytest.raises(ValueError, match="zip"):
        TALLY.plus(replace(TALLY, over=OVER[:-1]))
    with pytest.raises(ValueError, match="zip"):
        TALLY.plus(replace(TALLY, late=LATE[:-1]))


def slot(start_s: float, length_s: float = 60.0, **counts: float) -> Slot:
    return Slot(start_s, length_s, {(Arm.CANDIDATE, name): Tally(units=count) for name, count in counts.items()})


def test_a_slot_counts_an_arm_over_the_characters_asked_for() -> None:
    both = replace(
        slot(0.0, ghoul=1.0, raider=2.0, codsworth=4.0),
        tallies={**slot(0.0, ghoul=1.0, raider=2.0, codsworth=4.0).tallies, (Arm.BASELINE, "ghoul"): TALLY},
    )

    assert both.of(Arm.CANDIDATE, ["ghoul", "codsworth", "nobody"]).units == 5.0
    assert both.of(Arm.BASELINE, ["ghoul", "raider"]) == TALLY
    assert both.of(Arm.BASELINE, []) == NOTHING
    assert both.characters == {"ghoul", "raider", "codsworth"}


@pytest.mark.parametrize("many", [1, 8, 9, 40])
def test_many_characters_are_counted_like_few(many: int) -> None:
    tallies = {
        (Arm.CANDIDATE, f"character-{number}"): replace(TALLY, units=float(number), parts=1 << number % 5)
        for number in range(many)
    }
    whole = Slot(0.0, 60.0, tallies, shadow={name: tally for (_, name), tally in tallies.items()})

    one_by_one = NOTHING
    for tally in tallies.values():
        one_by_one = one_by_one.plus(tally)
    names = [name for _, name in tallies]
    assert whole.of(Arm.CANDIDATE, [*names, "nobody"]) == whole.shadow_of(names) == one_by_one


def test_slots_add_to_one_that_covers_both() -> None:
    first = replace(slot(60.0, ghoul=1.0), hits=1.0, lookups=2.0, assigned=(3, 4))
    second = replace(slot(180.0, 30.0, ghoul=2.0, raider=3.0), hits=10.0, lookups=20.0, assigned=(30, 40))

    for total in (first.plus(second), second.plus(first)):
        assert (total.start_s, total.length_s, total.end_s) == (60.0, 150.0, 210.0)
        assert (total.hits, total.lookups, total.assigned) == (11.0, 22.0, (33, 44))
        assert total.of(Arm.CANDIDATE, ["ghoul"]).units == 3.0
        assert total.of(Arm.CANDIDATE, ["raider"]).units == 3.0
        assert total.characters == {"ghoul", "raider"}


def test_a_slot_within_another_adds_no_time() -> None:
    assert slot(0.0, 100.0).plus(slot(20.0, 30.0)).length_s == 100.0


def test_a_slot_is_silent_when_nothing_was_asked_for() -> None:
    assert Slot(0.0, 60.0).is_silent
    assert slot(0.0, ghoul=0.0).is_silent
    assert not slot(0.0, ghoul=0.0, raider=1.0).is_silent
    assert not Slot(0.0, 60.0, {(Arm.BASELINE, "ghoul"): Tally(timed=1.0)}).is_silent
    assert not Slot(0.0, 60.0, lookups=1.0).is_silent


def test_the_parts_in_which_something_failed_are_those_of_either() -> None:
    assert Tally(parts=0b000110).plus(Tally(parts=0b100010)).parts == 0b100110


def test_what_can_promote_is_a_slot_of_its_own() -> None:
    both = replace(slot(0.0, ghoul=9.0), daily=slot(0.0, ghoul=2.0).tallies, hits=1.0, lookups=2.0)

    assert both.promoting.of(Arm.CANDIDATE, ["ghoul"]).units == 2.0
    assert (both.promoting.daily, both.promoting.hits, both.promoting.lookups) == (None, 1.0, 2.0)
    assert slot(0.0, ghoul=9.0).promoting == slot(0.0, ghoul=9.0)


def test_slots_of_which_one_counts_only_once_add_to_one_that_counts_twice() -> None:
    twice, once = replace(slot(0.0, ghoul=9.0), daily=slot(0.0, ghoul=2.0).tallies), slot(60.0, ghoul=5.0)

    for total in (twice.plus(once), once.plus(twice)):
        assert total.of(Arm.CANDIDATE, ["ghoul"]).units == 14.0
        assert total.promoting.of(Arm.CANDIDATE, ["ghoul"]).units == 7.0
    assert once.plus(once).daily is None


def test_the_shadow_is_counted_by_character_and_heard_by_nobody() -> None:
    shadowed = replace(slot(0.0, ghoul=1.0), shadow={"raider": Tally(units=3.0), "nick": Tally(units=4.0)})

    assert shadowed.shadow_of(["raider", "ghoul"]).units == 3.0
    assert shadowed.plus(shadowed).shadow_of(["raider", "nick"]).units == 14.0
    assert shadowed.of(Arm.CANDIDATE, ["raider"]) == NOTHING
    assert shadowed.characters == {"ghoul", "raider", "nick"}


@pytest.mark.parametrize(
    ("something", "silent"),
    [
        (Slot(0.0, 60.0), True),
        (Slot(0.0, 60.0, {(Arm.BASELINE, "ghoul"): Tally()}), True),
        (Slot(0.0, 60.0, {(Arm.BASELINE, "ghoul"): Tally(units=1.0)}), False),
        (Slot(0.0, 60.0, {(Arm.BASELINE, "ghoul"): Tally(timed=1.0)}), False),
        (Slot(0.0, 60.0, shadow={"ghoul": Tally(units=1.0)}), False),
        (Slot(0.0, 60.0, shadow={"ghoul": Tally()}), True),
        (Slot(0.0, 60.0, lookups=1.0), False),
    ],
)
def test_a_slot_in_which_nothing_happened_is_silent(something: Slot, silent: bool) -> None:
    assert something.is_silent is silent


def test_different_listeners_add_where_they_are_known() -> None:
    known, unknown = replace(slot(0.0), listeners=(1, 2)), slot(60.0)

    assert known.plus(replace(unknown, listeners=(10, 20))).listeners == (11, 22)
    assert known.plus(unknown).listeners == unknown.plus(known).listeners == (1, 2)
    assert unknown.plus(unknown).listeners is None
