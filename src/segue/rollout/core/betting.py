"""Tests whether the mean of bounded durations is below or above a level, by betting, from counts and a sum.

Waudby-Smith and Ramdas 2024, JRSS-B 86(1), section 4: a gambler bets on "more than m" before each call and stakes
the part ``b`` of the stake that could ruin them. If the mean of ``x`` is at most ``m``, the gambler's capital,
``prod(1 + b (x - m) / m)``, does not grow on average; neither does the mean of the capitals for several ``b``. The
capital ever reaches ``1 / alpha`` with probability at most ``alpha``. A bound that uses only the range cannot
profit from a small variance of the durations; this one does.

Only the number of calls between the edges of a histogram and the sum of all durations are known. Because a
logarithm is concave, the capital is smallest if every duration lies on an edge, with the long ones on the upper
edges until the sum is used up. This smallest capital is computed here, so it is never more than the true capital.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import pairwise
from operator import mul
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.edges import EDGES_S
from segue.rollout.core.stats import log_mean_exp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.core.windows import Tally

STAKES = (0.03, 0.08, 0.2, 0.45, 0.8)
"""Stakes on "more than the level", as parts of the stake that a call without any duration would lose
completely.
"""

_STAKES_ON_LESS = (0.05, 0.1, 0.2, 0.4, 0.7, 0.95)
"""Stakes on "less", as parts of the stake that the longest call would lose completely."""


class Odds(NamedTuple):
    """The gains of one stake, as logarithms.

    ``at_edge`` is the gain at the lower edge of each interval, ``slope`` its change per second from there, and
    ``longest`` the gain of the longest call.
    """

    at_edge: tuple[float, ...]
    slope: tuple[float, ...]
    longest: float


class _Placed(NamedTuple):
    """The durations with the smallest capital that fit a tally.

    ``counts`` are the calls in each interval, ``taken_s`` their seconds above its lower edge. ``longest`` is how
    many other calls took the maximum time.
    """

    counts: list[float]
    taken_s: list[float]
    longest: float = 0.0


def gains_beyond(tally: Tally, level_s: float, longest_s: float) -> list[float]:
    """For each stake, the logarithm of the gain on these calls from betting on "the mean is above the level"."""
    return _gains(_placed(tally, longest_s), odds_beyond(level_s, longest_s))


def log_mean_beyond(tally: Tally, level_s: float, longest_s: float) -> float:
    """Logarithm of the evidence that the mean is above the level."""
    return log_mean_exp(gains_beyond(tally, level_s, longest_s))


def log_mean_below(tally: Tally, level_s: float, longest_s: float) -> float:
    """Logarithm of the evidence that the mean is below the level."""
    return log_mean_exp(_gains(_placed(tally, longest_s), odds_below(level_s, longest_s)))


def mean_interval_s(tally: Tally, longest_s: float, alpha: float) -> tuple[float, float]:
    """The confidence interval of the mean, in seconds, valid at all times at once except in ``alpha`` of all
    runs.
    """
    if not tally.timed:
        return 0.0, longest_s
    estimate_s, limit = min(tally.seconds / tally.timed, longest_s), -math.log(alpha / 2.0)
    placed = _placed(tally, longest_s)
    low_s, outside_s = estimate_s, 0.0
    high_s, beyond_s = estimate_s, longest_s
    for _ in range(_BISECTIONS):
        middle_s = (low_s + outside_s) / 2.0
        refuted = middle_s <= _NO_TIME_S or log_mean_exp(_gains(placed, odds_beyond(middle_s, longest_s))) >= limit
        low_s, outside_s = (low_s, middle_s) if refuted else (middle_s, outside_s)
        middle_s = (high_s + beyond_s) / 2.0
        refuted = middle_s >= longest_s or log_mean_exp(_gains(placed, odds_below(middle_s, longest_s))) >= limit
        high_s, beyond_s = (high_s, middle_s) if refuted else (middle_s, beyond_s)
    return outside_s, beyond_s


_BISECTIONS = 16
_NO_TIME_S = 1e-9


def mean_units_needed(level_s: float, longest_s: float, tally: Tally, alpha: float) -> float:
    """Approximately how many calls like those of the tally show that their mean is below the level."""
    gain = max(_gains(_placed(tally, longest_s), odds_below(level_s, longest_s))) / tally.timed
    if gain <= 0.0:
        return math.inf
    return (math.log(len(_STAKES_ON_LESS)) - math.log(alpha)) / gain


def edges_s(longest_s: float) -> tuple[float, ...]:
    """The edges of the histogram's intervals, from 0 to the longest time that a call can take."""
    return (0.0, *(min(edge_s, longest_s) for edge_s in EDGES_S), longest_s)


@lru_cache(4096)
def odds_beyond(level_s: float, longest_s: float) -> tuple[Odds, ...]:
    """The odds of each stake on "more"."""
    return tuple(_odds(stake / level_s, level_s, longest_s) for stake in STAKES)


@lru_cache(4096)
def odds_below(level_s: float, longest_s: float) -> tuple[Odds, ...]:
    """The odds of each stake on "less"."""
    most = 1.0 / (longest_s - level_s)
    return tuple(_odds(-stake * most, level_s, longest_s) for stake in _STAKES_ON_LESS)


def _odds(bet: float, level_s: float, longest_s: float) -> Odds:
    ends_s = edges_s(longest_s)
    gains = [math.log1p(bet * (end_s - level_s)) for end_s in ends_s]
    slopes = [
        (above - gain) / (upper_s - lower_s) if upper_s > lower_s else 0.0
        for gain, above, lower_s, upper_s in zip(gains, gains[1:], ends_s, ends_s[1:], strict=False)
    ]
    return Odds(tuple(gains[:-1]), tuple(slopes), gains[-1])


def _gains(placed: _Placed, stakes: Iterable[Odds]) -> list[float]:
    """The smallest gain that each stake can have."""
    counts, taken_s, longest = placed
    return [
        sum(map(mul, counts, odds.at_edge)) + sum(map(mul, taken_s, odds.slope)) + longest * odds.longest
        for odds in stakes
    ]


def _placed(tally: Tally, longest_s: float) -> _Placed:
    """Distributes the durations over the intervals so that the gain is smallest.

    If the counts contradict the sum, only the sum is used: every call took either no time or the maximum.
    """
    counts, ends_s = counts_between(tally), edges_s(longest_s)
    left_s = tally.seconds - sum(map(mul, counts, ends_s))
    taken_s = [0.0] * len(counts)
    for number in reversed(range(len(counts))):
        room_s = counts[number] * (ends_s[number + 1] - ends_s[number])
        taken_s[number] = min(max(left_s, 0.0), room_s)
        left_s -= taken_s[number]
    if left_s > _ROUGHLY * tally.seconds:
        longest = min(tally.seconds / longest_s, tally.timed)
        nothing = [0.0] * len(counts)
        return _Placed([tally.timed - longest, *nothing[1:]], nothing, longest)
    return _Placed(counts, taken_s)


_ROUGHLY = 1e-9


def counts_between(tally: Tally) -> list[float]:
    """How many calls are in each interval of the histogram.

    If a source counts at some edges only, the count beyond an edge is assumed to equal the count beyond the next.
    """
    beyond = [0.0]
    for over in reversed(tally.over):
        beyond.append(max(over, beyond[-1]))
    beyond.append(max(tally.timed, beyond[-1]))
    beyond.reverse()
    return [above - below for above, below in pairwise(beyond)]
