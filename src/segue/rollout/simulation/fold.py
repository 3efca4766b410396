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
        self._totals = {arm: nothing_drawn(runs, scopes, streams=streams) for arm in Arm}
        self._before_step = {arm: nothing_drawn(runs, scopes, streams=streams) for arm in Arm}
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
        live, baseline = played.arms[Arm.CANDIDATE].pooled(), played.arms[Arm.BASELINE].pooled()
        shadow = played.shadow.pooled() if played.shadow.units.any() else None
        candidate = live if shadow is None else live.plus(shadow)
        sound = ~self._baseline_in_trouble(baseline)
        self._hold(played, candidate, baseline)
        self._watch(played, candidate, live, baseline)
        self._handed.add(live.first(), sound)
        self._step_live += live.units[:, 0] * played.promoting * sound
        if played.promoting < 1.0:
            candidate, baseline = live.times(played.promoting), baseline.times(played.promoting)
            candidate = candidate if shadow is None else candidate.plus(shadow)
        for arm, counted, runs in (
            (Arm.CANDIDATE, candidate, sound),
            (Arm.BASELINE, baseline, np.ones_like(sound)),
        ):
            self._totals[arm].add(counted, runs)
            self._heard |= ((counted.units > 0) | (counted.timed > 0))[:, 1:] & runs[:, None]
        self._lookups += (played.hits, played.lookups)
        self._step_lookups += (played.hits, played.lookups)

    def _baseline_in_trouble(self, baseline: Drawn) -> Mask:
        """By run, whether the baseline has more trouble than usual."""
        now, usual = baseline.first(), self._totals[Arm.BASELINE].first()
        found: Mask = np.zeros(self._since_s.size, dtype=bool)
        for gate in self.gates:
            found |= gate.baseline_in_trouble(now, usual)
        return found

    def _watch(self, played: Played, candidate: Drawn, live: Drawn, baseline: Drawn) -> None:
        usual = self._totals[Arm.BASELINE]
        ours, theirs = self._step_live, (usual.units - self._before_step[Arm.BASELINE].units)[:, 0]
        slot = SlotDrawn(
            start_s=played.start_s,
            length_s=played.length_s,
            lasted_s=played.lasted_s,
            characters=self._characters_heard(),
            candidate=candidate,
            live=live,
            baseline=baseline,
            usual=usual,
            handed=self._handed,
            rare=(ours > 0) & (theirs < RARE * (ours + theirs)),
        )
        for gate in self.gates:
            gate.step(slot)

    def _characters_heard(self) -> NDArray[np.intp]:
        heard: NDArray[np.intp] = np.count_nonzero(self._heard, axis=1)
        return heard

    def _hold(self, played: Played, candidate: Drawn, baseline: Drawn) -> None:
        heard = np.where(played.by_candidate, candidate.units[:, 0], baseline.units[:, 0]) > 0
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
        for arm, counts in self._before_step.items():
            counts.set_run(run, self._totals[arm])
        self._step_lookups[:, run] = 0.0
        self._step_live[run] = 0.0
        self._since_s[run] = self._heard_until_s[run] = since_s
        self.held_s[run] = 0.0

    def forget(self, run: int) -> None:
        """Discards a run's evidence after it went back."""
        for counts in (*self._totals.values(), *self._before_step.values(), self._handed):
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
        counts = {arm: total.of_run(run) for arm, total in self._totals.items()}
        of_step = {arm: total.minus(self._before_step[arm].of_run(run)) for arm, total in counts.items()}
        total = self._slot(counts, self._lookups[:, run], 0.0, fresh_at_s)
        step = self._slot(of_step, self._step_lookups[:, run], since_s, fresh_at_s)
        watches: dict[Scope, Watch] = {
            (gate.gate.metric, scope): watch
            for gate in self.gates
            for number, scope in enumerate((OVERALL, *self._characters))
            if (watch := gate.watch(run, number)) is not None
        }
        heard_s = float(self._heard_until_s[run])
        heard_until_s = None if heard_s == _NOT_WATCHED else heard_s
        return Evidence(since_s, total, step, watches, {}, float(self.held_s[run]), heard_until_s, fresh_at_s)

    def _slot(self, counts: dict[Arm, Drawn], lookups: Floats, since_s: float, until_s: float) -> Slot:
        hits, asked = lookups
        return Slot(since_s, until_s - since_s, self._tallies(counts), float(hits), float(asked))

    def _tallies(self, counts: dict[Arm, Drawn]) -> dict[tuple[Arm, str], Tally]:
        """The counts of a single run, by arm and character."""
        return {
            (arm, character): counts[arm].tally(0, number)
            for arm in Arm
            for number, character in enumerate(self._characters, start=1)
            if counts[arm].units[0, number] or counts[arm].timed[0, number]
        }
