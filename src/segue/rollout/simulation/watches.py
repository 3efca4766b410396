"""One gate's detectors in many runs at once: the arithmetic of ``segue.rollout.core.detect`` and ``compare`` on
arrays.

Arrays are indexed by alternative, then run, then scope (0: overall, then the characters). Only cells with
evidence, or with traffic, are computed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.kernel.arms import Arm
from segue.rollout.core.compare import WORSE_ODDS, Block, Comparison, Rates
from segue.rollout.core.detect import CEILING, Detector, EvidenceRun, Watch
from segue.rollout.core.evidence import MOSTLY, SLOW_RATE, UNITS_PART, UNKNOWN, UNUSUAL, USUAL_STRENGTH
from segue.rollout.core.gates import (
    QUANTILES,
    RESCUED,
    Gate,
    GateMetric,
    compared_level_s,
    level_as_rate,
    tolerance,
)
from segue.rollout.core.stats import alternatives
from segue.rollout.simulation.capital import Capital
from segue.rollout.simulation.cells import Cells
from segue.rollout.simulation.pairs import log_gains

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask

_OWN_STRENGTH = 1.0
_RUN, _BLOCK = 6, 6
_RATES, _LOG_E, _OTHER_TRIALS, _OPEN = slice(0, 4), 4, 5, slice(6, 12)
_COMPARISON, _TOP = 12, 2


class _Rows(NamedTuple):
    """Cells of single alternatives, in a row."""

    ways: NDArray[np.intp]
    runs: NDArray[np.intp]
    scopes: NDArray[np.intp]

    def where(self, mask: Mask) -> _Rows:
        return _Rows(self.ways[mask], self.runs[mask], self.scopes[mask])


@dataclass(frozen=True, slots=True)
class SlotDrawn:
    """One slot of all runs, with an additional first column for the sum over all characters.

    ``candidate`` includes shadow requests, ``live`` does not. ``cells`` are those with traffic or evidence,
    ``heard`` the candidate's counts there. By run, ``lasted_s`` is how long calls failed if any did, and
    ``characters`` how many characters had traffic before. ``usual`` are the baseline's totals before the slot,
    ``handed`` those of the live candidate over all characters. ``rare``, by run: the baseline's own traffic is too
    rare.
    """

    cells: tuple[NDArray[np.intp], NDArray[np.intp]]
    heard: Cells
    start_s: Floats
    length_s: Floats
    lasted_s: Floats
    characters: NDArray[np.intp]
    candidate: Drawn
    live: Drawn
    baseline: Drawn
    usual: Drawn
    handed: Drawn
    rare: Mask


class _Counts(NamedTuple):
    """One arm's cases as a gate counts them."""

    bad: Floats
    trials: Floats


class GateWatches:
    """One gate's watches, for all runs and scopes."""

    def __init__(self, gate: Gate, plan: Plan, runs: int, scopes: int) -> None:
        assert gate.alarm is not None, "only gates with an alarm are watched"
        self.gate = gate
        self._plan = plan
        self._level: float = gate.alarm
        self._longest_s = plan.statistics.longest_s
        self._tolerance = tolerance(gate, gate.alarm)
        self._boundary = boundary = level_as_rate(gate, self._longest_s)
        if gate.metric is GateMetric.MEAN_SYNTHESIS:
            self._capital = Capital(gate.alarm, self._longest_s)
            self._rates = np.full(self._capital.stakes, SLOW_RATE)
        else:
            self._rates = np.array(alternatives(boundary))
            self._good_gain = np.log((1.0 - self._rates) / (1.0 - boundary))
            self._bad_gain = np.log(self._rates / boundary)
        each = 2.0 * len(plan.watched_gates) / UNITS_PART
        alarm = plan.statistics.alarm_log_e
        self._alarms = np.array(
            [[alarm(each), *[alarm(each * max(1, heard))] * (scopes - 1)] for heard in range(scopes)]
        )
        """The evidence that an alarm requires, by number of characters with traffic, and by scope."""
        shape = (self._rates.size, runs, scopes)
        self.log_e = np.zeros(shape)
        self._top = np.zeros((_TOP, *shape))
        self._run = np.zeros((_RUN + 1, *shape))
        self._comparison = np.zeros((_COMPARISON, *shape))

    def step(self, slot: SlotDrawn) -> None:
        """Adds one slot."""
        runs, scopes = slot.cells
        own = self._own(slot.heard)
        before = self.log_e[:, runs, scopes]
        gains = self._gains(slot.heard, own)
        after = np.minimum(before + gains, CEILING * self._alarms[slot.characters[runs], scopes])
        np.maximum(after, 0.0, out=after)
        self.log_e[:, runs, scopes] = after
        ways, places = np.nonzero(after)
        if ways.size:
            rows = _Rows(ways, runs[places], scopes[places])
            self._begin(slot, rows.where(before[ways, places] <= 0.0))
            self._go_on(slot, rows)
            self._rise(slot, rows.where(gains[ways, places] > 0.0))

    def _begin(self, slot: SlotDrawn, rows: _Rows) -> None:
        """Starts runs and comparisons that have no evidence yet."""
        known = self._comparable(Cells(slot.usual, rows.runs, rows.scopes), Arm.BASELINE)
        bad, good = known.bad + UNKNOWN[0], known.trials - known.bad + UNKNOWN[1]
        scale = np.minimum(1.0, USUAL_STRENGTH / (bad + good))
        rate = self._rates[rows.ways]
        begun = np.zeros((_COMPARISON, rate.size))
        begun[_RATES] = (_OWN_STRENGTH * rate, _OWN_STRENGTH * (1.0 - rate), bad * scale, good * scale)
        ways, runs, scopes = rows
        self._comparison[:, ways, runs, scopes] = begun
        self._run[:, ways, runs, scopes] = 0.0
        self._run[0, ways, runs, scopes] = slot.start_s[runs]
        self._top[:, ways, runs, scopes] = 0.0

    def _go_on(self, slot: SlotDrawn, rows: _Rows) -> None:
        """Adds one slot to the cells with evidence."""
        candidate = Cells(slot.candidate, rows.runs, rows.scopes)
        ways, runs, scopes = rows
        self._run[1:, ways, runs, scopes] += self._run_seen(slot, candidate, rows)
        block, handed_on = self._block(slot, candidate, rows)
        self._compare(block, handed_on, rows)

    def _rise(self, slot: SlotDrawn, rows: _Rows) -> None:
        """Records the maximum of the evidence where it has grown to at least its previous maximum in this run."""
        log_e = self.log_e[tuple(rows)]
        rows = rows.where(log_e >= self._top[(0, *rows)])
        self._top[:, *rows] = self.log_e[tuple(rows)], (slot.start_s + slot.length_s)[rows.runs]

    def _run_seen(self, slot: SlotDrawn, candidate: Cells, rows: _Rows) -> Floats:
        """Returns ``bad``, ``severe``, ``trials``, ``lasted_s``, ``rest_bad``, ``rest_trials``."""
        own = self._own(candidate)
        severe = own.bad
        if self.gate.metric in QUANTILES and self.gate.roll_back is not None:
            severe = self._slower(candidate, self.gate.roll_back)
        everyone = self._own(Cells(slot.candidate, rows.runs, np.zeros_like(rows.runs)))
        others = rows.scopes > 0
        rest_bad = np.where(others, np.maximum(0.0, everyone.bad - own.bad), 0.0)
        rest_trials = np.where(others, np.maximum(0.0, everyone.trials - own.trials), 0.0)
        length_s = slot.length_s if self.gate.metric.is_duration else slot.lasted_s
        lasted_s = np.where(own.bad > 0, length_s[rows.runs], 0.0)
        return np.stack([own.bad, severe, own.trials, lasted_s, rest_bad, rest_trials])

    def _block(self, slot: SlotDrawn, candidate: Cells, rows: _Rows) -> tuple[Floats, Floats]:
        """Both arms' trials, and the part of the candidate's failures that falls back."""
        ours = self._comparable(candidate, Arm.CANDIDATE)
        theirs = self._comparable(Cells(slot.baseline, rows.runs, rows.scopes), Arm.BASELINE)
        none = np.zeros_like(ours.bad)
        if self.gate.metric not in RESCUED:
            return np.stack([*ours, *theirs, none, none]), none
        live = Cells(slot.live, rows.runs, rows.scopes)
        handed = np.minimum(live.fallbacks, self._comparable(live, Arm.CANDIDATE).bad)
        alone = np.maximum(0.0, live.errors + live.refused - live.fallbacks)
        lost = np.minimum(np.maximum(0.0, live.unserved - alone), handed)
        of_live = np.divide(live.units, ours.trials, out=none, where=ours.trials > 0)
        return np.stack([*ours, *theirs, handed, lost]), self._handed_on(slot)[rows.runs] * of_live

    def _handed_on(self, slot: SlotDrawn) -> Floats:
        """By run, the part of the candidate's failures that falls back, if it is needed."""
        everyone = np.arange(slot.rare.size)
        total = Cells(slot.handed, everyone, np.zeros_like(everyone))
        failed = self._comparable(total, Arm.CANDIDATE).bad
        handed = np.minimum(total.fallbacks, failed)
        part = np.divide(handed, failed, out=np.zeros_like(failed), where=failed > 0)
        known: Floats = np.where(slot.rare & (part >= MOSTLY), part, 0.0)
        return known

    def _compare(self, seen: Floats, handed_on: Floats, rows: _Rows) -> None:
        ways, runs, scopes = rows
        known = self._comparison[:, ways, runs, scopes]
        known[_OPEN] += seen
        known[_OTHER_TRIALS] += seen[3] + seen[4]
        block = known[_OPEN]
        closes = (block[1] > 0) & ((block[3] > 0) | (handed_on > 0))
        if closes.any():
            closed = block[:, closes]
            closed[4:] *= handed_on[closes] > 0
            gains = log_gains(closed, known[_RATES][:, closes], self._tolerance, handed_on[closes])
            known[_LOG_E, closes] = np.maximum(known[_LOG_E, closes] + gains, -math.log(WORSE_ODDS))
            other_bad, other_trials = closed[2] + closed[5], closed[3] + closed[4]
            learnt = (closed[0], closed[1] - closed[0], other_bad, other_trials - other_bad)
            known[_RATES, closes] += np.stack(learnt)
            known[_OPEN, closes] = 0.0
        self._comparison[:, ways, runs, scopes] = known

    def baseline_in_trouble(self, baseline: Drawn, usual: Drawn) -> Mask:
        """By run, whether the baseline crosses the gate's level in this slot and far exceeds its usual rate."""
        everyone = np.arange(baseline.units.shape[0])
        now, known = (self._own(Cells(drawn, everyone, np.zeros_like(everyone))) for drawn in (baseline, usual))
        usual_bad = UNUSUAL * known.bad
        rate = np.divide(usual_bad, known.trials, out=np.zeros_like(known.bad), where=known.trials > 0)
        beyond: Mask = now.bad > np.maximum(self._boundary, rate) * now.trials
        return beyond & (baseline.units[:, 0] > 0) & (known.trials >= USUAL_STRENGTH)

    def rings(self, characters: NDArray[np.intp]) -> Mask:
        """By run and scope, whether the level is crossed for long enough.

        ``characters`` is the number of known characters.
        """
        top, alarm = self.log_e.max(axis=0), self._alarms[characters]
        rung: Mask = np.zeros_like(top, dtype=bool)
        runs, scopes = np.nonzero(top >= alarm)
        if runs.size:
            mean = top[runs, scopes] + np.log(np.exp(self.log_e[:, runs, scopes] - top[runs, scopes]).mean(axis=0))
            best = _gravest(self.log_e[:, runs, scopes])
            lasted_s = self._run[4, best, runs, scopes]
            long_enough = lasted_s >= self._plan.statistics.blip_s
            rung[runs, scopes] = (mean >= alarm[runs, scopes]) & long_enough
        return rung

    def accuses(self, characters: NDArray[np.intp]) -> Mask:
        """By run and scope, whether an alarm is raised and the candidate is worse, or the baseline had too few
        trials.
        """
        rung = self.rings(characters)
        runs, scopes = np.nonzero(rung)
        if runs.size:
            best = _gravest(self.log_e[:, runs, scopes])
            known = self._comparison[:, best, runs, scopes]
            alone = known[_OTHER_TRIALS] < self._plan.statistics.least_baseline_units
            worse = known[_LOG_E] >= math.log(WORSE_ODDS)
            rung[runs, scopes] = worse | (alone & (self._plan.policy.alone_after_s is not None))
        return rung

    def watch(self, run: int, scope: int) -> Watch | None:
        """The watch in the core's form; None if there is no evidence."""
        if not (self.log_e[:, run, scope] > 0).any():
            return None
        return Watch(tuple(self._way(way, run, scope) for way in range(self._rates.size)))

    def _way(self, way: int, run: int, scope: int) -> Detector:
        log_e = float(self.log_e[way, run, scope])
        if log_e <= 0.0:
            return Detector()
        numbers = [float(number) for number in self._comparison[:, way, run, scope]]
        comparison = Comparison(
            Rates(*numbers[_RATES]), numbers[_LOG_E], numbers[_OTHER_TRIALS], Block(*numbers[_OPEN])
        )
        top_log_e, top_s = (float(number) for number in self._top[:, way, run, scope])
        seen = EvidenceRun(*(float(number) for number in self._run[:, way, run, scope]))
        return Detector(log_e, seen, comparison, top_log_e, top_s)

    def forget(self, run: int, scopes: NDArray[np.intp] | slice = slice(None)) -> None:
        """Discards the evidence of these scopes, or of all."""
        self.log_e[:, run, scopes] = 0.0

    def _gains(self, drawn: Cells, own: _Counts) -> Floats:
        if self.gate.metric is GateMetric.MEAN_SYNTHESIS:
            return self._capital.gains(drawn)
        good = own.trials - own.bad
        gains: Floats = self._bad_gain[:, None] * own.bad + self._good_gain[:, None] * good
        return gains

    def _own(self, drawn: Cells) -> _Counts:
        """Bad cases at the gate's own level."""
        if self.gate.metric is GateMetric.MEAN_SYNTHESIS:
            return _Counts(np.minimum(drawn.seconds / self._longest_s, drawn.timed), drawn.timed)
        return self._comparable(drawn, Arm.CANDIDATE)

    def _comparable(self, drawn: Cells, arm: Arm) -> _Counts:
        metric = self.gate.metric
        if metric.is_duration:
            ratio = self._plan.statistics.slower_ratio if arm is Arm.BASELINE else 1.0
            level_s = compared_level_s(metric, self._level, ratio) if arm is Arm.BASELINE else self._level
            return _Counts(self._slower(drawn, level_s), drawn.streams if metric.of_streams else drawn.timed)
        if metric is GateMetric.BAD_AUDIO_RATE:
            return _Counts(drawn.bad_audio, drawn.units)
        if metric is GateMetric.UNSERVED_RATE:
            return _Counts(drawn.unserved, drawn.units)
        if metric is GateMetric.FALLBACK_RATE and arm is Arm.CANDIDATE:
            return _Counts(drawn.fallbacks, drawn.units)
        if metric is GateMetric.ERROR_RATE:
            return _Counts(drawn.errors, drawn.units)
        return _Counts(np.minimum(drawn.errors + drawn.refused, drawn.units), drawn.units)

    def _slower(self, drawn: Cells, level_s: float) -> Floats:
        counts = drawn.late if self.gate.metric.of_streams else drawn.over
        slower: Floats = counts[self.gate.metric.edges_s.index(level_s)]
        return slower


def _gravest(log_e: Floats) -> NDArray[np.intp]:
    """The alternative with the most evidence in each cell.

    If several are at the ceiling, the one with the worst rate.
    """
    last: NDArray[np.intp] = log_e.shape[0] - 1 - log_e[::-1].argmax(axis=0)
    return last
