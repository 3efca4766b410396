"""The evidence of many runs at once: the arithmetic of ``segue.core.evidence``, on arrays.

Arrays are indexed by run, then scope (0: overall, then the characters), then alternative. A test holds this
against the core, slot by slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segue.core.detect import CEILING, Detector, Run
from segue.core.evidence import HALF_LIFE_SLOTS, OVERALL, Evidence, Scope, Watch
from segue.core.gates import QUANTILES, Gate, Metric
from segue.core.speech import Arm
from segue.core.stats import RATE_RATIOS, alternatives
from segue.core.windows import EDGES_S, Slot, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.core.plan import Plan

    Floats: TypeAlias = NDArray[np.float64]


@dataclass(slots=True)
class Drawn:
    """One slot of every run: counts by run and character for one arm; ``over`` has the edges last."""

    units: Floats
    errors: Floats
    bad_audio: Floats
    timed: Floats
    seconds: Floats
    over: Floats

    def pooled(self) -> Drawn:
        """With the sum over all characters in front of them."""
        return Drawn(*(_with_sum(getattr(self, name)) for name in Drawn.__slots__))


def _with_sum(counts: Floats) -> Floats:
    return np.concatenate([counts.sum(axis=1, keepdims=True), counts], axis=1)


class _GateFold:
    """One gate's watches, of all runs and scopes."""

    def __init__(self, gate: Gate, plan: Plan, runs: int, scopes: int) -> None:
        assert gate.alarm is not None, "only gates with an alarm are watched"
        self.gate = gate
        self._longest_s = plan.statistics.longest_s
        self._ceiling = CEILING * plan.statistics.alarm_log_e
        self._boundary = _boundary(gate, plan.statistics.longest_s)
        ways = np.array(alternatives(self._boundary))
        self._bad_gain = np.log(ways / self._boundary)
        self._good_gain = np.log((1.0 - ways) / (1.0 - self._boundary))
        self._ratios = np.array(RATE_RATIOS)
        self._log_ratios = np.log(self._ratios)
        self.beyond = np.zeros((runs, scopes, ways.size))
        self.worse = np.zeros((runs, scopes, self._ratios.size))
        self.beyond_run = np.zeros((4, runs, scopes, ways.size))
        self.worse_run = np.zeros((4, runs, scopes, self._ratios.size))

    def step(self, candidate: Drawn, baseline: Drawn) -> None:
        bad, severe, trials = self._own(candidate)
        ours, our_trials = self._comparable(candidate)
        theirs, their_trials = self._comparable(baseline)
        heard = (candidate.units > 0) | (candidate.timed > 0)
        own = bad[..., None] * self._bad_gain + (trials - bad)[..., None] * self._good_gain
        self._move(self.beyond, self.beyond_run, own, (bad, severe, trials, their_trials), heard)
        both, all_trials = ours + theirs, our_trials + their_trials
        weight = our_trials / np.maximum(all_trials, 1e-300)
        mixed = np.log1p(weight[..., None] * (self._ratios - 1.0))
        split = ours[..., None] * self._log_ratios - both[..., None] * mixed
        split = np.where(((both > 0) & (weight > 0) & (weight < 1))[..., None], split, 0.0)
        zero = np.zeros_like(ours)
        self._move(self.worse, self.worse_run, split, (ours, zero, our_trials, their_trials), heard)

    def _move(
        self, log_e: Floats, run: Floats, gain: Floats, seen: tuple[Floats, ...], heard: NDArray[np.bool_]
    ) -> None:
        here = heard[..., None]
        begun = log_e <= 0.0
        for number, counts in enumerate(seen):
            after = np.where(begun, counts[..., None], run[number] + counts[..., None])
            run[number] = np.where(here, after, run[number])
        stepped = np.minimum(np.maximum(log_e, 0.0) + gain, self._ceiling)
        log_e[...] = np.where(here, stepped, log_e)

    def rings(self, plan: Plan) -> NDArray[np.bool_]:
        """By run and scope: has the alarm gone off?"""
        enough = plan.statistics.alarm_log_e
        beyond = _log_mean_exp(self.beyond) >= enough
        if not beyond.any():
            return beyond
        best = self.beyond.argmax(axis=2)[..., None]
        compared = np.take_along_axis(self.beyond_run[3], best, axis=2)[..., 0]
        alone = compared < plan.statistics.least_baseline_units
        return beyond & (alone | (_log_mean_exp(self.worse) >= enough))

    def watch(self, run: int, scope: int) -> Watch:
        return Watch(
            _detector(self.beyond[run, scope], self.beyond_run[:, run, scope]),
            _detector(self.worse[run, scope], self.worse_run[:, run, scope]),
        )

    def forget(self, runs: NDArray[np.bool_]) -> None:
        for log_e in (self.beyond, self.worse):
            log_e[runs] = 0.0
        for counts in (self.beyond_run, self.worse_run):
            counts[:, runs] = 0.0

    def _own(self, drawn: Drawn) -> tuple[Floats, Floats, Floats]:
        metric, zero = self.gate.metric, np.zeros_like(drawn.units)
        if metric is Metric.MEAN_SYNTHESIS:
            return np.minimum(drawn.seconds / self._longest_s, drawn.timed), zero, drawn.timed
        if metric in QUANTILES:
            graver = self.gate.roll_back
            severe = zero if graver is None else drawn.over[..., EDGES_S.index(graver)]
            return self._slower(drawn), severe, drawn.timed
        return self._bad(drawn), zero, drawn.units

    def _comparable(self, drawn: Drawn) -> tuple[Floats, Floats]:
        if self.gate.metric.is_duration:
            return self._slower(drawn), drawn.timed
        return self._bad(drawn), drawn.units

    def _slower(self, drawn: Drawn) -> Floats:
        assert self.gate.alarm is not None, "checked when made"
        slower: Floats = drawn.over[..., EDGES_S.index(self.gate.alarm)]
        return slower

    def _bad(self, drawn: Drawn) -> Floats:
        """In these worlds every failure is handed on, none is refused beforehand, and the baseline answers."""
        if self.gate.metric is Metric.BAD_AUDIO_RATE:
            return drawn.bad_audio
        return np.zeros_like(drawn.units) if self.gate.metric is Metric.UNSERVED_RATE else drawn.errors


class Fold:
    """Totals, fading counts and watches of all runs; ``evidence`` takes one run out as the judge knows it."""

    def __init__(self, plan: Plan, characters: tuple[str, ...], runs: int) -> None:
        self._plan = plan
        self._characters = characters
        shape = (runs, len(characters))
        self.gates = [
            _GateFold(gate, plan, runs, len(characters) + 1) for gate in plan.gates if gate.alarm is not None
        ]
        self._totals = {arm: _zeros(shape) for arm in Arm}
        self._recent = {arm: _zeros(shape) for arm in Arm}
        self._lookups = np.zeros((2, runs))
        self._since_s = np.zeros(runs)

    def step(self, drawn: dict[Arm, Drawn], lookups: Floats, hits: Floats) -> None:
        keep = 0.5 ** (1.0 / HALF_LIFE_SLOTS)
        for arm in Arm:
            for name in Drawn.__slots__:
                seen = getattr(drawn[arm], name)
                total, recent = getattr(self._totals[arm], name), getattr(self._recent[arm], name)
                total += seen
                recent *= keep
                recent += seen
        self._lookups[0] += hits
        self._lookups[1] += lookups
        candidate, baseline = drawn[Arm.CANDIDATE].pooled(), drawn[Arm.BASELINE].pooled()
        for gate in self.gates:
            gate.step(candidate, baseline)

    def ringing(self) -> NDArray[np.bool_]:
        """The runs in which any alarm has gone off."""
        rung: NDArray[np.bool_] = np.zeros(self._since_s.size, dtype=bool)
        for gate in self.gates:
            rung |= gate.rings(self._plan).any(axis=1)
        return rung

    def begin(self, run: int, since_s: float, *, forget: bool) -> None:
        """A new step of a run; after going back its detectors begin anew, too."""
        for arm in Arm:
            for name in Drawn.__slots__:
                getattr(self._totals[arm], name)[run] = 0.0
        self._lookups[:, run] = 0.0
        self._since_s[run] = since_s
        if forget:
            only = np.zeros(self._since_s.size, dtype=bool)
            only[run] = True
            for gate in self.gates:
                gate.forget(only)

    def evidence(self, run: int, fresh_at_s: float) -> Evidence:
        """One run's evidence, as the judge reads it."""
        tallies = self._tallies(self._totals, run)
        hits, lookups = self._lookups[:, run]
        since_s = float(self._since_s[run])
        total = Slot(since_s, fresh_at_s - since_s, tallies, float(hits), float(lookups))
        scopes = (OVERALL, *self._characters)
        watches: dict[Scope, Watch] = {
            (gate.gate.metric, scope): gate.watch(run, number)
            for gate in self.gates
            for number, scope in enumerate(scopes)
        }
        return Evidence(since_s, total, watches, self._tallies(self._recent, run), fresh_at_s)

    def _tallies(self, counts: dict[Arm, Drawn], run: int) -> dict[tuple[Arm, str], Tally]:
        return {
            (arm, character): _tally(counts[arm], run, number, handed_on=arm is Arm.CANDIDATE)
            for arm in Arm
            for number, character in enumerate(self._characters)
            if counts[arm].units[run, number] or counts[arm].timed[run, number]
        }


def _zeros(shape: tuple[int, int]) -> Drawn:
    return Drawn(
        units=np.zeros(shape),
        errors=np.zeros(shape),
        bad_audio=np.zeros(shape),
        timed=np.zeros(shape),
        seconds=np.zeros(shape),
        over=np.zeros((*shape, len(EDGES_S))),
    )


def _tally(drawn: Drawn, run: int, number: int, *, handed_on: bool) -> Tally:
    at = (run, number)
    errors = float(drawn.errors[at])
    return Tally(
        units=float(drawn.units[at]),
        errors=errors,
        bad_audio=float(drawn.bad_audio[at]),
        fallbacks=errors if handed_on else 0.0,
        timed=float(drawn.timed[at]),
        seconds=float(drawn.seconds[at]),
        over=tuple(float(count) for count in drawn.over[at]),
    )


def _detector(log_e: Floats, run: Floats) -> Detector:
    return Detector(
        tuple(float(value) for value in log_e),
        tuple(Run(*(float(value) for value in run[:, number])) for number in range(log_e.size)),
    )


def _log_mean_exp(values: Floats) -> Floats:
    top = values.max(axis=2)
    mean: Floats = top + np.log(np.exp(values - top[..., None]).mean(axis=2))
    return mean


def _boundary(gate: Gate, longest_s: float) -> float:
    assert gate.alarm is not None, "checked by the caller"
    if gate.metric in QUANTILES:
        return 1.0 - QUANTILES[gate.metric]
    if gate.metric is Metric.MEAN_SYNTHESIS:
        return gate.alarm / longest_s
    return 1.0 - gate.alarm if gate.metric.higher_is_better else gate.alarm
