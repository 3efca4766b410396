"""Exact and anytime-valid statistics, small; each names its source.

*Anytime-valid*: the statement holds at every moment of looking, however often one looks. All of it works on
counts; a bounded mean enters as a fractional count, ``sum(x) / bound`` out of ``n``, which by convexity is never
treated less cautiously than coins would be (Hoeffding 1963, JASA 58(301)).
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
    """Both ends included."""

    low: float
    high: float


def binomial_bounds(trials: int, chance: float, alpha: float) -> tuple[int, int]:
    """The least and most successes that ``trials`` of this chance give, but for ``alpha`` of all cases.

    Exact: at most ``alpha / 2`` of the probability lies below the first, and above the second.
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
    """Logarithm of the evidence against "the rate is ``chance``" after so many hits and misses.

    The likelihood ratio mixed over a Beta prior is a nonnegative martingale of mean 1 when the rate is
    ``chance``; it reaches ``1 / alpha`` with probability at most ``alpha``, ever (Ville). Robbins 1970, Annals of
    Mathematical Statistics 41(5); Howard, Ramdas, McAuliffe, Sekhon 2021, Annals of Statistics 49(2).
    """
    chance = min(max(chance, _TINY), 1.0 - _TINY)
    a, b = prior
    against = hits * math.log(chance) + misses * math.log1p(-chance)
    return _log_beta(a + hits, b + misses) - _log_beta(a, b) - against


def rate_interval(hits: float, misses: float, alpha: float) -> Interval:
    """Where the rate lies, at every time at once, but for ``alpha`` of all runs: ``log_mixture`` inverted."""
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

    Spread so that for any true rate well above it one of them loses little; tried by simulation. The nearest sets
    what goes unnoticed for good: at a boundary of 5 %, a true rate below 5.6 %.
    """
    odds = boundary / (1.0 - boundary)
    return tuple(odds * ratio / (1.0 + odds * ratio) for ratio in _ODDS_RATIOS)


_ODDS_RATIOS = (1.25, 1.8, 3.5, 9.0, 40.0)

RATE_RATIOS = (1.5, 2.5, 5.0, 12.0, 50.0)
"""How much worse than the baseline a comparison looks for."""


def rate_increment(hits: float, misses: float, boundary: float, alternative: float) -> float:
    """Logarithm of the likelihood ratio of ``alternative`` against ``boundary`` for these counts."""
    return hits * math.log(alternative / boundary) + misses * math.log((1.0 - alternative) / (1.0 - boundary))


def share_increment(hits: float, all_hits: float, weight: float, ratio: float) -> float:
    """Evidence that one of two groups fails ``ratio`` times as often, from who the failures were.

    Of ``all_hits`` failures in one slot, ``hits`` were in a group that made the part ``weight`` of all trials.
    Given how many failed, under equal rates each is in that group with that chance; drawing without replacement
    only makes it more cautious. An outage that strikes both says nothing against either. Conditional test of
    two rates; the sequential form is Lindon and Malek 2022, NeurIPS (arXiv:2011.03567).
    """
    if all_hits <= 0 or not 0.0 < weight < 1.0:
        return 0.0
    return hits * math.log(ratio) - all_hits * math.log(ratio * weight + 1.0 - weight)


def cusum_step(log_e: float, increment: float, ceiling: float) -> float:
    """One step of an e-CUSUM, ``C = max(C, 1) x L``, in logarithms, held below ``ceiling``.

    Declared at ``A``, it raises a false alarm once in ``A`` steps or more on average, at the boundary itself.
    Shin, Ramdas, Rinaldo 2024, New England Journal of Statistics in Data Science 2(2). The ceiling makes it
    forget: without one, a long trouble that is over would accuse for as long again.
    """
    return min(max(log_e, 0.0) + increment, ceiling)


def log_mean_exp(values: tuple[float, ...] | list[float]) -> float:
    """Logarithm of the mean of exponentials: a mean of e-values is an e-value (Vovk and Wang 2021)."""
    top = max(values)
    return top + math.log(sum(math.exp(value - top) for value in values) / len(values))


def log_split_evidence(first: int, second: int, share: float, strength: float = 100.0) -> float:
    """Logarithm of the evidence against "units fall to the first side with chance ``share``".

    The two-sided form of Lindon and Malek 2022, with a Beta prior of ``strength`` around the share.
    """
    return log_mixture(first, second, share, (strength * share, strength * (1.0 - share)))


def units_needed(boundary: float, rate: float, alpha: float) -> float:
    """About how many units show that a true ``rate`` lies below ``boundary``; infinite when it does not.

    Evidence grows by the Kullback-Leibler divergence of each unit; the mixture costs half a logarithm of their
    number. A forecast, not a bound.
    """
    if rate >= boundary:
        return math.inf
    gain = -math.log1p(-boundary) if rate <= 0 else _divergence(rate, boundary)
    needed = -math.log(alpha) / gain
    for _ in range(_REFINEMENTS):
        needed = (-math.log(alpha) + 0.5 * math.log(needed + 2.0) + 1.0) / gain
    return needed


_REFINEMENTS = 5


def _divergence(rate: float, other: float) -> float:
    return rate * math.log(rate / other) + (1.0 - rate) * math.log((1.0 - rate) / (1.0 - other))


def _edge(outside: float, inside: float, plausible: Predicate) -> float:
    """Where plausibility begins between a point that is not and one that is."""
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
