"""Many runs of a plan, each with its own state, all on one virtual clock."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import numpy as np

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.kernel.units import PPM
from segue.rollout.core import rollout
from segue.rollout.core.decide import SPLIT_ODDS, decide
from segue.rollout.core.gates import compared_level_s
from segue.rollout.core.rollout import Phase, RolloutState, Verb
from segue.rollout.core.stats import log_split_evidence
from segue.rollout.simulation.draw import Dice
from segue.rollout.simulation.drawn import nothing_drawn
from segue.rollout.simulation.fold import Fold, Played
from segue.rollout.simulation.outcome import Back, RunEnding, RunOutcome
from segue.rollout.simulation.tame import tame
from segue.rollout.simulation.world import DAY_S, SimulatedFaultKind
from segue.rollout.wording import message

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.decide import Decision
    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask
    from segue.rollout.simulation.world import SimulatedFault, World

BATCH_RUNS = 500
"""Runs on one clock: about as many as fit into the processor's caches."""

PATIENCE = 3.0
"""A run that takes this many times the plan's holds ends as stuck."""

_COARSE_S = 3600.0
_COARSE_PART = 1 / 24
"""Where no alarm can be missed, this much time is drawn as one slot, but at most this part of the shortest
hold.
"""

_AFTERMATH_S = 3600.0
_LINGERING_AFTER_S = 2 * 86_400.0
_LINGERING_SLOTS = 10.0
"""A fault that is unnoticed for this long is mild, so its slots are drawn ten at a time."""

_OVERDUE_LOOK_S = 1800.0
_OVERDUE_PART = 0.02
"""How often an overdue step is judged, as a time and at least as a part of its hold.

Alarms still take effect immediately.
"""

_SPLIT_LOOK_EVERY = 5
_SPLIT_DOUBT = 3.0
_PROGRESS_EVERY = 20
_FOREVER_S = 1e12
_GONE_BACK = {
    Verb.ROLL_BACK: RunEnding.ROLLED_BACK,
    Verb.STEP_BACK: RunEnding.STEPPED_BACK,
    Verb.HOLD_BACK: RunEnding.HELD_BACK,
}


@dataclass(frozen=True, slots=True)
class RunSettings:
    """How runs are simulated.

    ``coarse``: many slots are drawn as one where no alarm can be missed. ``slot_s``: the length of the other
    slots, in place of the plan's. ``finished``: runs begin after the last step of a finished rollout. ``until_s``:
    when a run ends, whatever its state; None: when it has taken ``PATIENCE`` times the plan's holds. ``watcher``
    receives every slot of all runs. ``batch_runs`` share a clock and a sequence of random numbers.
    """

    coarse: bool = True
    slot_s: float | None = None
    finished: bool = False
    until_s: float | None = None
    watcher: Watcher | None = None
    batch_runs: int = BATCH_RUNS


class Watcher(Protocol):
    """Another observer of the same slots."""

    def see(self, played: Played, alive: Mask) -> None: ...


class Simulation:
    """Runs of one plan in one world. If the world has faults, a run ends when it first goes back."""

    def __init__(
        self,
        plan: Plan,
        world: World,
        runs: int,
        seed: int = 0,
        *,
        setting: RunSettings = RunSettings(),
    ) -> None:
        statistics = plan.statistics
        self._plan = plan
        self._world = world
        self._setting = setting
        self._slot_s = setting.slot_s or statistics.slot_s
        self._coarse_s = _coarse_s(plan) if setting.coarse else self._slot_s
        self._grave = EDGES_S.index(max(duration_levels(plan), default=EDGES_S[-1]))
        self._tame = _is_dull(world) and tame(plan, len(world.characters) + 1, world.candidate)
        self._dice = Dice(
            world, duration_levels(plan, of_streams=True), statistics.longest_s, statistics.unit_window_s, seed
        )
        units_a_session = world.units_a_session(statistics.unit_window_s)
        self._streams = any(gate.metric.of_streams for gate in plan.gates)
        self._promoting = 1.0 / (world.sessions_a_day * units_a_session)
        self._requests_a_unit = world.burst / units_a_session
        self._fold = Fold(plan, world.characters, runs)
        self._one_back_is_enough = bool(world.faults) or setting.until_s is not None
        self._states = [_first_state(plan, finished=setting.finished)] * runs
        self._outcomes: list[RunOutcome | None] = [None] * runs
        self._backs: list[Back | None] = [None] * runs
        self._begin(runs)

    def _begin(self, runs: int) -> None:
        """Sets every run to the beginning of its first step."""
        world = self._world
        self._now_s = np.zeros(runs)
        self._alive = np.ones(runs, dtype=bool)
        self._share, self._shadow = np.zeros(runs), np.zeros(runs)
        self._no_shadow = nothing_drawn(runs, len(world.characters), streams=self._streams)
        self._holds = np.zeros(runs, dtype=bool)
        self._eligible = np.zeros((runs, len(world.characters)), dtype=bool)
        self._look_at_s = np.zeros(runs)
        self._spent = np.zeros(runs)
        self._day, self._failed_on = np.full(runs, -1), np.full(runs, -1)
        begins_s = [math.inf if fault.stage is not None else fault.at_s for fault in world.faults]
        self._fault_at_s = np.array([begins_s] * runs).reshape(runs, len(world.faults))
        self._lasts_s = self._dice.lasting(world.faults, runs)
        self._since_fault, self._assigned = np.zeros((2, runs)), np.zeros((2, runs))
        for run in range(runs):
            self._entered(run)

    def outcomes(self, on_progress: Callable[[float], None] = lambda _: None) -> list[RunOutcome]:
        """Simulates all runs to their ends; ``on_progress`` receives the part that is done."""
        limit_s = self._setting.until_s or self._plan.hold_s * PATIENCE
        turn = 0
        while self._alive.any():
            turn += 1
            self._play_slot()
            self._look(turn)
            for run in np.flatnonzero(self._alive & (self._now_s >= limit_s)):
                self._end(int(run), *self._at_the_limit(int(run)))
            if turn % _PROGRESS_EVERY == 0:
                played = np.where(self._alive, np.minimum(1.0, self._now_s / self._plan.hold_s), 1.0)
                on_progress(float(played.mean()))
        return [outcome for outcome in self._outcomes if outcome is not None]

    def _at_the_limit(self, run: int) -> tuple[RunEnding, str]:
        if self._states[run].phase is Phase.FINISHED:
            return RunEnding.FINISHED, "the rollout was already finished when the run began"
        if self._setting.until_s is not None:
            return RunEnding.GOING_ON, "the time limit was reached"
        return RunEnding.STUCK, f"it took {PATIENCE:g} times the plan's holds"

    def _play_slot(self) -> None:
        length_s = np.where(self._alive, self._lengths(), 0.0)
        played = self._played(length_s)
        self._fold.step(played)
        if self._setting.watcher is not None:
            self._setting.watcher.see(played, self._alive)
        candidate = played.arms[Arm.CANDIDATE]
        heard = {arm: drawn.units.sum(axis=1) for arm, drawn in played.arms.items()}
        first = self._promoting * np.where(self._now_s < DAY_S, 1.0, _NEW_LISTENERS)
        self._assigned += (heard[Arm.CANDIDATE] * first, heard[Arm.BASELINE] * first)
        faulty = (self._fault_at_s <= self._now_s[:, None]).any(axis=1)
        if faulty.any():
            requests = heard[Arm.CANDIDATE] * self._requests_a_unit
            self._since_fault += np.where(faulty, (requests, self._bad_answers(candidate)), 0.0)
        self._now_s += length_s

    def _played(self, length_s: Floats) -> Played:
        """What all runs see in the coming period."""
        dice, world = self._dice, self._world
        struck = self._struck()
        down, lost = self._out(SimulatedFaultKind.DOWN), self._out(SimulatedFaultKind.LOST)
        parts = {Arm.CANDIDATE: self._share, Arm.BASELINE: 1.0 - self._share}
        units = {
            arm: dice.units(self._now_s, length_s, np.where(lost, 0.0, part), self._eligible)
            for arm, part in parts.items()
        }
        arms = {
            arm: dice.outcomes(arm, counts, struck, rescued=arm is Arm.CANDIDATE) for arm, counts in units.items()
        }
        self._add_certain_failures(arms[Arm.CANDIDATE], lost)
        shadow = self._in_shadow(units[Arm.BASELINE], struck)
        lookups = world.requests_per_s * length_s / max(1e-9, 1.0 - world.cache_hit_rate)
        return Played(
            start_s=self._now_s.copy(),
            length_s=length_s,
            lasted_s=length_s,
            arms=arms,
            shadow=shadow,
            lookups=lookups,
            hits=lookups * world.cache_hit_rate,
            holds=self._holds,
            watched=~down,
            by_candidate=(self._share > 0) | (self._shadow > 0),
            promoting=self._promoting,
        )

    def _in_shadow(self, units: Floats, struck: list[tuple[SimulatedFault, Mask]]) -> Drawn:
        """What happened to the shadow requests for the baseline's units."""
        if not self._shadow.any():
            return self._no_shadow
        shadow = self._dice.outcomes(Arm.CANDIDATE, self._shadowed(units), struck, rescued=False)
        shadow.unserved[:] = 0.0
        return shadow

    def _shadowed(self, units: Floats) -> Floats:
        """The shadow requests for the baseline's units, within the day's budget.

        A listener's first of a day counts.
        """
        day = (self._now_s // DAY_S).astype(np.int64)
        self._spent = np.where(day > self._day, 0.0, self._spent)
        self._day = day
        by_now = np.minimum(1.0, (self._now_s % DAY_S + _HOUR_S) / DAY_S)
        left = np.maximum(0.0, self._plan.shadow.characters_a_day * by_now - self._spent)
        wanted = self._dice.some_of(units, np.broadcast_to(self._shadow[:, None], units.shape))
        costs = self._requests_a_unit * self._world.text_chars
        cost = wanted.sum(axis=1) * costs
        part = np.minimum(1.0, np.divide(left, cost, out=np.ones_like(cost), where=cost > 0))
        afforded: Floats = np.floor(wanted * part[:, None])
        self._spent += afforded.sum(axis=1) * costs
        return afforded if self._promoting >= 1.0 else self._dice.some_of(afforded, np.array(self._promoting))

    def _add_certain_failures(self, candidate: Drawn, lost: Mask) -> None:
        """Adds listeners for whom the candidate always fails; each counts once a day."""
        today = (self._now_s // DAY_S).astype(np.int64)
        begins = self._alive & ~lost & (self._share > 0) & (today > self._failed_on)
        self._failed_on = np.where(begins, today, self._failed_on)
        for number in range((self._world.heavy > 0) + self._world.poisoned):
            for name in ("units", "errors", "fallbacks"):
                counts = getattr(candidate, name)
                counts[:, number] += begins & self._eligible[:, number]

    def _out(self, kind: SimulatedFaultKind) -> Mask:
        """The runs in which this fault is active: the judge is down, or its metrics are lost."""
        out = np.zeros(self._now_s.size, dtype=bool)
        for number, fault in enumerate(self._world.faults):
            if fault.kind is kind:
                since_s = self._now_s - self._fault_at_s[:, number]
                out |= (since_s >= 0) & (since_s < self._lasts_s[:, number])
        return out

    def _bad_answers(self, drawn: Drawn) -> Floats:
        """Listeners whose candidate failed or was too slow; one that hung is both, but counts once."""
        hung = drawn.errors - (drawn.units - drawn.timed)
        units: Floats = (drawn.errors + drawn.over[self._grave] - hung).sum(axis=1)
        return units

    def _lengths(self) -> Floats:
        """The length of each run's next slot.

        Many slots are combined while nothing can be noticed, but never past the next decision, or the start or end
        of a fault.
        """
        attentive, lingering = self._attentive()
        slots = np.where(lingering, min(_LINGERING_SLOTS, self._coarse_s / self._slot_s), 1.0)
        length_s = np.where(attentive, np.maximum(1.0, slots) * self._slot_s, self._coarse_s)
        ends_s = self._fault_at_s + np.where(np.isfinite(self._lasts_s), self._lasts_s, _FOREVER_S)
        for at_s in (self._look_at_s, *self._fault_at_s.T, *ends_s.T):
            left_s = at_s - self._now_s
            length_s = np.where((left_s > 0) & (left_s < length_s), left_s, length_s)
        return length_s

    def _attentive(self) -> tuple[Mask, Mask]:
        """The runs in which an alarm is possible, and those in which only an old fault can cause it.

        An alarm is possible if the candidate receives requests, and a fault is active or recent or the world is
        not tame.
        """
        attentive = np.full(self._now_s.size, not self._tame)
        lingering = np.full(self._now_s.size, self._tame)
        for number in range(len(self._world.faults)):
            since_s = self._now_s - self._fault_at_s[:, number]
            felt = (since_s >= 0) & (since_s < np.minimum(self._lasts_s[:, number], _FOREVER_S) + _AFTERMATH_S)
            attentive |= felt
            lingering &= ~felt | (since_s > _LINGERING_AFTER_S)
        heard: Mask = attentive & (self._share > 0)
        return heard, lingering

    def _struck(self) -> list[tuple[SimulatedFault, Mask]]:
        """The active faults, with the runs and characters that they affect."""
        found = []
        for number, fault in enumerate(self._world.faults):
            begins = self._fault_at_s[:, number]
            active = (self._now_s >= begins) & (self._now_s < begins + self._lasts_s[:, number])
            if active.any():
                whom = np.array([fault.character in ("", name) for name in self._world.characters])
                found.append((fault, active[:, None] & whom))
        return found

    def _look(self, turn: int) -> None:
        """Lets the judge decide in every run in which there may be something to decide."""
        due = self._alive & (self._fold.ringing(accusing=True) | (self._now_s >= self._look_at_s))
        due &= ~self._out(SimulatedFaultKind.DOWN)
        if turn % _SPLIT_LOOK_EVERY == 0:
            due |= self._alive & self._split_in_doubt()
        for run in np.flatnonzero(due):
            self._judge(int(run))

    def _split_in_doubt(self) -> Mask:
        """The runs whose listeners are split so unevenly that the judge pauses them."""
        total = self._assigned.sum(axis=0)
        spread = np.sqrt(np.maximum(1e-9, total * self._share * (1.0 - self._share)))
        doubt: Mask = np.abs(self._assigned[0] - total * self._share) > _SPLIT_DOUBT * spread
        doubt &= (self._share > 0) & (self._share < 1)
        for run in np.flatnonzero(doubt):
            ours, theirs = (int(count) for count in self._assigned[:, run])
            doubt[run] = log_split_evidence(ours, theirs, float(self._share[run])) >= math.log(SPLIT_ODDS)
        return doubt

    def _judge(self, run: int) -> None:
        state, now_s = self._states[run], float(self._now_s[run])
        evidence = self._fold.evidence(run, now_s)
        assigned = (int(self._assigned[0, run]), int(self._assigned[1, run]))
        decision = decide(self._plan, state, evidence.with_assigned(assigned), now_s)
        if decision.verb is None:
            left_s = self._plan.step(state.place).hold_s - evidence.held_s
            if self._look_at_s[run] <= now_s and state.phase is Phase.RUNNING and left_s > 0:
                self._look_at_s[run] = now_s + max(left_s, self._slot_s)
            elif self._look_at_s[run] <= now_s:
                overdue_s = min(_OVERDUE_LOOK_S, self._plan.step(state.place).hold_s * _OVERDUE_PART)
                self._look_at_s[run] = max(decision.wake_at_s, now_s + overdue_s)
            return
        went_back = decision.verb in _GONE_BACK
        if went_back and self._backs[run] is None:
            self._backs[run] = self._gone_back(run, decision)
        self._states[run] = after = self._applied(state, decision, now_s)
        if after.phase is Phase.FINISHED and decision.verb is Verb.FINISH:
            self._end(run, RunEnding.FINISHED, message(decision.reasons[0]))
        elif after.phase is Phase.PAUSED:
            self._end(run, RunEnding.PAUSED, message(decision.reasons[0]))
        elif after.phase is Phase.ROLLED_BACK or (went_back and self._one_back_is_enough):
            self._end(run, _GONE_BACK[decision.verb], message(decision.reasons[0]))
        else:
            self._went_on(run, decision)

    def _applied(self, state: RolloutState, decision: Decision, now_s: float) -> RolloutState:
        """The state after the decision; a person's approval follows after its usual delay."""
        if decision.verb is Verb.ASK_APPROVAL:
            return rollout.approved(rollout.approval_asked(state), self._plan)
        assert decision.verb is not None, "a hold changes nothing"
        return rollout.decided(state, decision.verb, decision.character, self._plan, now_s)

    def _went_on(self, run: int, decision: Decision) -> None:
        if decision.verb is Verb.HOLD_BACK:
            self._fold.forget_character(run, decision.character)
            self._take_routing(run)
            return
        if decision.verb is Verb.STEP_BACK:
            self._fold.forget(run)
        self._entered(run)

    def _take_routing(self, run: int) -> None:
        routing = self._states[run].routing
        named = routing.characters or frozenset(self._world.characters)
        self._share[run] = routing.share_ppm / PPM if routing.enabled else 0.0
        self._shadow[run] = routing.shadow_ppm / PPM if routing.enabled else 0.0
        self._holds[run] = self._states[run].phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL)
        self._eligible[run] = [name in named - routing.held_back for name in self._world.characters]

    def _entered(self, run: int) -> None:
        state, now_s = self._states[run], float(self._now_s[run])
        self._take_routing(run)
        self._look_at_s[run] = self._next_look(state, now_s)
        self._assigned[:, run] = 0.0
        self._fold.begin(run, now_s)
        for number, fault in enumerate(self._world.faults):
            if fault.stage == state.place.stage and self._fault_at_s[run, number] == math.inf:
                self._fault_at_s[run, number] = now_s

    def _next_look(self, state: RolloutState, now_s: float) -> float:
        if state.phase is Phase.COOLING:
            return state.cool_until_s
        if state.phase is Phase.AWAITING_APPROVAL:
            return now_s + self._world.approval_delay_s
        return now_s + self._plan.step(state.place).hold_s

    def _gone_back(self, run: int, decision: Decision) -> Back:
        assert decision.verb is not None, "the decision goes back"
        now_s, stage = float(self._now_s[run]), self._states[run].place.stage
        begun_s = float(self._fault_at_s[run].min(initial=math.inf))
        why = message(decision.reasons[0])
        if now_s <= begun_s:
            return Back(decision.verb, decision.trigger, stage, now_s, why)
        requests, bad = (float(count) for count in self._since_fault[:, run])
        return Back(decision.verb, decision.trigger, stage, now_s, why, now_s - begun_s, requests, bad)

    def _end(self, run: int, ending: RunEnding, why: str) -> None:
        self._alive[run] = False
        stage, took_s = self._states[run].place.stage, float(self._now_s[run])
        self._outcomes[run] = RunOutcome(ending, took_s, stage, why, self._backs[run])


def duration_levels(plan: Plan, *, of_streams: bool = False) -> frozenset[float]:
    """Every edge, in seconds, that a gate of the plan uses: for synthesis times, or for the first audio of
    streams. An alarm uses two: its level, and the one that the baseline is compared at.
    """
    gates = [one for one in plan.gates if one.metric.is_duration and one.metric.of_streams is of_streams]
    ratio = plan.statistics.slower_ratio
    compared = {compared_level_s(gate.metric, gate.alarm, ratio) for gate in gates if gate.alarm is not None}
    levels = {level for gate in gates for level in (gate.target, gate.step_back, gate.roll_back)}
    return frozenset(level for level in levels if level is not None) | compared


_HOUR_S = 3600.0

_NEW_LISTENERS = 0.02
"""After the first day, this part of a day's listeners is new to the rollout."""


def _first_state(plan: Plan, *, finished: bool) -> RolloutState:
    """The state in which a run begins: its first stage is entered, regardless of approval and hours."""
    first, *others = plan.stages
    unguarded = replace(plan, stages=(replace(first, approval=False, hours=None), *others))
    state = rollout.started(RolloutState(), unguarded, "simulated", 0.0)
    if not finished:
        return state
    last = list(plan.places())[-1]
    routing = replace(state.routing, share_ppm=plan.share_ppm(last), characters=plan.stage(last).characters)
    return replace(state, phase=Phase.FINISHED, place=last, routing=routing)


def _is_dull(world: World) -> bool:
    """Whether every unit belongs to a different listener, which ``tame`` requires."""
    return world.burst <= 1 and not world.heavy and not world.poisoned


def _coarse_s(plan: Plan) -> float:
    shortest_s = min(plan.step(place).hold_s for place in plan.places())
    return max(plan.statistics.slot_s, min(_COARSE_S, shortest_s * _COARSE_PART))
