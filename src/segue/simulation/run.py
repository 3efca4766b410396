"""Many runs of a plan, each with its own state, all on one virtual clock."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.core import rollout
from segue.core.decide import decide
from segue.core.rollout import Phase, RolloutState, Verb
from segue.core.speech import Arm
from segue.core.units import PPM
from segue.core.windows import EDGES_S
from segue.simulation.draw import Dice
from segue.simulation.fold import Fold
from segue.simulation.outcome import Back, Ending, Outcome
from segue.simulation.tame import tame

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.core.decide import Decision
    from segue.core.plan import Plan
    from segue.simulation.drawn import Drawn, Floats, Mask
    from segue.simulation.world import Fault, World

_PATIENCE = 3.0
"""A run that takes this many times the plan's holds is given up as stuck."""

_COARSE_S = 3600.0
_COARSE_PART = 1 / 24
"""Where no alarm could be missed, this much is drawn as one slot: no more of the shortest hold."""

_AFTERMATH_S = 3600.0
_LINGERING_AFTER_S = 2 * 86_400.0
_LINGERING_SLOTS = 10.0
"""A fault that nobody has noticed for long is mild; its slots are drawn ten at a time."""

_OVERDUE_LOOK_S = 1800.0
_OVERDUE_PART = 0.02
"""How often a step that should have ended is looked at, and at least in which part of its hold; alarms are
heeded at once all the same.
"""

_SPLIT_LOOK_EVERY = 5
_SPLIT_DOUBT = 3.0
_PROGRESS_EVERY = 20
_FOREVER_S = 1e12
_GONE_BACK = {
    Verb.ROLL_BACK: Ending.ROLLED_BACK,
    Verb.STEP_BACK: Ending.STEPPED_BACK,
    Verb.HOLD_BACK: Ending.HELD_BACK,
}


class Simulation:
    """Runs of one plan in one world. With a fault in it, a run ends with its first going back.

    ``coarse``: where no alarm could be missed by it, many slots are drawn as one.
    """

    def __init__(self, plan: Plan, world: World, runs: int, seed: int = 0, *, coarse: bool = True) -> None:
        self._plan = plan
        self._world = world
        self._coarse_s = _coarse_s(plan) if coarse else plan.statistics.slot_s
        levels = duration_levels(plan)
        self._grave = EDGES_S.index(max(levels, default=EDGES_S[-1]))
        self._tame = tame(plan, len(world.characters) + 1, world.candidate)
        self._dice = Dice(world, levels, duration_levels(plan, of_streams=True), plan.statistics.longest_s, seed)
        self._fold = Fold(plan, world.characters, runs)
        self._states = [rollout.started(RolloutState(), plan, "simulated", 0.0)] * runs
        self._now_s = np.zeros(runs)
        self._alive = np.ones(runs, dtype=bool)
        self._share = np.zeros(runs)
        self._eligible = np.zeros((runs, len(world.characters)), dtype=bool)
        self._look_at_s = np.zeros(runs)
        self._fault_at_s = np.full((runs, len(world.faults)), math.inf)
        self._since_fault = np.zeros((2, runs))
        self._assigned = np.zeros((2, runs))
        self._outcomes: list[Outcome | None] = [None] * runs
        self._backs: list[Back | None] = [None] * runs
        for number, fault in enumerate(world.faults):
            self._fault_at_s[:, number] = math.inf if fault.stage is not None else fault.at_s
        for run in range(runs):
            self._entered(run, forget=True)

    def outcomes(self, on_progress: Callable[[float], None] = lambda _: None) -> list[Outcome]:
        """Plays all runs to their ends; ``on_progress`` is told about the part that is done."""
        limit_s = self._plan.hold_s * _PATIENCE
        turn = 0
        while self._alive.any():
            turn += 1
            self._play_slot()
            self._look(turn)
            for run in np.flatnonzero(self._alive & (self._now_s >= limit_s)):
                self._end(int(run), Ending.STUCK, f"it took {_PATIENCE:g} times the plan's holds")
            if turn % _PROGRESS_EVERY == 0:
                played = np.where(self._alive, np.minimum(1.0, self._now_s / self._plan.hold_s), 1.0)
                on_progress(float(played.mean()))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _play_slot(self) -> None:
        length_s = np.where(self._alive, self._lengths(), 0.0)
        struck = self._struck()
        parts = {Arm.CANDIDATE: self._share, Arm.BASELINE: 1.0 - self._share}
        sessions = {
            arm: self._dice.sessions(self._now_s, length_s, part, self._eligible) for arm, part in parts.items()
        }
        drawn = {arm: self._dice.outcomes(arm, sessions[arm], struck) for arm in Arm}
        lookups = self._world.requests_per_s * length_s / max(1e-9, 1.0 - self._world.cache_hit_rate)
        self._fold.step(drawn, lookups, lookups * self._world.cache_hit_rate)
        heard = {arm: sessions[arm].sum(axis=1) for arm in Arm}
        self._assigned += (heard[Arm.CANDIDATE], heard[Arm.BASELINE])
        faulty = (self._fault_at_s <= self._now_s[:, None]).any(axis=1)
        counts = (heard[Arm.CANDIDATE] * self._world.burst, self._bad_answers(drawn[Arm.CANDIDATE]))
        self._since_fault += np.where(faulty, counts, 0.0)
        self._now_s += length_s

    def _bad_answers(self, drawn: Drawn) -> Floats:
        """Listeners whose candidate failed or was too slow; one that hung is both, and counts once."""
        hung = drawn.errors - (drawn.units - drawn.timed)
        units = drawn.errors + drawn.over[self._grave] - hung
        listeners: Floats = units.sum(axis=1) / (1.0 + self._world.counted_twice)
        return listeners

    def _lengths(self) -> Floats:
        """A slot each; many at once where nothing is to be noticed; never past a look or a fault's beginning."""
        attentive, lingering = self._attentive()
        slots = np.where(lingering, min(_LINGERING_SLOTS, self._coarse_s / self._plan.statistics.slot_s), 1.0)
        length_s = np.where(attentive, slots * self._plan.statistics.slot_s, self._coarse_s)
        for at_s in (self._look_at_s, *self._fault_at_s.T):
            left_s = at_s - self._now_s
            length_s = np.where((left_s > 0) & (left_s < length_s), left_s, length_s)
        return length_s

    def _attentive(self) -> tuple[Mask, Mask]:
        """The runs in which an alarm may come, for the candidate is heard and is not, or was not, tame; and those
        in which only an old fault may bring it.
        """
        attentive = np.full(self._now_s.size, not self._tame)
        lingering = np.full(self._now_s.size, self._tame)
        for number, fault in enumerate(self._world.faults):
            since_s = self._now_s - self._fault_at_s[:, number]
            felt = (since_s >= 0) & (since_s < min(fault.for_s, _FOREVER_S) + _AFTERMATH_S)
            attentive |= felt
            lingering &= ~felt | (since_s > _LINGERING_AFTER_S)
        heard: Mask = attentive & (self._share > 0)
        return heard, lingering

    def _struck(self) -> list[tuple[Fault, Mask]]:
        found = []
        for number, fault in enumerate(self._world.faults):
            begins = self._fault_at_s[:, number]
            active = (self._now_s >= begins) & (self._now_s < begins + min(fault.for_s, _FOREVER_S))
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

    def _split_in_doubt(self) -> Mask:
        total = self._assigned.sum(axis=0)
        spread = np.sqrt(np.maximum(1e-9, total * self._share * (1.0 - self._share)))
        doubt: Mask = np.abs(self._assigned[0] - total * self._share) > _SPLIT_DOUBT * spread
        return doubt & (self._share > 0) & (self._share < 1)

    def _judge(self, run: int) -> None:
        state, now_s = self._states[run], float(self._now_s[run])
        evidence = self._fold.evidence(run, now_s)
        assigned = (int(self._assigned[0, run]), int(self._assigned[1, run]))
        decision = decide(self._plan, state, evidence.with_assigned(assigned), now_s)
        if decision.verb is None:
            if self._look_at_s[run] <= now_s:
                overdue_s = min(_OVERDUE_LOOK_S, self._plan.step(state.place).hold_s * _OVERDUE_PART)
                self._look_at_s[run] = max(decision.wake_at_s, now_s + overdue_s)
            return
        went_back = decision.verb in _GONE_BACK
        if went_back and self._backs[run] is None:
            self._backs[run] = self._gone_back(run, decision)
        self._states[run] = after = self._applied(state, decision, now_s)
        if after.phase is Phase.FINISHED:
            self._end(run, Ending.FINISHED, decision.reasons[0])
        elif after.phase is Phase.PAUSED:
            self._end(run, Ending.PAUSED, decision.reasons[0])
        elif after.phase is Phase.ROLLED_BACK or (went_back and self._world.faults):
            self._end(run, _GONE_BACK[decision.verb], decision.reasons[0])
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

    def _gone_back(self, run: int, decision: Decision) -> Back:
        assert decision.verb is not None, "it went back"
        now_s, stage = float(self._now_s[run]), self._states[run].place.stage
        begun_s = float(self._fault_at_s[run].min(initial=math.inf))
        why = decision.reasons[0]
        if now_s <= begun_s:
            return Back(decision.verb, decision.trigger, stage, now_s, why)
        requests, bad = (float(count) for count in self._since_fault[:, run])
        return Back(decision.verb, decision.trigger, stage, now_s, why, now_s - begun_s, requests, bad)

    def _end(self, run: int, ending: Ending, why: str) -> None:
        self._alive[run] = False
        stage, took_s = self._states[run].place.stage, float(self._now_s[run])
        self._outcomes[run] = Outcome(ending, took_s, stage, why, self._backs[run])


def duration_levels(plan: Plan, *, of_streams: bool = False) -> frozenset[float]:
    """Every edge, in seconds, that a gate of the plan looks at: of synthesis times, or of streams' first audio."""
    return frozenset(
        level
        for gate in plan.gates
        if gate.metric.is_duration and gate.metric.of_streams is of_streams
        for level in (gate.target, gate.step_back, gate.roll_back)
        if level is not None
    )


def _coarse_s(plan: Plan) -> float:
    shortest_s = min(plan.step(place).hold_s for place in plan.places())
    return max(plan.statistics.slot_s, min(_COARSE_S, shortest_s * _COARSE_PART))
