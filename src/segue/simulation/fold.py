"""The evidence of many runs at once: the arithmetic of ``segue.core.evidence``, on arrays.

A test holds this against the core, slot by slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.core.evidence import HALF_LIFE_SLOTS, OVERALL, Evidence, Scope, Watch
from segue.core.speech import Arm
from segue.core.windows import Slot, Tally
from segue.simulation.drawn import Drawn, nothing_drawn
from segue.simulation.watches import GateWatches, compared

if TYPE_CHECKING:
    from segue.core.plan import Plan
    from segue.simulation.drawn import Floats, Mask


class Fold:
    """Totals, fading counts and watches of all runs; ``evidence`` takes one run out as the judge knows it."""

    def __init__(self, plan: Plan, characters: tuple[str, ...], runs: int) -> None:
        self._characters = characters
        scopes = len(characters) + 1
        self.gates = [GateWatches(gate, plan, runs, scopes) for gate in plan.gates if gate.alarm is not None]
        streams = any(gate.metric.of_streams for gate in plan.gates)
        self._totals = {arm: nothing_drawn(runs, len(characters), streams=streams) for arm in Arm}
        self._recent = {arm: nothing_drawn(runs, len(characters), streams=streams) for arm in Arm}
        self._lookups = np.zeros((2, runs))
        self._since_s = np.zeros(runs)

    def step(self, drawn: dict[Arm, Drawn], lookups: Floats, hits: Floats) -> None:
        """One slot more. A run that is over sees nothing, and stays as it is but for what fades."""
        keep = 0.5 ** (1.0 / HALF_LIFE_SLOTS)
        for arm in Arm:
            for name in Drawn.__slots__:
                seen = getattr(drawn[arm], name)
                total, recent = getattr(self._totals[arm], name), getattr(self._recent[arm], name)
                total += seen
                recent *= keep
                recent += seen
        self._lookups += (hits, lookups)
        candidate, baseline = drawn[Arm.CANDIDATE].pooled(), drawn[Arm.BASELINE].pooled()
        both = {
            trials: compared(getattr(candidate, trials), getattr(baseline, trials))
            for trials in {gate.trials for gate in self.gates}
        }
        for gate in self.gates:
            gate.step(candidate, baseline, both[gate.trials])

    def ringing(self) -> Mask:
        """The runs in which any alarm has gone off."""
        anywhere = np.zeros((self._since_s.size, len(self._characters) + 1), dtype=bool)
        for gate in self.gates:
            anywhere |= gate.rings()
        runs: Mask = anywhere.max(axis=1)
        return runs

    def begin(self, run: int, since_s: float, *, forget: bool) -> None:
        """A new step of a run; after going back its detectors begin anew, too."""
        for total in self._totals.values():
            for name in Drawn.__slots__:
                getattr(total, name)[..., run, :] = 0.0
        self._lookups[:, run] = 0.0
        self._since_s[run] = since_s
        if forget:
            for gate in self.gates:
                gate.forget(run)

    def evidence(self, run: int, fresh_at_s: float) -> Evidence:
        """One run's evidence, as the judge reads it; gates that cannot ring are left out."""
        tallies = self._tallies(self._totals, run)
        hits, lookups = self._lookups[:, run]
        since_s = float(self._since_s[run])
        total = Slot(since_s, fresh_at_s - since_s, tallies, float(hits), float(lookups))
        watches: dict[Scope, Watch] = {
            (gate.gate.metric, scope): gate.watch(run, number)
            for gate in self.gates
            if gate.speaks(run)
            for number, scope in enumerate((OVERALL, *self._characters))
        }
        return Evidence(since_s, total, watches, self._tallies(self._recent, run), fresh_at_s)

    def _tallies(self, counts: dict[Arm, Drawn], run: int) -> dict[tuple[Arm, str], Tally]:
        return {
            (arm, character): counts[arm].tally(run, number, handed_on=arm is Arm.CANDIDATE)
            for arm in Arm
            for number, character in enumerate(self._characters)
            if counts[arm].units[run, number] or counts[arm].timed[run, number]
        }
