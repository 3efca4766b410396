"""Counts of a slice of time, and how they add."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, NOTHING, Slot, Tally

OVER = tuple(float(number) for number in range(10))
LATE = tuple(float(number) for number in range(5, 15))
TALLY = Tally(10.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, OVER, 8.0, LATE)


def test_the_edges_hold_every_level_of_the_gates() -> None:
    assert EDGES_S == (0.35, 0.75, 1.0, 1.5, 2.0, 2.5, 4.0, 5.0, 7.5, 10.0)
    assert FIRST_AUDIO_EDGES_S == (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
    assert (len(NOTHING.over), len(NOTHING.late)) == (len(EDGES_S), len(FIRST_AUDIO_EDGES_S))


def test_tallies_add_count_by_count() -> None:
    over, late = (tuple(2 * count for count in counts) for counts in (OVER, LATE))
    assert TALLY.plus(TALLY) == Tally(20.0, 2.0, 4.0, 6.0, 8.0, 10.0, 12.0, 14.0, over, 16.0, late)
    assert TALLY.plus(NOTHING) == TALLY


def test_tallies_of_other_edges_do_not_add() -> None:
    with pytest.raises(ValueError, match="zip"):
        TALLY.plus(replace(TALLY, over=OVER[:-1]))
    with pytest.raises(ValueError, match="zip"):
        TALLY.plus(replace(TALLY, late=LATE[:-1]))


def test_a_tally_fades_in_every_count() -> None:
    over, late = (tuple(count / 2 for count in counts) for counts in (OVER, LATE))
    assert TALLY.times(0.5) == Tally(5.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5, over, 4.0, late)


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
