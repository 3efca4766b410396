"""Thousands of runs of a plan, each with its own state, all on one virtual clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np

from segue.core import rollout
from segue.core.decide import Trigger, decide
from segue.core.rollout import Phase, RolloutState, Verb
from segue.core.speech import Arm
from segue.core.units import PPM
from segue.core.windows import EDGES_S
from segue.simulation.draw import Dice
from segue.simulation.fold import Fold

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from segue.core.decide import Decision
    from segue.core.plan import Plan
    from segue.simulation.fold import Floats
    from segue.simulation.world import Fault, World

_PATIENCE = 3.0
"""A run that takes this many times the plan's holds is given up as stuck."""

_COARSE_UNITS = 200.0
"""Where a slot holds this many candidate units and no fault is near, several slots are drawn as one."""

_COARSEST_S = 1800.0
_NEAR_S = 3600.0
_SPLIT_LOOK_EVERY = 20


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    ROLLED_BACK = "rolled_back"
    STEPPED_BACK = "stepped_back"
    HELD_BACK = "held_back"
    PAUSED = "paused"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One run. ``back`` is its first going back, None where it never did.

    ``noticed_after_s`` and ``noticed_after_requests`` (of the candidate's) count from the fault's beginning;
    ``degraded`` are candidate requests until then that failed or took beyond the gravest level.
    """

    ending: Ending
    took_s: float
    back: Verb | None = None
    trigger: Trigger | None = None
    stage: int = 0
    before_fault: bool = False
    noticed_after_s: float = math.nan
    noticed_after_requests: float = math.nan
    degraded: float = math.nan
    why: str = ""


class Simulation:
    """Runs of one plan in one world. With a fault in it, a run ends with its first going back."""

    def __init__(self, plan: Plan, world: World, runs: int, seed: int = 0) -> None:
        self._plan = plan
        self._world = world
        self._runs = runs
        levels = frozenset(
            level
            for gate in plan.gates
            for level in (gate.target, gate.step_back, gate.roll_back)
            if level is not None and gate.metric.is_duration
        )
        self._grave_s = max((level for level in levels if level in EDGES_S), default=EDGES_S[-1])
        self._dice = Dice(world, levels, plan.statistics.longest_s, seed)
        self._fold = Fold(plan, world.characters, runs)
        start = rollout.started(RolloutState(), plan, "simulated", 0.0)
        self._states = [start] * runs
        self._now_s = np.zeros(runs)
        self._alive = np.ones(runs, dtype=bool)
        self._share = np.zeros(runs)
        self._eligible = np.zeros((runs, len(world.characters)), dtype=bool)
        self._look_at_s = np.zeros(runs)
        self._fault_at_s = np.full((runs, max(1, len(world.faults))), math.inf)
        self._since_fault = np.zeros((2, runs))
        self._assigned = np.zeros((2, runs))
        self._outcomes: list[Outcome | None] = [None] * runs
        self._firsts: list[Outcome | None] = [None] * runs
        for number, fault in enumerate(world.faults):
            if fault.stage is None:
                self._fault_at_s[:, number] = fault.at_s
        for run in range(runs):
            self._entered(run, forget=True)

    def outcomes(self, on_progress: Callable[[float], None] = lambda _: None) -> list[Outcome]:
        """Plays all runs to their ends; ``on_progress`` is told the part that is done."""
        limit_s = self._plan.hold_s * _PATIENCE
        turn = 0
        while self._alive.any():
            turn += 1
            self._play_slot()
            self._look(turn)
            for run in np.flatnonzero(self._alive & (self._now_s >= limit_s)):
                self._end(int(run), Ending.STUCK, "it took three times the plan's holds")
            if turn % 100 == 0:
                on_progress(1.0 - float(self._alive.mean()))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _play_slot(self) -> None:
        length_s = np.where(self._alive, self._lengths(), 0.0)
        struck = self._struck()
        candidate_units = self._dice.units(self._now_s, length_s, self._share, self._eligible)
        baseline_units = self._dice.units(self._now_s, length_s, 1.0 - self._share, self._eligible)
        drawn = {
            Arm.CANDIDATE: self._dice.outcomes(Arm.CANDIDATE, candidate_units, struck),
            Arm.BASELINE: self._dice.outcomes(Arm.BASELINE, baseline_units, struck),
        }
        everyone = self._world.units_per_s * length_s
        lookups = everyone / max(1e-9, 1.0 - self._world.cache_hit_rate)
        self._fold.step(drawn, lookups, lookups * self._world.cache_hit_rate)
        on_candidate = candidate_units.sum(axis=1)
        self._assigned += (on_candidate, baseline_units.sum(axis=1))
        faulty = (self._fault_at_s <= self._now_s[:, None]).any(axis=1)
        grave = drawn[Arm.CANDIDATE].over[..., EDGES_S.index(self._grave_s)].sum(axis=1)
        degraded = drawn[Arm.CANDIDATE].errors.sum(axis=1) + grave
        self._since_fault += np.where(faulty, (on_candidate, degraded), 0.0)
        self._now_s += length_s

    def _lengths(self) -> Floats:
        """A slot each; several at once where that changes nothing; never past the end of a hold."""
        slot_s = self._plan.statistics.slot_s
        part = self._eligible.mean(axis=1) * self._share
        per_slot = self._world.units_per_s * part * slot_s
        near = np.zeros(self._runs, dtype=bool)
        for number, fault in enumerate(self._world.faults):
            begins = self._fault_at_s[:, number]
            ends = begins + min(fault.for_s, 1e12)
            near |= (self._now_s > begins - _NEAR_S - _COARSEST_S) & (self._now_s < ends + _NEAR_S)
        coarse = (per_slot > _COARSE_UNITS) & ~near
        length_s = np.where(coarse, max(_COARSEST_S, slot_s), slot_s)
        left_s = self._look_at_s - self._now_s
        bounded: Floats = np.where((left_s > 0) & (left_s < length_s), left_s, length_s)
        return bounded

    def _struck(self) -> list[tuple[Fault, NDArray[np.bool_]]]:
        found = []
        for number, fault in enumerate(self._world.faults):
            begins = self._fault_at_s[:, number]
            active = (self._now_s >= begins) & (self._now_s < begins + min(fault.for_s, 1e12))
            if active.any():
                whom = np.array([fault.character in ("", name) for name in self._world.characters])
                found.append((fault, active[:, None] & whom))
        return found

    def _look(self, turn: int) -> None:
        """Asks the judge about every run in which something may have to be decided."""
        due = self._alive & (self._fold.ringing() | (self._now_s >= self._look_at_s))
        if turn % _SPLIT_LOOK_EVERY == 0:
            due |= self._alive & self._split_in_doubt()
        for run in np.flatnonzero(due):
            self._judge(int(run))

    def _split_in_doubt(self) -> NDArray[np.bool_]:
        total = self._assigned.sum(axis=0)
        spread = np.sqrt(np.maximum(1e-9, total * self._share * (1.0 - self._share)))
        doubt: NDArray[np.bool_] = np.abs(self._assigned[0] - total * self._share) > 3.0 * spread
        return doubt & (self._share > 0) & (self._share < 1)

    def _judge(self, run: int) -> None:
        state, now_s = self._states[run], float(self._now_s[run])
        evidence = self._fold.evidence(run, now_s)
        assigned = (int(self._assigned[0, run]), int(self._assigned[1, run]))
        decision = decide(self._plan, state, evidence.with_assigned(assigned), now_s)
        if decision.verb is None:
            self._look_at_s[run] = max(self._look_at_s[run], decision.wake_at_s)
            return
        if decision.verb in (Verb.ROLL_BACK, Verb.STEP_BACK, Verb.HOLD_BACK):
            self._note_back(run, decision)
        self._states[run] = after = self._applied(state, decision, now_s)
        went_back = decision.verb in (Verb.STEP_BACK, Verb.ROLL_BACK, Verb.HOLD_BACK)
        if after.phase is Phase.FINISHED:
            self._end(run, Ending.FINISHED, decision.reasons[0])
        elif after.phase is Phase.PAUSED:
            self._end(run, Ending.PAUSED, decision.reasons[0])
        elif after.phase is Phase.ROLLED_BACK or (went_back and self._world.faults):
            self._end(run, _ENDINGS[decision.verb], decision.reasons[0])
        else:
            self._entered(run, forget=went_back)

    def _applied(self, state: RolloutState, decision: Decision, now_s: float) -> RolloutState:
        """The state after the decision; a person's approval comes after its usual delay."""
        if decision.verb is Verb.ASK_APPROVAL:
            return rollout.approved(rollout.approval_asked(state), self._plan)
        assert decision.verb is not None, "to hold changes nothing"
        return rollout.decided(state, decision.verb, decision.character, self._plan, now_s)

    def _entered(self, run: int, *, forget: bool) -> None:
        state, now_s = self._states[run], float(self._now_s[run])
        routing = state.routing
        named = routing.characters or frozenset(self._world.characters)
        self._share[run] = routing.share_ppm / PPM if routing.enabled else 0.0
        self._eligible[run] = [name in named - routing.held_back for name in self._world.characters]
        self._look_at_s[run] = self._next_look(state, now_s)
        self._assigned[:, run] = 0.0
        self._fold.begin(run, now_s, forget=forget)
        for number, fault in enumerate(self._world.faults):
            if fault.stage == state.place.stage and self._fault_at_s[run, number] == math.inf:
                self._fault_at_s[run, number] = now_s

    def _next_look(self, state: RolloutState, now_s: float) -> float:
        if state.phase is Phase.COOLING:
            return state.cool_until_s
        if state.phase is Phase.AWAITING_APPROVAL:
            return now_s + self._world.approval_delay_s
        return now_s + self._plan.step(state.place).hold_s - state.held_for_s(now_s)

    def _note_back(self, run: int, decision: Decision) -> None:
        if self._firsts[run] is not None:
            return
        begun_s = float(self._fault_at_s[run].min())
        now_s, early = float(self._now_s[run]), float(self._now_s[run]) <= begun_s
        requests, degraded = self._since_fault[:, run] * self._world.requests_per_unit
        self._firsts[run] = Outcome(
            Ending.STUCK,
            0.0,
            decision.verb,
            decision.trigger,
            self._states[run].place.stage,
            early,
            math.nan if early else now_s - begun_s,
            math.nan if early else float(requests),
            math.nan if early else float(degraded),
            decision.reasons[0],
        )

    def _end(self, run: int, ending: Ending, why: str) -> None:
        first = self._firsts[run]
        took_s = float(self._now_s[run])
        self._alive[run] = False
        if first is None:
            stage = self._states[run].place.stage
            self._outcomes[run] = Outcome(ending, took_s, stage=stage, why=why)
        else:
            self._outcomes[run] = replace(first, ending=ending, took_s=took_s)


_ENDINGS = {
    Verb.ROLL_BACK: Ending.ROLLED_BACK,
    Verb.STEP_BACK: Ending.STEPPED_BACK,
    Verb.HOLD_BACK: Ending.HELD_BACK,
}
