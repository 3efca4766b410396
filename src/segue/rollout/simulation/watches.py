"""One gate's detectors in many runs at once: the arithmetic of ``segue.rollout.core.detect`` and ``compare`` on
arrays.

Arrays are indexed by alternative, then run, then scope (0: overall, then the characters). Only cells that have
evidence, or that can get some from the slot, are computed.
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
_ROUNDED = 1.0 - 1e-9
"""Below 1 by more than a comparison of rounded numbers needs."""

_RATES, _LOG_E, _OTHER_TRIALS, _OPEN = slice(0, 4), 4, 5, slice(6, 12)
_COMPARISON, _RUN, _TOP = slice(0, 12), slice(12, 19), slice(19, 21)
_SINCE_S, _SEEN, _LASTED_S, _TOP_LOG_E, _TOP_S = 12, slice(13, 19), 16, 19, 20
_FIELDS = 21
"""What a detector keeps besides its evidence: the fields of ``Comparison`` and ``EvidenceRun``, and its top."""


class _Where(NamedTuple):
    """Cells, in a row."""

    runs: NDArray[np.intp]
    scopes: NDArray[np.intp]


class _Rows(NamedTuple):
    """Detectors with evidence, in a row: their alternative, and the place of their cell among those of the slot.

    ``new``: there was no evidence before. ``grew``: the evidence has grown. Its maximum is recorded only if it has
    grown to at least its previous maximum.
    """

    ways: NDArray[np.intp]
    places: NDArray[np.intp]
    log_e: Floats
    new: Mask
    grew: Mask


@dataclass(frozen=True, slots=True)
class SlotDrawn:
    """One slot of all runs, with an additional first column for the sum over all characters.

    ``candidate`` includes shadow requests, ``live`` does not. By run, ``lasted_s`` is how long calls failed if any
    did, and ``characters`` how many characters had traffic before. ``usual`` are the baseline's totals before the
    slot, ``handed`` those of the live candidate over all characters. ``rare``, by run: the baseline's own traffic
    is too rare.
    """

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
            self._least_bad = (self._good_gain / (self._good_gain - self._bad_gain)).min() * _ROUNDED
        each = 2.0 * len(plan.watched_gates) / UNITS_PART
        alarm = plan.statistics.alarm_log_e
        self._alarms = np.array(
            [[alarm(each), *[alarm(each * max(1, heard))] * (scopes - 1)] for heard in range(scopes)]
        )
        """The evidence that an alarm requires, by number of characters with traffic, and by scope."""
        shape = (self._rates.size, runs, scopes)
        self.log_e = np.zeros(shape)
        self._has_evidence = np.zeros((runs, scopes), dtype=bool)
        self._most_log_e = 0.0
        self._kept = np.zeros((*shape, _FIELDS))
        self._by_number = self._kept.reshape(-1, _FIELDS)

    def step(self, slot: SlotDrawn) -> None:
        """Adds one slot."""
        self._most_log_e = 0.0
        cells = np.flatnonzero(self._has_evidence | self._can_gain(slot.candidate))
        if not cells.size:
            return
        at = _Where(*np.divmod(cells, self._has_evidence.shape[1]))
        candidate = Cells(slot.candidate, *at)
        before, gains = self.log_e[:, *at], self._gains(candidate)
        after = np.minimum(before + gains, CEILING * self._alarms[slot.characters[at.runs], at.scopes])
        np.maximum(after, 0.0, out=after)
        self.log_e[:, *at] = after
        self._has_evidence[at] = after.any(axis=0)
        ways, places = np.nonzero(after)
        if ways.size:
            which = ways, places
            rows = _Rows(ways, places, after[which], before[which] <= 0.0, gains[which] > 0.0)
            self._follow(slot, candidate, at, rows)
            self._most_log_e = float(after.max())

    def _follow(self, slot: SlotDrawn, candidate: Cells, at: _Where, rows: _Rows) -> None:
        """Adds one slot to what the detectors with evidence keep."""
        ways, places = rows.ways, rows.places
        numbers = (ways * self._has_evidence.size) + (at.runs * self._has_evidence.shape[1] + at.scopes)[places]
        kept = np.ascontiguousarray(self._by_number.take(numbers, axis=0).T)
        kept[:, rows.new] = self._begun(slot, at, ways[rows.new], places[rows.new])
        kept[_SEEN] += self._run_seen(slot, candidate, at)[:, places]
        block, handed_on = self._block(slot, candidate, at)
        self._compare(block[:, places], handed_on[places], kept)
        rises = rows.grew & (rows.log_e >= kept[_TOP_LOG_E])
        kept[_TOP, rises] = rows.log_e[rises], (slot.start_s + slot.length_s)[at.runs[places[rises]]]
        self._by_number[numbers] = kept.T

    def _begun(self, slot: SlotDrawn, at: _Where, ways: NDArray[np.intp], places: NDArray[np.intp]) -> Floats:
        """What detectors keep that have no evidence yet, of these alternatives and places among the cells."""
        known = self._comparable(Cells(slot.usual, *at), Arm.BASELINE)
        usual = np.stack([known.bad + UNKNOWN[0], known.trials - known.bad + UNKNOWN[1]])
        usual *= np.minimum(1.0, USUAL_STRENGTH / usual.sum(axis=0))
        rate = _OWN_STRENGTH * self._rates[ways]
        begun = np.zeros((_FIELDS, rate.size))
        begun[_RATES] = (rate, _OWN_STRENGTH - rate, *usual[:, places])
        begun[_SINCE_S] = slot.start_s[at.runs[places]]
        return begun

    def _run_seen(self, slot: SlotDrawn, candidate: Cells, at: _Where) -> Floats:
        """Returns ``bad``, ``severe``, ``trials``, ``lasted_s``, ``rest_bad``, ``rest_trials``."""
        own = self._own(candidate)
        severe = own.bad
        if self.gate.metric in QUANTILES and self.gate.roll_back is not None:
            severe = self._slower(candidate, self.gate.roll_back)
        everyone = self._own(Cells(slot.candidate, at.runs, np.zeros_like(at.runs)))
        others = at.scopes > 0
        rest_bad = np.where(others, np.maximum(0.0, everyone.bad - own.bad), 0.0)
        rest_trials = np.where(others, np.maximum(0.0, everyone.trials - own.trials), 0.0)
        length_s = slot.length_s if self.gate.metric.is_duration else slot.lasted_s
        lasted_s = np.where(own.bad > 0, length_s[at.runs], 0.0)
        return np.stack([own.bad, severe, own.trials, lasted_s, rest_bad, rest_trials])

    def _block(self, slot: SlotDrawn, candidate: Cells, at: _Where) -> tuple[Floats, Floats]:
        """Both arms' trials, and the part of the candidate's failures that falls back."""
        ours = self._comparable(candidate, Arm.CANDIDATE)
        theirs = self._comparable(Cells(slot.baseline, at.runs, at.scopes), Arm.BASELINE)
        none = np.zeros_like(ours.bad)
        if self.gate.metric not in RESCUED:
            return np.stack([*ours, *theirs, none, none]), none
        live = Cells(slot.live, at.runs, at.scopes)
        handed = np.minimum(live.fallbacks, self._comparable(live, Arm.CANDIDATE).bad)
        alone = np.maximum(0.0, live.errors + live.refused - live.fallbacks)
        lost = np.minimum(np.maximum(0.0, live.unserved - alone), handed)
        of_live = np.divide(live.units, ours.trials, out=none, where=ours.trials > 0)
        return np.stack([*ours, *theirs, handed, lost]), self._handed_on(slot)[at.runs] * of_live

    def _handed_on(self, slot: SlotDrawn) -> Floats:
        """By run, the part of the candidate's failures that falls back, if it is needed."""
        everyone = np.arange(slot.rare.size)
        total = Cells(slot.handed, everyone, np.zeros_like(everyone))
        failed = self._comparable(total, Arm.CANDIDATE).bad
        handed = np.minimum(total.fallbacks, failed)
        part = np.divide(handed, failed, out=np.zeros_like(failed), where=failed > 0)
        known: Floats = np.where(slot.rare & (part >= MOSTLY), part, 0.0)
        return known

    def _compare(self, seen: Floats, handed_on: Floats, known: Floats) -> None:
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

    def baseline_in_trouble(self, baseline: Drawn, usual: Drawn) -> Mask:
        """By run, whether the baseline crosses the gate's level in this slot and far exceeds its usual rate.

        Both are sums over all characters.
        """
        now, known = self._own(baseline), self._own(usual)
        usual_bad = UNUSUAL * known.bad
        rate = np.divide(usual_bad, known.trials, out=np.zeros_like(known.bad), where=known.trials > 0)
        beyond: Mask = now.bad > np.maximum(self._boundary, rate) * now.trials
        trouble: Mask = beyond & (baseline.units > 0) & (known.trials >= USUAL_STRENGTH)
        return trouble[:, 0]

    def rings(self, characters: NDArray[np.intp]) -> Mask:
        """By run and scope, whether the level is crossed for long enough.

        ``characters`` is the number of known characters.
        """
        rung: Mask = np.zeros_like(self._has_evidence)
        if self._most_log_e < self._alarms.min():
            return rung
        top, alarm = self.log_e.max(axis=0), self._alarms[characters]
        runs, scopes = np.nonzero(top >= alarm)
        if runs.size:
            mean = top[runs, scopes] + np.log(np.exp(self.log_e[:, runs, scopes] - top[runs, scopes]).mean(axis=0))
            best = _gravest(self.log_e[:, runs, scopes])
            lasted_s = self._kept[best, runs, scopes, _LASTED_S]
            long_enough = lasted_s >= self._plan.statistics.blip_s
            rung[runs, scopes] = (mean >= alarm[runs, scopes]) & long_enough
        return rung

    def accuses(self, characters: NDArray[np.intp]) -> Mask:
        """By run and scope, whether an alarm is raised and the candidate is worse, or the baseline had too few
        trials for so long that the plan acts without a comparison.
        """
        rung = self.rings(characters)
        runs, scopes = np.nonzero(rung)
        if runs.size:
            best = _gravest(self.log_e[:, runs, scopes])
            known = self._kept[best, runs, scopes].T
            alone = known[_OTHER_TRIALS] < self._plan.statistics.least_baseline_units
            after_s = self._plan.policy.alone_after_s
            for_long = known[_TOP_S] - known[_SINCE_S] >= (math.inf if after_s is None else after_s)
            worse = known[_LOG_E] >= math.log(WORSE_ODDS)
            rung[runs, scopes] = worse | (alone & for_long)
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
        kept = [float(number) for number in self._kept[way, run, scope]]
        numbers = kept[_COMPARISON]
        comparison = Comparison(
            Rates(*numbers[_RATES]), numbers[_LOG_E], numbers[_OTHER_TRIALS], Block(*numbers[_OPEN])
        )
        return Detector(log_e, EvidenceRun(*kept[_RUN]), comparison, *kept[_TOP])

    def forget(self, run: int, scopes: NDArray[np.intp] | slice = slice(None)) -> None:
        """Discards the evidence of these scopes, or of all."""
        self.log_e[:, run, scopes] = 0.0
        self._has_evidence[run, scopes] = False

    def _can_gain(self, drawn: Drawn) -> Mask:
        """By run and scope, whether the evidence for some alternative can grow; it cannot anywhere else."""
        if self.gate.metric is GateMetric.MEAN_SYNTHESIS:
            return self._capital.can_gain(drawn)
        own = self._own(drawn)
        can: Mask = own.bad > self._least_bad * own.trials
        return can

    def _gains(self, drawn: Cells) -> Floats:
        if self.gate.metric is GateMetric.MEAN_SYNTHESIS:
            return self._capital.gains(drawn)
        own = self._own(drawn)
        good = own.trials - own.bad
        gains: Floats = self._bad_gain[:, None] * own.bad + self._good_gain[:, None] * good
        return gains

    def _own(self, drawn: Cells | Drawn) -> _Counts:
        """Bad cases at the gate's own level."""
        if self.gate.metric is GateMetric.MEAN_SYNTHESIS:
            return _Counts(np.minimum(drawn.seconds / self._longest_s, drawn.timed), drawn.timed)
        return self._comparable(drawn, Arm.CANDIDATE)

    def _comparable(self, drawn: Cells | Drawn, arm: Arm) -> _Counts:
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

    def _slower(self, drawn: Cells | Drawn, level_s: float) -> Floats:
        counts = drawn.late if self.gate.metric.of_streams else drawn.over
        slower: Floats = counts[self.gate.metric.edges_s.index(level_s)]
        return slower


def _gravest(log_e: Floats) -> NDArray[np.intp]:
    """The alternative with the most evidence in each cell.

    If several are at the ceiling, the one with the worst rate.
    """
    last: NDArray[np.intp] = log_e.shape[0] - 1 - log_e[::-1].argmax(axis=0)
    return last
