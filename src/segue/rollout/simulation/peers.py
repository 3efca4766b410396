"""What other tools would do with the same traffic: small models of their rules, with one setting each.

They use requests, not listeners, of all characters together. Sources, as read in 2026: Flagger's ``scheduler.go``
(every minute; no traffic is a failed check; five failed checks, consecutive or not), Argo Rollouts'
``analysis.go`` (every five minutes; more than three failed measurements), Kayenta's ``MannWhitney.scala`` and
``NetflixACAJudge`` (hourly; a Mann-Whitney test at 98 % on the minutes of the hour, a difference of more than a
quarter of the median counts; one failing metric of two gives a score below 75), and a threshold that people often
write by hand (more than a tenth of at least 20 requests in five minutes). None of them was made for a week of
speech: the table shows what their rules do, not what their authors would advise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S

if TYPE_CHECKING:
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask
    from segue.rollout.simulation.fold import Played

_MINUTES_OF_HOUR = 60
_SUCCESS, _P95_S = 0.95, 5.0
_OVER_P95 = EDGES_S.index(_P95_S)


class Peer(Protocol):
    """A rule that receives both arms' counts every minute, and returns in which runs it would go back now."""

    name: str

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask: ...


class Peers:
    """Implements ``segue.rollout.simulation.run.Watcher``: when each rule first went back, by run; infinite means
    never.
    """

    def __init__(self, runs: int) -> None:
        self.rules: tuple[Peer, ...] = (Flagger(runs), InARow(runs), Argo(runs), Kayenta(runs), Fixed(runs))
        self.back_at_s = {rule.name: np.full(runs, np.inf) for rule in self.rules}

    def see(self, played: Played, alive: Mask) -> None:
        """Adds one slot, whose length must be a minute."""
        arms = {arm: drawn.pooled().first() for arm, drawn in played.arms.items()}
        now_s = played.start_s + played.length_s
        for rule in self.rules:
            goes = rule.minute(arms[Arm.CANDIDATE], arms[Arm.BASELINE]) & alive
            known = self.back_at_s[rule.name]
            known[goes] = np.minimum(known[goes], now_s[goes])


def _fails(units: Floats, errors: Floats, late: Floats) -> Mask:
    """Whether fewer than 95 % of the requests succeeded, or more than a twentieth took longer than 5 s."""
    heard = np.maximum(units, 1.0)
    failed: Mask = (1.0 - errors / heard < _SUCCESS) | (late / heard > 1.0 - _SUCCESS)
    return failed & (units > 0)


def _of(drawn: Drawn) -> tuple[Floats, Floats, Floats]:
    return drawn.units[:, 0], drawn.errors[:, 0] + drawn.refused[:, 0], drawn.over[_OVER_P95][:, 0]


class Flagger:
    """Failed checks accumulate; five of them end the rollout. A minute without traffic is a failed check."""

    name = "Flagger"

    def __init__(self, runs: int) -> None:
        self._failed = np.zeros(runs)

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask:  # noqa: ARG002 - it uses one arm
        units, errors, late = _of(candidate)
        self._failed += _fails(units, errors, late) | (units == 0)
        over: Mask = self._failed >= _FIVE
        return over


_FIVE = 5


class InARow:
    """Five consecutive failed checks; a minute without traffic is not a check."""

    name = "five in a row"

    def __init__(self, runs: int) -> None:
        self._failed = np.zeros(runs)

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask:  # noqa: ARG002 - it uses one arm
        units, errors, late = _of(candidate)
        failed = _fails(units, errors, late)
        self._failed = np.where(failed, self._failed + 1, np.where(units > 0, 0.0, self._failed))
        over: Mask = self._failed >= _FIVE
        return over


class _InParts:
    """Sums over ``minutes`` minutes."""

    minutes = 5

    def __init__(self, runs: int) -> None:
        self._sums = np.zeros((3, runs))
        self._count = 0

    def _add(self, candidate: Drawn) -> tuple[Floats, Floats, Floats] | None:
        self._sums += np.stack(_of(candidate))
        self._count += 1
        if self._count % self.minutes:
            return None
        units, errors, late = self._sums
        self._sums = np.zeros_like(self._sums)
        return units, errors, late


class Argo(_InParts):
    """More than three failed measurements, each of five minutes."""

    name = "Argo Rollouts"

    def __init__(self, runs: int) -> None:
        super().__init__(runs)
        self._failed = np.zeros(runs)

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask:  # noqa: ARG002 - it uses one arm
        whole = self._add(candidate)
        if whole is not None:
            self._failed += _fails(*whole)
        over: Mask = self._failed > _FAILURE_LIMIT
        return over


_FAILURE_LIMIT = 3


class Fixed(_InParts):
    """More than a tenth of at least 20 requests failed in five minutes."""

    name = "fixed threshold"

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask:  # noqa: ARG002 - it uses one arm
        whole = self._add(candidate)
        if whole is None:
            return np.zeros(candidate.units.shape[0], dtype=bool)
        units, errors, _ = whole
        over: Mask = (units >= _ENOUGH) & (errors > _TENTH * units)
        return over


_ENOUGH, _TENTH = 20, 0.1


class Kayenta:
    """Every hour, compares the minutes of both arms by rank.

    A metric fails if it is worse by more than a quarter.
    """

    name = "Kayenta"

    def __init__(self, runs: int) -> None:
        self._series: list[Floats] = []
        self._runs = runs

    def minute(self, candidate: Drawn, baseline: Drawn) -> Mask:
        self._series.append(np.stack([*_points(candidate), *_points(baseline)]))
        if len(self._series) < _MINUTES_OF_HOUR:
            return np.zeros(self._runs, dtype=bool)
        hour, self._series = np.stack(self._series, axis=-1), []
        worse: Mask = _worse(hour[0], hour[2]) | _worse(hour[1], hour[3])
        return worse


def _points(drawn: Drawn) -> tuple[Floats, Floats]:
    """The minute's error rate and mean time; NaN without traffic."""
    units, errors, _ = _of(drawn)
    timed, seconds = drawn.timed[:, 0], drawn.seconds[:, 0]
    rate = np.divide(errors, units, out=np.full_like(units, np.nan), where=units > 0)
    mean_s = np.divide(seconds, timed, out=np.full_like(units, np.nan), where=timed > 0)
    return rate, mean_s


_Z98 = 2.326
_TOLERANCE = 0.25


def _worse(ours: Floats, theirs: Floats) -> Mask:
    """By run, whether the candidate's minutes rank above the baseline's, at 98 %, and by more than the
    tolerance.
    """
    both = np.concatenate([ours, theirs], axis=1)
    heard = ~np.isnan(both)
    filled = np.where(heard, both, np.inf)
    ranks = _mean_ranks(filled)
    mine = heard[:, : ours.shape[1]]
    n, m = mine.sum(axis=1), heard[:, ours.shape[1] :].sum(axis=1)
    rank_sum = np.where(mine, ranks[:, : ours.shape[1]], 0.0).sum(axis=1)
    expected = n * (n + m + 1) / 2.0
    spread = np.sqrt(np.maximum(1e-9, n * m * (n + m + 1) / 12.0))
    certain = (rank_sum - expected) / spread > _Z98
    apart = np.nan_to_num(_mean(ours) - (1.0 + _TOLERANCE) * _mean(theirs))
    worse: Mask = certain & (apart > 0) & (n > 1) & (m > 1)
    return worse


def _mean(values: Floats) -> Floats:
    heard = ~np.isnan(values)
    mean: Floats = np.where(heard, values, 0.0).sum(axis=1) / np.maximum(1, heard.sum(axis=1))
    return mean


def _mean_ranks(values: Floats) -> Floats:
    """Ranks from 1 along the last axis; equal values get their mean rank."""
    below = (values[:, :, None] > values[:, None, :]).sum(axis=2)
    equal = (values[:, :, None] == values[:, None, :]).sum(axis=2)
    ranks: Floats = below + (equal + 1) / 2.0
    return ranks
