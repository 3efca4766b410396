"""One gate's detectors in many runs at once: the arithmetic of ``segue.core.detect``, on arrays.

Arrays are indexed by alternative, then run, then scope (0: overall, then the characters).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.core.detect import CEILING, Detector, Run
from segue.core.evidence import Watch
from segue.core.gates import QUANTILES, Gate, Metric
from segue.core.stats import RATE_RATIOS, alternatives
from segue.simulation.tame import boundary_of

if TYPE_CHECKING:
    from segue.core.plan import Plan
    from segue.simulation.drawn import Drawn, Floats, Mask


@dataclass(frozen=True, slots=True)
class Both:
    """A slot as one kind of gate compares it: the trials of both arms, and what the candidate's part explains."""

    ours: Floats
    theirs: Floats
    mixed: Floats
    comparable: Mask


def compared(ours: Floats, theirs: Floats) -> Both:
    """For so many trials of the candidate's and of the baseline's."""
    total = ours + theirs
    weight = np.divide(ours, total, out=np.zeros_like(total), where=total > 0)
    mixed = np.log1p(_excess * weight)
    return Both(ours, theirs, mixed, (weight > 0) & (weight < 1))


class GateWatches:
    """One gate's watches, of all runs and scopes."""

    def __init__(self, gate: Gate, plan: Plan, runs: int, scopes: int) -> None:
        assert gate.alarm is not None, "only gates with an alarm are watched"
        self.gate = gate
        self.trials = _trials(gate.metric)
        self._plan = plan
        boundary = boundary_of(gate, plan.statistics.longest_s)
        ways = np.array(alternatives(boundary))[:, None, None]
        self._good_gain = np.log((1.0 - ways) / (1.0 - boundary))
        self._bad_gain = np.log(ways / boundary) - self._good_gain
        self._beyond = _Detectors(ways.size, runs, scopes)
        self._worse = _Detectors(len(RATE_RATIOS), runs, scopes)

    def step(self, candidate: Drawn, baseline: Drawn, both: Both) -> None:
        """One slot more. ``both`` compares the gate's ``trials``, a name in ``Drawn``."""
        heard = (candidate.units > 0) | (candidate.timed > 0)
        ceiling = CEILING * self._plan.statistics.alarm_log_e
        bad, severe = self._own(candidate)
        gain = bad * self._bad_gain + both.ours * self._good_gain
        self._beyond.step(gain, (bad, severe, both.ours, both.theirs), heard, ceiling)
        ours, theirs = self._comparable(candidate), self._comparable(baseline)
        split = np.where(both.comparable, ours * _log_ratios - (ours + theirs) * both.mixed, 0.0)
        self._worse.step(split, (ours, np.zeros_like(ours), both.ours, both.theirs), heard, ceiling)

    def rings(self) -> Mask:
        """By run and scope: has the alarm gone off?"""
        enough = self._plan.statistics.alarm_log_e
        if self._beyond.log_e.max() < enough:
            return np.zeros_like(self._beyond.log_e[0], dtype=bool)
        alone = self._beyond.baseline_trials() < self._plan.statistics.least_baseline_units
        rung: Mask = (self._beyond.evidence() >= enough) & (alone | (self._worse.evidence() >= enough))
        return rung

    def watch(self, run: int, scope: int) -> Watch:
        return Watch(self._beyond.of(run, scope), self._worse.of(run, scope))

    def speaks(self, run: int) -> bool:
        """Whether any scope may ring; the watches of a gate that cannot are read by nobody."""
        return bool(self._beyond.log_e[:, run].max() >= self._plan.statistics.alarm_log_e)

    def forget(self, run: int) -> None:
        self._beyond.forget(run)
        self._worse.forget(run)

    def _own(self, drawn: Drawn) -> tuple[Floats, Floats]:
        """Bad cases against the gate's own level, and those that are bad by its graver level, too."""
        metric, zero = self.gate.metric, np.zeros_like(drawn.units)
        if metric is Metric.MEAN_SYNTHESIS:
            return np.minimum(drawn.seconds / self._plan.statistics.longest_s, drawn.timed), zero
        graver = self.gate.roll_back
        if metric in QUANTILES and graver is not None:
            return self._comparable(drawn), _slower(metric, graver, drawn)
        return self._comparable(drawn), zero

    def _comparable(self, drawn: Drawn) -> Floats:
        """In these worlds every failure is handed on, none is refused beforehand, and the baseline answers."""
        if self.gate.metric.is_duration:
            assert self.gate.alarm is not None, "checked when made"
            return _slower(self.gate.metric, self.gate.alarm, drawn)
        if self.gate.metric is Metric.BAD_AUDIO_RATE:
            return drawn.bad_audio
        return np.zeros_like(drawn.units) if self.gate.metric is Metric.UNSERVED_RATE else drawn.errors


def _trials(metric: Metric) -> str:
    if metric.of_streams:
        return "streams"
    return "timed" if metric.is_duration else "units"


def _slower(metric: Metric, level_s: float, drawn: Drawn) -> Floats:
    counts = drawn.late if metric.of_streams else drawn.over
    slower: Floats = counts[metric.edges_s.index(level_s)]
    return slower


class _Detectors:
    """Evidence, in logarithms, and the runs of counts that it rests on, as ``segue.core.detect.Detector``."""

    def __init__(self, ways: int, runs: int, scopes: int) -> None:
        self.log_e = np.zeros((ways, runs, scopes))
        self._runs = np.zeros((4, ways, runs, scopes))

    def step(self, gain: Floats, seen: tuple[Floats, ...], heard: Mask, ceiling: float) -> None:
        goes_on = (self.log_e > 0.0) | ~heard
        self._runs *= goes_on
        self._runs += np.stack(seen)[:, None] * heard
        np.maximum(self.log_e, 0.0, out=self.log_e, where=heard)
        np.add(self.log_e, gain, out=self.log_e, where=heard)
        np.minimum(self.log_e, ceiling, out=self.log_e)

    def evidence(self) -> Floats:
        top = self.log_e.max(axis=0)
        mean: Floats = top + np.log(np.exp(self.log_e - top).mean(axis=0))
        return mean

    def baseline_trials(self) -> Floats:
        """Of the run of the alternative that fits best."""
        best = self.log_e.argmax(axis=0)[None]
        trials: Floats = np.take_along_axis(self._runs[3], best, axis=0)[0]
        return trials

    def of(self, run: int, scope: int) -> Detector:
        log_e = tuple(float(value) for value in self.log_e[:, run, scope])
        counts = self._runs[:, :, run, scope].T
        return Detector(log_e, tuple(Run(*(float(count) for count in way)) for way in counts))

    def forget(self, run: int) -> None:
        self.log_e[:, run] = 0.0
        self._runs[:, :, run] = 0.0


_log_ratios = np.log(np.array(RATE_RATIOS))[:, None, None]
_excess = np.array(RATE_RATIOS)[:, None, None] - 1.0
