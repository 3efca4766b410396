"""The evidence of many runs at once: the arithmetic of ``segue.rollout.core.evidence`` on arrays.

A test compares it with the core, slot by slot.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from segue.kernel.arms import Arm
from segue.rollout.core.evidence import OVERALL, RARE, Evidence, Scope
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.simulation.cells import Cells
from segue.rollout.simulation.drawn import nothing_drawn
from segue.rollout.simulation.watches import GateWatches, SlotDrawn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from segue.rollout.core.detect import Watch
    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask


_NOT_WATCHED = -math.inf
"""Replaces the time when the arm was last heard if it is unknown, so that the hold continues with the next
slot.
"""


@dataclass(frozen=True, slots=True)
class Played:
    """One slot of all runs: what both arms did, including shadow requests, and the cache lookups.

    By run: when the slot began, its length, how long calls failed in it if any did, whether it counts for the
    hold, whether the judge was running, and whether the candidate receives requests, so that its traffic counts
    for the hold. ``promoting`` is the part of the live units that are a listener's first of a day; all shadow
    units are.
    """

    start_s: Floats
    length_s: Floats
    lasted_s: Floats
    arms: dict[Arm, Drawn]
    shadow: Drawn
    lookups: Floats
    hits: Floats
    holds: Mask
    watched: Mask
    by_candidate: Mask
    promoting: float = 1.0


class Fold:
    """Totals, holds and watches of all runs; ``evidence`` extracts one run in the judge's form."""

    def __init__(self, plan: Plan, characters: tuple[str, ...], runs: int) -> None:
        self._plan = plan
        self._characters = characters
        scopes = len(characters) + 1
        self.gates = [GateWatches(gate, plan, runs, scopes) for gate in plan.watched_gates]
        streams = any(gate.metric.of_streams for gate in plan.gates)
        self._totals = {arm: nothing_drawn(runs, len(characters), streams=streams) for arm in Arm}
        self._steps = {arm: nothing_drawn(runs, len(characters), streams=streams) for arm in Arm}
        self._usual = nothing_drawn(runs, scopes, streams=streams)
        self._handed = nothing_drawn(runs, 1, streams=streams)
        self._step_live = np.zeros(runs)
        self._heard = np.zeros((runs, len(characters)), dtype=bool)
        self._lookups = np.zeros((2, runs))
        self._step_lookups = np.zeros((2, runs))
        self._since_s = np.zeros(runs)
        self.held_s = np.zeros(runs)
        self._heard_until_s = np.zeros(runs)

    def step(self, played: Played) -> None:
        """Adds one slot. A run that is over sees nothing and does not change."""
        live, baseline = played.arms[Arm.CANDIDATE], played.arms[Arm.BASELINE]
        candidate = live.plus(played.shadow)
        sound = ~self._baseline_in_trouble(baseline)
        self._hold(played, candidate)
        self._watch(played, candidate, sound)
        if played.promoting < 1.0:
            candidate = live.times(played.promoting).plus(played.shadow)
            baseline = baseline.times(played.promoting)
        candidate = candidate.only(sound)
        for arm, counted in ((Arm.CANDIDATE, candidate), (Arm.BASELINE, baseline)):
            self._totals[arm].add(counted)
            self._steps[arm].add(counted)
            self._heard |= (counted.units > 0) | (counted.timed > 0)
        self._step_live += live.units.sum(axis=1) * played.promoting * sound
        self._lookups += (played.hits, played.lookups)
        self._step_lookups += (played.hits, played.lookups)

    def _baseline_in_trouble(self, baseline: Drawn) -> Mask:
        """By run, whether the baseline has more trouble than usual."""
        pooled = baseline.pooled()
        found: Mask = np.zeros(self._since_s.size, dtype=bool)
        for gate in self.gates:
            found |= gate.baseline_in_trouble(pooled, self._usual)
        return found

    def _watch(self, played: Played, candidate: Drawn, sound: Mask) -> None:
        live = played.arms[Arm.CANDIDATE].pooled()
        baseline = played.arms[Arm.BASELINE].pooled()
        ours, theirs = self._step_live, self._steps[Arm.BASELINE].units.sum(axis=1)
        ours_pooled = candidate.pooled()
        seen = (ours_pooled.units > 0) | (ours_pooled.timed > 0) | (baseline.units > 0)
        for gate in self.gates:
            seen |= gate.log_e.any(axis=0)
        runs, scopes = np.nonzero(seen)
        slot = SlotDrawn(
            cells=(runs, scopes),
            heard=Cells(ours_pooled, runs, scopes),
            start_s=played.start_s,
            length_s=played.length_s,
            lasted_s=played.lasted_s,
            characters=self._characters_heard(),
            candidate=ours_pooled,
            live=live,
            baseline=baseline,
            usual=self._usual,
            handed=self._handed,
            rare=(ours > 0) & (theirs < RARE * (ours + theirs)),
        )
        for gate in self.gates:
            gate.step(slot)
        self._usual.add(baseline if played.promoting >= 1.0 else baseline.times(played.promoting))
        self._handed.add(live.first().only(sound))

    def _characters_heard(self) -> NDArray[np.intp]:
        heard: NDArray[np.intp] = np.count_nonzero(self._heard, axis=1)
        return heard

    def _hold(self, played: Played, candidate: Drawn) -> None:
        baseline = played.arms[Arm.BASELINE]
        heard = np.where(played.by_candidate, candidate.units.sum(axis=1), baseline.units.sum(axis=1)) > 0
        end_s = played.start_s + played.length_s
        unbroken = played.start_s - self._heard_until_s <= self._plan.statistics.quiet_s
        since_s = np.where(unbroken, self._heard_until_s, played.start_s)
        self.held_s += np.where(heard & played.holds & played.watched, np.maximum(0.0, end_s - since_s), 0.0)
        until_s = np.where(heard, np.maximum(end_s, since_s), self._heard_until_s)
        self._heard_until_s = np.where(played.watched, until_s, _NOT_WATCHED)

    def ringing(self, *, accusing: bool) -> Mask:
        """The runs with an alarm; ``accusing``: with an alarm that can lead to an action."""
        anywhere = np.zeros((self._since_s.size, len(self._characters) + 1), dtype=bool)
        characters = self._characters_heard()
        for gate in self.gates:
            anywhere |= gate.accuses(characters) if accusing else gate.rings(characters)
        runs: Mask = anywhere.max(axis=1)
        return runs

    def begin(self, run: int, since_s: float) -> None:
        """Starts a new step of a run."""
        for counts in self._steps.values():
            counts.clear(run)
        self._step_lookups[:, run] = 0.0
        self._step_live[run] = 0.0
        self._since_s[run] = self._heard_until_s[run] = since_s
        self.held_s[run] = 0.0

    def forget(self, run: int) -> None:
        """Discards a run's evidence after it went back."""
        for counts in (*self._totals.values(), self._usual, self._handed):
            counts.clear(run)
        self._lookups[:, run] = 0.0
        self._heard[run] = False
        for gate in self.gates:
            gate.forget(run)

    def forget_character(self, run: int, character: str) -> None:
        """Discards the evidence of a character that was held back, and the overall evidence."""
        scopes = np.array([0, self._characters.index(character) + 1])
        for gate in self.gates:
            gate.forget(run, scopes)

    def evidence(self, run: int, fresh_at_s: float) -> Evidence:
        """One run's evidence, in the judge's form."""
        since_s = float(self._since_s[run])
        total = self._slot(self._totals, self._lookups, run, 0.0, fresh_at_s)
        step = self._slot(self._steps, self._step_lookups, run, since_s, fresh_at_s)
        watches: dict[Scope, Watch] = {
            (gate.gate.metric, scope): watch
            for gate in self.gates
            for number, scope in enumerate((OVERALL, *self._characters))
            if (watch := gate.watch(run, number)) is not None
        }
        heard_s = float(self._heard_until_s[run])
        heard_until_s = None if heard_s == _NOT_WATCHED else heard_s
        return Evidence(since_s, total, step, watches, {}, float(self.held_s[run]), heard_until_s, fresh_at_s)

    def _slot(self, counts: dict[Arm, Drawn], lookups: Floats, run: int, since_s: float, until_s: float) -> Slot:
        hits, asked = lookups[:, run]
        return Slot(since_s, until_s - since_s, self._tallies(counts, run), float(hits), float(asked))

    def _tallies(self, counts: dict[Arm, Drawn], run: int) -> dict[tuple[Arm, str], Tally]:
        return {
            (arm, character): counts[arm].tally(run, number)
            for arm in Arm
            for number, character in enumerate(self._characters)
            if counts[arm].units[run, number] or counts[arm].timed[run, number]
        }
