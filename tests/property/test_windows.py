"""Counts add in any order and grouping, and nothing adds nothing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.windows import (
    NOTHING,
    PARTS,
    Slot,
    Tally,
)

counts = st.integers(0, 10**6)
tallies = st.builds(
    Tally,
    units=counts,
    errors=counts,
    bad_audio=counts,
    refused=counts,
    fallbacks=counts,
    unserved=counts,
    timed=counts,
    seconds=counts.map(float),
    over=st.tuples(*[counts] * len(EDGES_S)),
    streams=counts,
    late=st.tuples(*[counts] * len(FIRST_AUDIO_EDGES_S)),
    parts=st.integers(0, 2**PARTS - 1),
)
by_character = st.dictionaries(st.tuples(st.sampled_from(Arm), st.sampled_from(["ghoul", "raider"])), tallies)
slots = st.builds(
    Slot,
    start_s=st.integers(0, 10**6).map(float),
    length_s=st.integers(0, 10**4).map(float),
    tallies=by_character,
    hits=counts,
    lookups=counts,
    assigned=st.tuples(counts, counts),
    daily=st.none() | by_character,
    shadow=st.dictionaries(st.sampled_from(["ghoul", "nick"]), tallies),
    listeners=st.none() | st.tuples(counts, counts),
)


@given(tallies, tallies, tallies)
def test_tallies_add_in_any_order_and_grouping(one: Tally, two: Tally, three: Tally) -> None:
    assert one.plus(two) == two.plus(one)
    assert one.plus(two).plus(three) == one.plus(two.plus(three))
    assert one.plus(NOTHING) == one == NOTHING.plus(one)


@given(slots, slots, slots)
def test_slots_add_in_any_order_and_grouping(one: Slot, two: Slot, three: Slot) -> None:
    assert one.plus(two) == two.plus(one)
    assert one.plus(two).plus(three) == one.plus(two.plus(three))


@given(slots)
def test_an_empty_slot_within_another_adds_nothing(slot: Slot) -> None:
    assert slot.plus(Slot(slot.start_s, 0.0)) == slot


@given(slots, slots, st.sampled_from(Arm), st.frozensets(st.sampled_from(["ghoul", "raider", "nobody"])))
def test_what_an_arm_did_in_two_slots_is_what_it_did_in_each(
    one: Slot, two: Slot, arm: Arm, characters: frozenset[str]
) -> None:
    assert one.plus(two).of(arm, characters) == one.of(arm, characters).plus(two.of(arm, characters))


@given(slots, slots, st.frozensets(st.sampled_from(["ghoul", "raider", "nick"])))
def test_what_two_slots_promote_is_what_each_does(one: Slot, two: Slot, characters: frozenset[str]) -> None:
    both = one.plus(two).promoting

    for arm in Arm:
        assert both.of(arm, characters) == one.promoting.of(arm, characters).plus(
            two.promoting.of(arm, characters)
        )
    assert both.shadow_of(characters) == one.shadow_of(characters).plus(two.shadow_of(characters))


@given(slots, slots)
def test_two_slots_are_silent_where_each_is(one: Slot, two: Slot) -> None:
    assert one.plus(two).is_silent is (one.is_silent and two.is_silent)
