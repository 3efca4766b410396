"""What is drawn has the distributions that were asked for."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.windows import NOTHING
from segue.rollout.simulation.draw import Dice
from segue.rollout.simulation.world import (
    DAY_S,
    Behaviour,
    Delays,
    SimulatedFault,
    Tail,
    World,
    behaviour,
    parse_fault,
    zipf,
)

if TYPE_CHECKING:
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask

RUNS = 4_000
LEVELS = frozenset({1.5, 2.5, 4.0, 10.0})
FIRST_LEVELS = frozenset({0.5, 1.0})
LONGEST_S = 20.0
WINDOW_S = 900.0
UNITS = 50.0
MANY_UNITS = 200.0
"""So many that they are drawn by counts, not one by one."""


def world(**changes: object) -> World:
    return World(("ghoul", "pip_boy"), **changes)  # type: ignore[arg-type]  # a test's shorthand


def dice(of: World, first_levels: frozenset[float] = FIRST_LEVELS) -> Dice:
    return Dice(of, first_levels, LONGEST_S, WINDOW_S, 7)


def drawn(of: World, arm: Arm, fault: str = "", units: float = UNITS, *, rescued: bool = True) -> Drawn:
    struck: list[tuple[SimulatedFault, Mask]] = []
    if fault:
        parsed = parse_fault(fault)
        whom = np.array([parsed.character in ("", name) for name in of.characters])
        struck = [(parsed, np.ones((RUNS, 1), dtype=bool) & whom)]
    return dice(of).outcomes(arm, np.full((RUNS, 2), units), struck, rescued=rescued)


def rate(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum())


def near(chance: float, trials: float) -> object:
    """Within five standard errors."""
    return pytest.approx(chance, abs=5.0 * math.sqrt(max(chance * (1 - chance), 1e-9) / trials))


def test_delays_have_the_mean_and_the_99th_percentile_that_were_asked_for() -> None:
    delays = Delays(0.9, 2.5)

    assert delays.beyond(2.5) == pytest.approx(0.01)
    assert math.exp(delays.mu + delays.sigma**2 / 2) == pytest.approx(0.9)


def test_a_pareto_tail_has_the_mean_and_the_99th_percentile_that_were_asked_for() -> None:
    delays = Delays(0.9, 3.6, Tail.PARETO)

    assert delays.beyond(3.6) == pytest.approx(0.01)
    assert delays.beyond(0.01) == 1.0
    assert delays.beyond(20.0) > Delays(0.9, 3.6).beyond(20.0), "the longest ones are far longer"


def units_of(
    of: World, at_s: float = 0.0, part: float = 1.0, eligible: tuple[bool, bool] = (True, True)
) -> Floats:
    """Of a minute."""
    return dice(of).units(
        np.full(RUNS, at_s), np.full(RUNS, 60.0), np.full(RUNS, part), np.tile(eligible, (RUNS, 1))
    )


def test_units_come_at_the_rate_of_the_traffic_spread_over_eligible_characters() -> None:
    units = units_of(world(requests_per_s=10.0, burst=5, session_s=60.0), part=0.25, eligible=(True, False))

    assert units[:, 0].mean() == pytest.approx(10 / 5 / 2 * 60 * 0.25, rel=0.03)
    assert units[:, 0].var() == pytest.approx(units[:, 0].mean(), rel=0.15)
    assert not units[:, 1].any()


def test_characters_are_spoken_as_often_as_they_are_popular() -> None:
    units = units_of(world(requests_per_s=10.0, popularity=zipf(2)))

    assert rate(units[:, 1], units) == near(1 / 3, units.sum())


@pytest.mark.parametrize(("session_s", "units"), [(0.0, 1.5), (600.0, 1.0), (3600.0, 4.0), (86_400.0, 20.0)])
def test_a_session_makes_a_unit_in_each_window_and_never_more_than_it_has_requests(
    session_s: float, units: float
) -> None:
    sessions = world(requests_per_s=20.0, burst=20, session_s=session_s)

    assert sessions.units_a_session(WINDOW_S) == pytest.approx(units)
    assert units_of(sessions).sum(axis=1).mean() == pytest.approx(60.0 * units, rel=0.03)


def test_what_one_listener_sends_who_counts_once_is_missing_from_the_units() -> None:
    assert units_of(world(requests_per_s=10.0, heavy=0.3)).sum(axis=1).mean() == pytest.approx(420.0, rel=0.03)


@pytest.mark.parametrize(
    ("at_s", "expected"), [(0.0, 1.0), (DAY_S / 2, 0.3 * 1.1), (DAY_S, 1.2), (1.5 * DAY_S, 0.3 * 1.3)]
)
def test_traffic_sinks_at_night_and_grows_from_day_to_day(at_s: float, expected: float) -> None:
    units = units_of(world(requests_per_s=2.0, night=0.7, drift_per_day=0.2), at_s)

    assert units.mean() == pytest.approx(60.0 * expected, rel=0.03)


@pytest.mark.parametrize("units", [10.0, MANY_UNITS])
def test_a_healthy_arm_fails_takes_its_time_and_exceeds_each_edge_as_often_as_it_should(units: float) -> None:
    usual = Behaviour(0.002, Delays(0.9, 2.5))
    slot = drawn(world(candidate=usual), Arm.CANDIDATE, units=units)
    trials = slot.units.sum()

    assert rate(slot.errors, slot.units) == near(0.002, trials)
    assert rate(slot.seconds, slot.timed) == pytest.approx(0.9, rel=0.01)
    for number, edge_s in enumerate(EDGES_S):
        assert rate(slot.over[number], slot.timed) == near(usual.delays.beyond(edge_s), trials)


@pytest.mark.parametrize("units", [10.0, MANY_UNITS])
def test_a_pareto_tail_exceeds_each_edge_as_often_as_it_should_and_nothing_lasts_longer_than_a_call_may(
    units: float,
) -> None:
    delays = Delays(0.9, 3.6, Tail.PARETO)
    slot = drawn(world(candidate=Behaviour(0.002, delays)), Arm.CANDIDATE, units=units)

    for number, edge_s in enumerate(EDGES_S):
        assert rate(slot.over[number], slot.timed) == near(delays.beyond(edge_s), slot.timed.sum())
    assert rate(slot.seconds, slot.timed) == pytest.approx(0.9, rel=0.03)
    assert (slot.seconds <= slot.timed * LONGEST_S).all()


@pytest.mark.parametrize("units", [1.0, 10.0, MANY_UNITS])
def test_fewer_and_fewer_take_longer_than_one_edge_after_another(units: float) -> None:
    slot = drawn(world(), Arm.CANDIDATE, "hang:0.2@0h", units)

    counts = np.concatenate([slot.timed[None], slot.over])
    assert (np.diff(counts, axis=0) <= 0).all()


@pytest.mark.parametrize("units", [10.0, MANY_UNITS])
def test_one_by_one_and_by_counts_sums_vary_as_much(units: float) -> None:
    usual = Behaviour(0.0, Delays(0.9, 2.5))
    slot = drawn(world(candidate=usual), Arm.CANDIDATE, units=units)

    spread_s = 0.9 * math.sqrt(math.expm1(usual.delays.sigma**2))
    assert (slot.seconds / slot.timed).std() * math.sqrt(units) == pytest.approx(spread_s, rel=0.1)


@pytest.mark.parametrize("units", [10.0, MANY_UNITS])
def test_what_drags_both_arms_takes_them_so_many_times_as_long_on_top_of_what_slows_one(units: float) -> None:
    for arm in Arm:
        slot = drawn(world(), arm, "drag:3@0h", units)
        assert rate(slot.seconds, slot.timed) == pytest.approx(2.7, rel=0.02)

    drag, slow = ((parse_fault(fault), np.ones((RUNS, 2), dtype=bool)) for fault in ("drag:3@0h", "slow:1.5@0h"))
    slot = dice(world()).outcomes(Arm.CANDIDATE, np.full((RUNS, 2), units), [drag, slow], rescued=True)
    assert rate(slot.seconds, slot.timed) == pytest.approx(4.5, rel=0.03)


def test_what_fails_is_handed_on_and_fails_there_as_often_as_the_baseline_does() -> None:
    alone = drawn(world(baseline=behaviour(0.1, 0.9)), Arm.CANDIDATE, "error:0.5@0h")
    together = drawn(world(), Arm.CANDIDATE, "outage:0.5@0h")

    for slot, failing in ((alone, 0.1), (together, 0.5)):
        assert np.array_equal(slot.fallbacks, slot.errors)
        assert rate(slot.unserved, slot.fallbacks) == near(failing, slot.fallbacks.sum())


def test_what_nobody_hands_on_is_heard_by_nobody() -> None:
    slot = drawn(world(), Arm.BASELINE, "outage:0.5@0h", rescued=False)

    assert not slot.fallbacks.any()
    assert np.array_equal(slot.unserved, slot.errors)


def test_an_error_fault_fails_as_many_as_it_says_of_the_candidate_alone() -> None:
    ours = drawn(world(), Arm.CANDIDATE, "error:0.15@0h")
    theirs = drawn(world(), Arm.BASELINE, "error:0.15@0h")

    assert rate(ours.errors, ours.units) == near(0.15, RUNS * 2 * UNITS)
    assert rate(theirs.errors, theirs.units) == near(0.002, RUNS * 2 * UNITS)


def test_an_outage_strikes_both_arms_alike() -> None:
    for arm in Arm:
        slot = drawn(world(), arm, "outage:0.5@0h")
        assert rate(slot.errors, slot.units) == near(0.5, RUNS * 2 * UNITS)


def test_silence_is_bad_audio_and_a_failure_but_has_a_duration_of_its_own() -> None:
    slot = drawn(world(candidate=Behaviour(0.0)), Arm.CANDIDATE, "silence:0.2@0h")

    assert rate(slot.bad_audio, slot.units) == near(0.2, RUNS * 2 * UNITS)
    assert np.array_equal(slot.errors, slot.bad_audio)


def test_a_call_that_hangs_fails_and_takes_the_longest_time_there_is() -> None:
    slot = drawn(world(candidate=Behaviour(0.0)), Arm.CANDIDATE, "hang:1@0h")

    assert np.array_equal(slot.errors, slot.units)
    assert np.array_equal(slot.timed, slot.units)
    assert np.array_equal(slot.over[EDGES_S.index(10.0)], slot.units)
    assert np.array_equal(slot.seconds, slot.units * LONGEST_S)


def test_a_slow_candidate_takes_the_mean_that_the_fault_names() -> None:
    slot = drawn(world(), Arm.CANDIDATE, "slow:6@0h")

    assert rate(slot.seconds, slot.timed) == pytest.approx(6.0, rel=0.01)
    assert rate(slot.over[EDGES_S.index(10.0)], slot.timed) == near(
        Delays(6.0, 6.0 * 2.5 / 0.9).beyond(10.0), RUNS * 2 * UNITS
    )


@pytest.mark.parametrize(
    ("fault", "mean_s"),
    [("", 0.3), ("late:1.2@0h", 1.2), ("slow:1.8@0h", 0.6), ("drag:2@0h", 0.6), ("error:0.5@0h", 0.3)],
)
def test_streams_begin_as_late_as_the_arm_and_the_fault_say(fault: str, mean_s: float) -> None:
    slot = drawn(world(streams_ratio=0.25), Arm.CANDIDATE, fault)

    assert rate(slot.streams, slot.timed) == near(0.25, slot.timed.sum())
    for level in FIRST_LEVELS:
        expected = Delays(mean_s, 3.0 * mean_s).beyond(level)
        assert rate(slot.late[FIRST_AUDIO_EDGES_S.index(level)], slot.streams) == near(
            expected, slot.streams.sum()
        )
    assert not slot.late[0].any(), "no gate looks there"


def test_streams_that_hang_begin_later_than_any_edge() -> None:
    never_fails = world(streams_ratio=1.0, candidate=behaviour(0.0, 0.9))
    slot = drawn(never_fails, Arm.CANDIDATE, "hang:1@0h")

    assert np.array_equal(slot.streams, slot.units)
    assert np.array_equal(slot.late[FIRST_AUDIO_EDGES_S.index(1.0)], slot.units)


def test_without_a_gate_on_them_no_stream_is_drawn() -> None:
    units = np.full((RUNS, 2), UNITS)
    slot = dice(world(), frozenset()).outcomes(Arm.CANDIDATE, units, [], rescued=True)

    assert not slot.streams.any()
    assert slot.late.shape == (0, RUNS, 2)
    assert slot.tally(0, 0).late == NOTHING.late


@pytest.mark.parametrize("rescued", [True, False])
def test_what_is_added_to_one_count_is_added_to_no_other(*, rescued: bool) -> None:
    slot = drawn(world(), Arm.CANDIDATE, "error:0.2@0h", rescued=rescued)
    counts = [getattr(slot, name) for name in type(slot).__slots__]

    assert not any(np.shares_memory(one, other) for one, other in itertools.combinations(counts, 2))


def test_a_fault_of_one_character_leaves_the_others_alone() -> None:
    slot = drawn(world(), Arm.CANDIDATE, "error:1@0h/pip_boy")

    assert np.array_equal(slot.errors[:, 1], slot.units[:, 1])
    assert rate(slot.errors[:, 0], slot.units[:, 0]) == near(0.002, RUNS * UNITS)


@pytest.mark.parametrize("units", [10.0, MANY_UNITS])
def test_of_sessions_that_fail_as_one_each_is_a_single_failing_unit(units: float) -> None:
    """Of 100 sessions of four units 10 fail: 10 units, beside 360 that do not."""
    long_sessions = world(burst=20, session_s=3600.0, candidate=behaviour(0.1, 0.9))
    slot = drawn(long_sessions, Arm.CANDIDATE, units=units)

    assert rate(slot.errors, slot.units) == near(10 / 370, slot.units.sum())


@pytest.mark.parametrize("size", [0.4, 1.0])
def test_after_a_grave_fault_the_breaker_turns_calls_away_for_a_while_more(size: float) -> None:
    faults = (parse_fault(f"outage:{size}@0h+10m"), parse_fault("slow:3@0h+10m"), parse_fault("error:1@1h"))

    lasts_s = dice(world(breaker_s=60.0)).lasting(faults, RUNS)

    assert np.isinf(lasts_s[:, 2]).all()
    assert (lasts_s[:, 1] == 600.0).all(), "no breaker opens for it"
    assert lasts_s[:, 0].mean() == pytest.approx(630.0 if size == 1.0 else 600.0, abs=2.0)
    assert (lasts_s[:, 0] <= 660.0).all()
