"""What is drawn has the distributions that were asked for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, NOTHING
from segue.simulation.draw import Dice
from segue.simulation.world import DAY_S, Behaviour, Delays, Fault, World, behaviour, parse_fault

if TYPE_CHECKING:
    from segue.simulation.drawn import Drawn, Floats, Mask

RUNS = 4_000
LEVELS = frozenset({1.5, 2.5, 4.0, 10.0})
FIRST_LEVELS = frozenset({0.5, 1.0})
LONGEST_S = 20.0
UNITS = 50.0


def world(**changes: object) -> World:
    return World(("ghoul", "pip_boy"), **changes)  # type: ignore[arg-type]  # a test's shorthand


def drawn(of: World, arm: Arm, fault: str = "", units: float = UNITS) -> Drawn:
    struck: list[tuple[Fault, Mask]] = []
    if fault:
        parsed = parse_fault(fault)
        whom = np.array([parsed.character in ("", name) for name in of.characters])
        struck = [(parsed, np.ones((RUNS, 1), dtype=bool) & whom)]
    return Dice(of, LEVELS, FIRST_LEVELS, LONGEST_S, 7).outcomes(arm, np.full((RUNS, 2), units), struck)


def rate(part: Floats, whole: Floats) -> float:
    return float(part.sum() / whole.sum())


def near(chance: float, trials: float) -> object:
    """Within five standard errors."""
    return pytest.approx(chance, abs=5.0 * math.sqrt(max(chance * (1 - chance), 1e-9) / trials))


def test_delays_have_the_mean_and_the_99th_percentile_that_were_asked_for() -> None:
    delays = Delays(0.9, 2.5)

    assert delays.beyond(2.5) == pytest.approx(0.01)
    assert math.exp(delays.mu + delays.sigma**2 / 2) == pytest.approx(0.9)


def test_sessions_come_at_the_rate_of_the_traffic_spread_over_eligible_characters() -> None:
    dice = Dice(world(requests_per_s=10.0, burst=5), LEVELS, FIRST_LEVELS, LONGEST_S, 3)
    eligible = np.tile([True, False], (RUNS, 1))

    sessions = dice.sessions(np.zeros(RUNS), np.full(RUNS, 60.0), np.full(RUNS, 0.25), eligible)

    assert sessions[:, 0].mean() == pytest.approx(10 / 5 / 2 * 60 * 0.25, rel=0.03)
    assert sessions[:, 0].var() == pytest.approx(sessions[:, 0].mean(), rel=0.15)
    assert not sessions[:, 1].any()


@pytest.mark.parametrize(
    ("at_s", "expected"), [(0.0, 1.0), (DAY_S / 2, 0.3 * 1.1), (DAY_S, 1.2), (1.5 * DAY_S, 0.3 * 1.3)]
)
def test_traffic_sinks_at_night_and_grows_from_day_to_day(at_s: float, expected: float) -> None:
    dice = Dice(world(requests_per_s=2.0, night=0.7, drift_per_day=0.2), LEVELS, FIRST_LEVELS, LONGEST_S, 3)
    everyone = np.ones((RUNS, 2), dtype=bool)

    sessions = dice.sessions(np.full(RUNS, at_s), np.full(RUNS, 60.0), np.ones(RUNS), everyone)

    assert sessions.mean() == pytest.approx(60.0 * expected, rel=0.03)


def test_a_healthy_arm_fails_takes_its_time_and_exceeds_each_edge_as_often_as_it_should() -> None:
    usual = Behaviour(0.002, Delays(0.9, 2.5))
    slot = drawn(world(candidate=usual), Arm.CANDIDATE)
    trials = slot.units.sum()

    assert rate(slot.errors, slot.units) == near(0.002, trials)
    assert rate(slot.seconds, slot.timed) == pytest.approx(0.9, rel=0.01)
    for level in LEVELS:
        assert rate(slot.over[EDGES_S.index(level)], slot.timed) == near(usual.delays.beyond(level), trials)
    assert not slot.over[EDGES_S.index(0.35)].any(), "no gate looks there"


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
    ("fault", "mean_s"), [("", 0.3), ("late:1.2@0h", 1.2), ("slow:1.8@0h", 0.6), ("error:0.5@0h", 0.3)]
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
    sessions = np.full((RUNS, 2), UNITS)
    slot = Dice(world(), LEVELS, frozenset(), LONGEST_S, 7).outcomes(Arm.CANDIDATE, sessions, [])

    assert not slot.streams.any()
    assert slot.late.shape == (0, RUNS, 2)
    assert slot.tally(0, 0, handed_on=True).late == NOTHING.late


def test_a_fault_of_one_character_leaves_the_others_alone() -> None:
    slot = drawn(world(), Arm.CANDIDATE, "error:1@0h/pip_boy")

    assert np.array_equal(slot.errors[:, 1], slot.units[:, 1])
    assert rate(slot.errors[:, 0], slot.units[:, 0]) == near(0.002, RUNS * UNITS)


def test_sessions_counted_twice_fail_together() -> None:
    bursty = world(burst=20, split_sessions=0.5, candidate=behaviour(0.1, 0.9))
    slot = drawn(bursty, Arm.CANDIDATE)
    sessions = UNITS

    assert slot.units.mean() == pytest.approx(sessions * 1.5, rel=0.01)
    assert rate(slot.errors, slot.units) == pytest.approx(0.1, rel=0.02)
    variance_of_independent_units = sessions * 1.5 * 0.1 * 0.9
    assert slot.errors.var() == pytest.approx(
        variance_of_independent_units * (0.5 + 0.5 * 4) / 1.5 + 0.01 * sessions * 0.25, rel=0.1
    )
