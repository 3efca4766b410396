"""The arrays of many runs and the judge's own evidence are one arithmetic."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from segue.rollout.core.gates import GateMetric
from segue.rollout.core.windows import PARTS
from segue.rollout.simulation.drawn import Drawn, nothing_drawn
from support.fold import RUNS, Both
from support.simulation import CHARACTERS, in_shadow, short_plan, some_slot

SLOTS = 40


@dataclass(frozen=True, slots=True)
class Traffic:
    """Mean units of a character in a slot, from which one is drawn each time, and how many are bad."""

    candidate: tuple[float, ...] = (0.0, 0.3, 8.0)
    baseline: tuple[float, ...] = (0.0, 5.0)
    shadow: tuple[float, ...] = (0.0,)
    bad: float = 0.15
    baseline_bad: tuple[float, ...] = (0.002, 0.5)


class Source:
    """Slots of some traffic."""

    def __init__(self, seed: int, traffic: Traffic) -> None:
        self._dice = np.random.default_rng(seed)
        self._traffic = traffic

    def next(self) -> tuple[Drawn, Drawn, Drawn]:
        """Of the candidate, the baseline and the candidate's shadow."""
        dice, traffic = self._dice, self._traffic
        candidate = some_slot(dice, RUNS, dice.choice(traffic.candidate), traffic.bad, rescued=True)
        baseline = some_slot(dice, RUNS, dice.choice(traffic.baseline), dice.choice(traffic.baseline_bad))
        return candidate, baseline, in_shadow(some_slot(dice, RUNS, dice.choice(traffic.shadow), traffic.bad))


@pytest.fixture(params=range(3))
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("bad", [0.002, 0.04, 0.15, 0.6])
def test_every_slot_leaves_the_fold_with_the_evidence_that_the_core_has(seed: int, bad: float) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(bad=bad))

    for _ in range(SLOTS):
        both.slot(*source.next())
        both.agree()


def test_what_the_candidate_does_in_the_shadow_counts_and_hands_nothing_on(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(shadow=(0.0, 2.0), bad=0.3))

    for _ in range(SLOTS):
        both.slot(*source.next())
        both.agree()


def test_with_nobody_on_the_baseline_what_was_handed_on_tells_how_it_does(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(4.0,), baseline=(0.0,), bad=0.3))

    for _ in range(SLOTS):
        both.slot(*source.next())
        both.agree()

    comparisons = [
        way.comparison for known in both.known for watch in known.watches.values() for way in watch.ways
    ]
    assert any(found is not None and found.other_trials and found.log_e for found in comparisons)


def test_after_a_step_to_everybody_the_baseline_becomes_rare(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(4.0,), baseline=(4.0,), bad=0.1))
    everybody = Source(seed, Traffic(candidate=(8.0,), baseline=(0.1,), bad=0.1))

    for slot in range(SLOTS):
        if slot == SLOTS // 2:
            both.begin()
        both.slot(*(source if slot < SLOTS // 2 else everybody).next())
        both.agree()


def test_trouble_lasts_for_the_parts_of_a_slot_in_which_calls_failed(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(bad=0.4))

    for slot in range(SLOTS):
        both.slot(*source.next(), parts=1 + slot % PARTS)
        both.agree()


def test_a_blip_rings_for_neither_however_bad_it_is(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(30.0,), bad=1.0))

    both.slot(*source.next(), parts=2)

    both.agree()
    [error_rate] = [gate for gate in both.fold.gates if gate.gate.metric is GateMetric.ERROR_RATE]
    assert (error_rate.log_e.max(axis=0) > 20.0).all()
    assert not error_rate.rings(np.full(RUNS, len(CHARACTERS))).any()


def test_without_a_baseline_the_judge_is_asked_once_the_trouble_has_lasted_as_long_as_the_plan_says() -> None:
    plan = short_plan()
    both = Both(replace(plan, policy=replace(plan.policy, alone_after_s=600.0)))
    source = Source(1, Traffic(candidate=(30.0,), baseline=(0.0,), shadow=(0.0,), bad=1.0))
    rings, accuses = [], []

    for _ in range(12):
        candidate, baseline, shadow = source.next()
        candidate.fallbacks[:] = 0.0  # whatever fell back would be compared with
        both.slot(candidate, baseline, shadow)
        rings.append(both.fold.ringing(accusing=False).all())
        accuses.append(both.fold.ringing(accusing=True).any())

    assert rings == [True] * 12
    assert accuses == [False] * 9 + [True] * 3


def test_a_new_step_counts_anew_and_its_detectors_remember(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(6.0,), bad=0.08))

    for slot in range(SLOTS):
        if slot == SLOTS // 2:
            both.begin()
            both.agree()
        both.slot(*source.next())
    both.agree()


def test_after_going_back_nothing_is_remembered(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(8.0,), bad=0.6, baseline_bad=(0.002,)))
    for _ in range(SLOTS // 2):
        both.slot(*source.next())
    assert both.rings

    both.go_back()

    both.agree()
    assert not both.fold.ringing(accusing=False).any()
    for _ in range(SLOTS // 2):
        both.slot(*source.next())
        both.agree()


def test_after_a_character_was_taken_back_the_others_watches_go_on(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(3.0,), bad=0.08))
    for _ in range(SLOTS // 2):
        both.slot(*source.next())

    both.take_back("raider")

    for _ in range(SLOTS // 2):
        both.slot(*source.next())
        both.agree()
    assert not any(scope == "raider" for known in both.known for _, scope in known.watches)


@pytest.mark.parametrize("by_candidate", [True, False])
def test_the_hold_counts_silences_up_to_a_night_and_no_longer_ones(seed: int, *, by_candidate: bool) -> None:
    plan = short_plan()
    both = Both(replace(plan, statistics=replace(plan.statistics, quiet_s=600.0)))
    source = Source(seed, Traffic(candidate=(0.0, 0.1, 2.0), baseline=(0.0, 0.1)))

    for slot in range(SLOTS):
        if slot % 8 == 7:
            both.silence(9 + slot % 3)
        both.slot(*source.next(), by_candidate=by_candidate)
        both.agree()


def test_neither_a_step_that_is_not_held_nor_a_time_that_nobody_watched_adds_to_the_hold(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(candidate=(0.0, 0.1, 2.0)))
    dice = np.random.default_rng(seed)

    for _ in range(2 * SLOTS):
        both.slot(*source.next(), holds=bool(dice.random() < 0.7), watched=bool(dice.random() < 0.8))
        both.agree()

    assert all(0.0 < known.held_s < 2 * SLOTS * 60.0 for known in both.known)


def test_where_nobody_looked_and_nobody_called_the_hold_goes_on_with_the_next_call() -> None:
    both, source = Both(short_plan()), Source(1, Traffic(candidate=(9.0,), baseline=(9.0,)))
    nothing = nothing_drawn(RUNS, len(CHARACTERS), streams=True)
    both.slot(*source.next())

    for _ in range(30):
        both.slot(nothing, nothing, nothing, watched=False)
    both.slot(nothing, nothing, nothing)
    both.slot(*source.next())

    both.agree()
    assert both.fold.held_s.tolist() == [120.0] * RUNS


def test_only_a_listeners_first_of_a_day_can_promote(seed: int) -> None:
    both, source = Both(short_plan()), Source(seed, Traffic(shadow=(0.0, 2.0), bad=0.05))

    for _ in range(SLOTS):
        both.slot(*source.next(), promoting=0.25)
        both.agree()
