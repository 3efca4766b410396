"""Betting on a mean: never more capital than there is, a fair game at the level, and how soon it tells."""

from __future__ import annotations

import math
from itertools import accumulate
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.edges import EDGES_S
from segue.rollout.core.betting import (
    STAKES,
    counts_between,
    edges_s,
    gains_beyond,
    log_mean_below,
    log_mean_beyond,
    mean_interval_s,
    mean_units_needed,
    odds_below,
    odds_beyond,
)
from segue.rollout.core.stats import cusum_step, log_mean_exp
from segue.rollout.core.windows import NOTHING, Tally

LONGEST_S = 20.0
ON_LESS = (0.05, 0.1, 0.2, 0.4, 0.7, 0.95)


@pytest.fixture(autouse=True)
def _reckoned_anew() -> None:
    """What another test has reckoned is not taken from it: mutants are looked for in one process."""
    odds_beyond.cache_clear()
    odds_below.cache_clear()


durations = st.lists(st.floats(0.0, LONGEST_S), min_size=1, max_size=40)
levels = st.sampled_from(EDGES_S) | st.floats(0.01, 19.9)


def tally_of(seconds: list[float], edges: frozenset[float] = frozenset(EDGES_S)) -> Tally:
    """As a source counts these calls, at these of the edges; at others it counts none."""
    over = tuple(float(sum(one > edge for one in seconds)) if edge in edges else 0.0 for edge in EDGES_S)
    return Tally(units=len(seconds), timed=float(len(seconds)), seconds=math.fsum(seconds), over=over)


def capital(seconds: list[float], level_s: float, bet: float) -> float:
    """What a gambler has in truth, in logarithms."""
    return sum(math.log1p(bet * (one - level_s)) for one in seconds)


def truly_beyond(seconds: list[float], level_s: float) -> list[float]:
    return [capital(seconds, level_s, stake / level_s) for stake in STAKES]


def truly_below(seconds: list[float], level_s: float) -> float:
    return log_mean_exp([capital(seconds, level_s, -stake / (LONGEST_S - level_s)) for stake in ON_LESS])


# Never more than there is


@given(durations, levels)
def test_what_is_counted_is_never_more_than_the_true_capital(seconds: list[float], level_s: float) -> None:
    tally = tally_of(seconds)

    for counted, true in zip(gains_beyond(tally, level_s, LONGEST_S), truly_beyond(seconds, level_s), strict=True):
        assert counted <= true + 1e-9
    assert log_mean_beyond(tally, level_s, LONGEST_S) <= log_mean_exp(truly_beyond(seconds, level_s)) + 1e-9
    assert log_mean_below(tally, level_s, LONGEST_S) <= truly_below(seconds, level_s) + 1e-9


@pytest.mark.parametrize("edges", [frozenset(), frozenset({10.0}), frozenset({0.35})])
@pytest.mark.parametrize("took_s", [1.0, 1.9, 9.0])
def test_calls_of_which_only_the_sum_is_known_are_not_taken_for_short_ones(
    edges: frozenset[float], took_s: float
) -> None:
    """Where the counts cannot have this sum they are not of all edges."""
    seconds = [took_s] * 100

    assert log_mean_below(tally_of(seconds, edges), 2.0, LONGEST_S) <= truly_below(seconds, 2.0)


def test_where_the_sum_alone_is_believed_every_call_took_no_time_or_the_longest() -> None:
    """100 calls that took 190 s: nine and a half of 20 s."""
    unknown = tally_of([1.9] * 100, frozenset())

    counted = gains_beyond(unknown, 2.0, LONGEST_S)
    assert counted == pytest.approx(
        [9.5 * math.log1p(stake * 9.0) + 90.5 * math.log1p(-stake) for stake in STAKES]
    )


def test_where_every_call_lies_on_an_edge_nothing_is_lost() -> None:
    seconds = [0.35] * 7 + [2.0] * 3 + [20.0]

    assert gains_beyond(tally_of(seconds), 2.5, LONGEST_S) == pytest.approx(truly_beyond(seconds, 2.5))
    assert log_mean_below(tally_of(seconds), 2.5, LONGEST_S) == pytest.approx(truly_below(seconds, 2.5))


def test_the_worst_that_lies_behind_the_counts_is_on_the_edges_the_longest_first() -> None:
    """Four calls of 1.0 to 1.5 s that took 4.8 s: one and six tenths of them 1.5 s, the others 1 s."""
    tally = tally_of([1.2] * 4)

    worst = [2.4 * math.log1p(stake * (1.0 - 2.0) / 2.0) for stake in STAKES]
    longer = [1.6 * math.log1p(stake * (1.5 - 2.0) / 2.0) for stake in STAKES]
    assert gains_beyond(tally, 2.0, LONGEST_S) == pytest.approx(
        [a + b for a, b in zip(worst, longer, strict=True)]
    )


def test_nothing_seen_is_worth_nothing() -> None:
    assert gains_beyond(NOTHING, 2.0, LONGEST_S) == [0.0] * len(STAKES)
    assert log_mean_below(NOTHING, 2.0, LONGEST_S) == 0.0


def test_calls_longer_than_the_longest_count_as_the_longest() -> None:
    over, most = Tally(timed=3.0, seconds=99.0, over=(3.0,) * 10), tally_of([LONGEST_S] * 3)

    assert gains_beyond(over, 2.0, LONGEST_S) == pytest.approx(gains_beyond(most, 2.0, LONGEST_S))
    assert log_mean_below(over, 2.0, LONGEST_S) == pytest.approx(log_mean_below(most, 2.0, LONGEST_S))


def test_a_sum_that_is_too_small_for_the_counts_is_counted_as_the_least_they_can_be() -> None:
    rough, least = Tally(timed=2.0, seconds=1.0, over=(2.0,) * 4 + (0.0,) * 6), tally_of([1.5000001] * 2)

    assert gains_beyond(rough, 2.0, LONGEST_S) == pytest.approx(gains_beyond(least, 2.0, LONGEST_S), abs=1e-6)


# What is counted


def test_intervals_end_at_the_edges_and_at_the_longest() -> None:
    assert edges_s(20.0) == (0.0, *EDGES_S, 20.0)
    assert edges_s(4.5) == (0.0, 0.35, 0.75, 1.0, 1.5, 2.0, 2.5, 4.0, 4.5, 4.5, 4.5, 4.5)


@given(durations)
def test_every_call_lies_in_one_interval(seconds: list[float]) -> None:
    counts = counts_between(tally_of(seconds))
    ends_s = edges_s(LONGEST_S)

    beyond = list(accumulate(reversed(counts)))[::-1]
    assert beyond[0] == len(seconds)
    assert beyond[1:] == [sum(one > edge for one in seconds) for edge in ends_s[1:-1]]


def test_at_an_edge_that_was_not_counted_there_are_as_many_as_beyond_the_next() -> None:
    rough = Tally(timed=9.0, over=(0.0, 7.0, 0.0, 0.0, 3.0, 0.0, 0.0, 0.0, 0.0, 1.0))

    assert counts_between(rough) == [2.0, 0.0, 4.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 0.0, 1.0]
    assert sum(counts_between(Tally(timed=1.0, over=(3.0,) * 10))) == 3.0
    assert sum(counts_between(Tally(timed=1.0, over=(3.0, *(1.0,) * 9)))) == 3.0


def test_a_shorter_longest_leaves_no_room_beyond_it() -> None:
    seconds = [1.0, 4.2, 4.5]

    counted = gains_beyond(tally_of(seconds), 2.0, 4.5)
    assert all(math.isfinite(gain) for gain in counted)
    true = [sum(math.log1p(stake * (one - 2.0) / 2.0) for one in seconds) for stake in STAKES]
    assert all(ours <= theirs + 1e-9 for ours, theirs in zip(counted, true, strict=True))


# A fair game


@pytest.mark.parametrize("level_s", EDGES_S)
@pytest.mark.parametrize(("low_s", "high_s"), [(0.0, 20.0), (0.35, 20.0), (0.0, 10.0), (0.0, 0.0)])
def test_at_the_level_itself_the_capital_is_one_on_average(level_s: float, low_s: float, high_s: float) -> None:
    """Calls of two durations whose mean is the level, every outcome of six of them added up."""
    low_s, high_s = min(low_s, level_s), max(high_s, level_s)
    part = (level_s - low_s) / (high_s - low_s) if high_s > low_s else 1.0
    beyond = below = 0.0
    for longer in range(7):
        likely = math.comb(6, longer) * part**longer * (1.0 - part) ** (6 - longer)
        tally = tally_of([high_s] * longer + [low_s] * (6 - longer))
        beyond += likely * math.exp(log_mean_beyond(tally, level_s, LONGEST_S))
        below += likely * math.exp(log_mean_below(tally, level_s, LONGEST_S))

    assert beyond == pytest.approx(1.0)
    assert below == pytest.approx(1.0)


def drawn(random: Random, mean_s: float) -> float:
    """Log-normal, P99 about three times the mean, as calls are; none above the longest."""
    return min(random.lognormvariate(math.log(mean_s) - 0.49**2 / 2, 0.49), LONGEST_S)


@pytest.mark.parametrize("evidence", [log_mean_below, log_mean_beyond], ids=["below", "beyond"])
def test_at_the_level_itself_a_wrong_verdict_comes_no_more_often_than_it_says(evidence: object) -> None:
    """400 runs of 300 calls, looked at after each 10; one in five may be wrong."""
    assert callable(evidence)
    random, wrong = Random(3), 0
    for _ in range(400):
        seconds: list[float] = []
        for _ in range(30):
            seconds += [drawn(random, 2.0) for _ in range(10)]
            if evidence(tally_of(seconds), 2.0, LONGEST_S) >= math.log(5.0):
                wrong += 1
                break

    assert wrong <= 80


def test_at_the_level_itself_a_detector_cries_wolf_no_more_often_than_it_says() -> None:
    """Slots of 10 calls that take 1 s or 11 s, 2 s on average; 50 slots or more between alarms."""
    random, lengths = Random(11), []
    for _ in range(60):
        log_e, slots = [0.0] * len(STAKES), 0
        while slots < 2000 and log_mean_exp(log_e) < math.log(50.0):
            seconds = [11.0 if random.random() < 0.1 else 1.0 for _ in range(10)]
            gains = gains_beyond(tally_of(seconds), 2.0, LONGEST_S)
            log_e = [cusum_step(one, gain, 99.0) for one, gain in zip(log_e, gains, strict=True)]
            slots += 1
        lengths.append(slots)

    assert sum(lengths) / len(lengths) >= 50.0


# How soon


@pytest.mark.parametrize(("mean_s", "units"), [(0.9, 126), (1.5, 281), (1.8, 759), (1.9, 1815)])
def test_a_mean_below_the_level_is_shown_by_about_so_many_units(mean_s: float, units: float) -> None:
    """The median of nine runs, within 40 % of what betting on the durations themselves takes, or sooner."""
    random, needed = Random(1), []
    for _ in range(9):
        seconds: list[float] = []
        while log_mean_below(tally_of(seconds), 2.0, LONGEST_S) < math.log(20.0):
            seconds += [drawn(random, mean_s) for _ in range(20 if mean_s < 1.8 else 60)]
        needed.append(len(seconds))

    assert sorted(needed)[4] <= 1.4 * units


def units_to_alarm(mean_s: float, in_a_slot: int) -> int:
    """The median of nine runs; an alarm takes odds of 100,000."""
    random, needed = Random(2), []
    for _ in range(9):
        log_e, seen = [0.0] * len(STAKES), 0
        while log_mean_exp(log_e) < math.log(1e5):
            gains = gains_beyond(tally_of([drawn(random, mean_s) for _ in range(in_a_slot)]), 2.0, LONGEST_S)
            log_e = [cusum_step(one, gain, 99.0) for one, gain in zip(log_e, gains, strict=True)]
            seen += in_a_slot
        needed.append(seen)
    return sorted(needed)[4]


@pytest.mark.parametrize(("mean_s", "units"), [(2.2, 643), (2.5, 123), (2.7, 79), (3.0, 52)])
def test_a_mean_beyond_the_level_is_noticed_within_about_so_many_units(mean_s: float, units: float) -> None:
    """Units that come one by one within 40 % of what the durations themselves take; of a slot of thirty only the
    sum and the counts are known, which takes about twice as many.
    """
    assert units_to_alarm(mean_s, 1) <= 1.4 * units
    assert units_to_alarm(mean_s, 30) <= 2.2 * units


# Intervals and forecasts


@given(durations, st.floats(1e-4, 0.3))
def test_the_interval_holds_the_estimate_and_lies_within_what_is_possible(
    seconds: list[float], alpha: float
) -> None:
    low_s, high_s = mean_interval_s(tally_of(seconds), LONGEST_S, alpha)

    assert 0.0 <= low_s <= math.fsum(seconds) / len(seconds) + 1e-6
    assert math.fsum(seconds) / len(seconds) - 1e-6 <= high_s <= LONGEST_S


def test_the_interval_ends_where_the_evidence_of_each_side_reaches_half_of_alpha() -> None:
    tally = tally_of([0.35] * 400 + [2.0] * 200)

    low_s, high_s = mean_interval_s(tally, LONGEST_S, 0.05)

    assert log_mean_beyond(tally, low_s, LONGEST_S) == pytest.approx(math.log(40.0), abs=0.01)
    assert log_mean_below(tally, high_s, LONGEST_S) == pytest.approx(math.log(40.0), abs=0.01)


def test_the_interval_narrows_with_more_of_the_same_and_widens_with_certainty() -> None:
    widths = [high_s - low_s for times in (1, 4, 16, 64) for low_s, high_s in [_interval(times, 0.05)]]

    assert widths == sorted(widths, reverse=True)
    assert widths[-1] < widths[0] / 4
    assert _interval(16, 0.001)[0] < _interval(16, 0.05)[0]
    assert _interval(16, 0.05)[1] < _interval(16, 0.001)[1]


def _interval(times: int, alpha: float) -> tuple[float, float]:
    return mean_interval_s(tally_of([0.5, 0.8, 1.2, 2.2] * 10 * times), LONGEST_S, alpha)


def test_without_a_call_the_mean_is_anywhere() -> None:
    assert mean_interval_s(NOTHING, LONGEST_S, 0.05) == (0.0, LONGEST_S)
    assert mean_interval_s(tally_of([0.0]), LONGEST_S, 0.05)[0] == 0.0
    assert mean_interval_s(tally_of([LONGEST_S]), LONGEST_S, 0.05)[1] == LONGEST_S
    assert mean_interval_s(Tally(timed=1.0, seconds=99.0), LONGEST_S, 0.05)[1] == LONGEST_S


@pytest.mark.parametrize("mean_s", [0.9, 1.5, 1.8])
def test_the_forecast_is_near_what_it_takes(mean_s: float) -> None:
    random = Random(4)
    seconds = [drawn(random, mean_s) for _ in range(4000)]
    forecast = mean_units_needed(2.0, LONGEST_S, tally_of(seconds), 0.05)
    takes = next(
        count
        for count in range(10, 4000, 10)
        if log_mean_below(tally_of(seconds[:count]), 2.0, LONGEST_S) >= math.log(20.0)
    )

    assert takes / 2.0 <= forecast <= takes * 2.0


def test_no_number_of_calls_shows_what_is_not_so() -> None:
    assert mean_units_needed(2.0, LONGEST_S, tally_of([2.0] * 9), 0.05) == math.inf
    assert mean_units_needed(2.0, LONGEST_S, tally_of([5.0] * 9), 0.05) == math.inf
    assert mean_units_needed(2.0, LONGEST_S, tally_of([1.5] * 9), 0.05) < math.inf
