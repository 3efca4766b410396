"""Exact and anytime-valid statistics; each function names its source.

*Anytime-valid*: the statement holds at every time of looking, however often one looks. All functions work on
counts. A bounded mean is used as a fractional count, ``sum(x) / bound`` out of ``n``; by convexity this is at
least as cautious as for coin tosses (Hoeffding 1963, JASA 58(301)).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Predicate: TypeAlias = Callable[[float], bool]

_BISECTIONS = 50
_TINY = 1e-12


class Interval(NamedTuple):
    """An interval that includes both ends."""

    low: float
    high: float


def binomial_bounds(trials: int, chance: float, alpha: float) -> tuple[int, int]:
    """The smallest and largest number of successes in ``trials`` with this probability, except in ``alpha`` of all
    cases.

    Exact: at most ``alpha / 2`` of the probability is below the first number, and at most ``alpha / 2`` above the
    second.
    """
    if chance <= 0.0:
        return 0, 0
    if chance >= 1.0:
        return trials, trials
    below, low = 0.0, 0
    while (below := below + _binomial_mass(trials, low, chance)) <= alpha / 2:
        low += 1
    above, high = 0.0, trials
    while (above := above + _binomial_mass(trials, high, chance)) <= alpha / 2:
        high -= 1
    return low, high


def log_mixture(hits: float, misses: float, chance: float, prior: tuple[float, float] = (0.5, 0.5)) -> float:
    """Logarithm of the evidence against "the rate is ``chance``" after these hits and misses.

    The likelihood ratio mixed over a Beta prior is a nonnegative martingale of mean 1 if the rate is ``chance``;
    it ever reaches ``1 / alpha`` with probability at most ``alpha`` (Ville). Robbins 1970, Annals of Mathematical
    Statistics 41(5); Howard, Ramdas, McAuliffe, Sekhon 2021, Annals of Statistics 49(2).
    """
    chance = min(max(chance, _TINY), 1.0 - _TINY)
    a, b = prior
    against = hits * math.log(chance) + misses * math.log1p(-chance)
    return _log_beta(a + hits, b + misses) - _log_beta(a, b) - against


def log_beyond(hits: float, misses: float, boundary: float) -> float:
    """Logarithm of the evidence that the rate is above ``boundary``, against every rate at or below it.

    ``log_mixture`` with the prior restricted to rates above the boundary, so that no evidence is spent on the
    other side: a one-sided mixture (Howard, Ramdas, McAuliffe, Sekhon 2021, section 3.2).
    """
    inside = log_beta_tail(0.5 + hits, 0.5 + misses, boundary) - log_beta_tail(0.5, 0.5, boundary)
    return log_mixture(hits, misses, boundary) + inside


def log_below(hits: float, misses: float, boundary: float) -> float:
    """Logarithm of the evidence that the rate is below ``boundary``, against every rate at or above it."""
    return log_beyond(misses, hits, 1.0 - boundary)


def log_beta_tail(a: float, b: float, point: float) -> float:
    """Logarithm of the probability that a Beta(a, b) variable is above ``point``.

    Uses the continued fraction of the incomplete beta function (DLMF 8.17.22) and Lentz's method; the relative
    error is about 1e-12, also in the tails.
    """
    if point <= 0.0:
        return 0.0
    if point >= 1.0:
        return -math.inf
    front = a * math.log(point) + b * math.log1p(-point) - _log_beta(a, b)
    if point < (a + 1.0) / (a + b + 2.0):
        below = front - math.log(a) + math.log(_beta_fraction(a, b, point))
        return _log1mexp(min(below, 0.0))
    return min(0.0, front - math.log(b) + math.log(_beta_fraction(b, a, 1.0 - point)))


def rate_interval(hits: float, misses: float, alpha: float) -> Interval:
    """The confidence interval of the rate, valid at all times except in ``alpha`` of all runs: ``log_mixture``
    inverted.
    """
    trials = hits + misses
    if trials <= 0:
        return Interval(0.0, 1.0)
    limit = -math.log(alpha)
    estimate = hits / trials

    def plausible(chance: float) -> bool:
        return log_mixture(hits, misses, chance) < limit

    low = 0.0 if plausible(0.0) else _edge(0.0, estimate, plausible)
    high = 1.0 if plausible(1.0) else _edge(1.0, estimate, plausible)
    return Interval(low, high)


def alternatives(boundary: float) -> tuple[float, ...]:
    """Rates worse than the boundary that a detector looks for: odds 1.25, 1.8, 3.5, 9 and 40 times the boundary's.

    They are spread so that for any true rate well above the boundary one of them loses little; tested by
    simulation. The nearest one limits what can be detected: at a boundary of 5 %, a true rate below 5.6 % is never
    detected.
    """
    odds = boundary / (1.0 - boundary)
    return tuple(odds * ratio / (1.0 + odds * ratio) for ratio in _ODDS_RATIOS)


def _log1mexp(log_x: float) -> float:
    """``log(1 - x)`` from ``log(x)``."""
    return math.log(-math.expm1(log_x)) if log_x < 0.0 else -math.inf


def _beta_fraction(a: float, b: float, x: float) -> float:
    ratio = 1.0 / _away_from_0(1.0 - (a + b) * x / (a + 1.0))
    value, other, factor = ratio, 1.0, 0.0
    for step in range(1, _FRACTION_STEPS):
        twice = a + 2 * step
        for term in (
            step * (b - step) * x / ((twice - 1.0) * twice),
            -(a + step) * (a + b + step) * x / (twice * (twice + 1.0)),
        ):
            ratio = 1.0 / _away_from_0(1.0 + term * ratio)
            other = _away_from_0(1.0 + term / other)
            factor = ratio * other
            value *= factor
        if abs(factor - 1.0) < _TINY:
            break
    return value


def _away_from_0(value: float) -> float:
    return value if abs(value) > _SMALLEST else _SMALLEST


_FRACTION_STEPS = 10_000
_SMALLEST = 1e-300

_ODDS_RATIOS = (1.25, 1.8, 3.5, 9.0, 40.0)


def rate_increment(hits: float, misses: float, boundary: float, alternative: float) -> float:
    """Logarithm of the likelihood ratio of ``alternative`` against ``boundary`` for these counts."""
    return hits * math.log(alternative / boundary) + misses * math.log((1.0 - alternative) / (1.0 - boundary))


def cusum_step(log_e: float, increment: float, ceiling: float) -> float:
    """One step of an e-CUSUM, ``C = max(C, 1) x L``, in logarithms, capped at ``ceiling``.

    If an alarm is raised at ``A``, a false alarm occurs on average once in ``A`` steps or more, at the boundary
    itself. Shin, Ramdas, Rinaldo 2024, New England Journal of Statistics in Data Science 2(2). The ceiling limits
    the memory: without it, a long trouble that is over would cause alarms for as long again.
    """
    return min(max(log_e, 0.0) + increment, ceiling)


def log_mean_exp(values: tuple[float, ...] | list[float]) -> float:
    """Logarithm of the mean of exponentials: a mean of e-values is an e-value (Vovk and Wang 2021)."""
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values) / len(values))


def log_split_evidence(first: int, second: int, share: float, strength: float = 100.0) -> float:
    """Logarithm of the evidence against "units are assigned to the first side with probability ``share``".

    The two-sided form of Lindon and Malek 2022, with a Beta prior of ``strength`` around the share.
    """
    return log_mixture(first, second, share, (strength * share, strength * (1.0 - share)))


def units_needed(boundary: float, rate: float, alpha: float) -> float:
    """Approximately how many units show that a true ``rate`` is below ``boundary``; infinite if it is not.

    With this many units, exactly ``rate`` of them bad, ``log_below`` reaches ``1 / alpha``. In about half of all
    runs fewer units are enough.
    """
    if rate >= boundary:
        return math.inf
    enough, low, high = -math.log(alpha), 0.0, 1.0
    while log_below(rate * high, (1.0 - rate) * high, boundary) < enough:
        low, high = high, 2.0 * high
        if high > _MOST_UNITS:
            return math.inf
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2.0
        if log_below(rate * middle, (1.0 - rate) * middle, boundary) < enough:
            low = middle
        else:
            high = middle
    return high


_MOST_UNITS = 1e9
_ROUGH_BISECTIONS = 25


def _edge(outside: float, inside: float, plausible: Predicate) -> float:
    """The edge of the plausible range between an implausible point and a plausible one."""
    for _ in range(_BISECTIONS):
        middle = (outside + inside) / 2.0
        if plausible(middle):
            inside = middle
        else:
            outside = middle
    return inside


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _binomial_mass(trials: int, successes: int, chance: float) -> float:
    ways = math.lgamma(trials + 1) - math.lgamma(successes + 1) - math.lgamma(trials - successes + 1)
    return math.exp(ways + successes * math.log(chance) + (trials - successes) * math.log1p(-chance))
