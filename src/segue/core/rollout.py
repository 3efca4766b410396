"""The state of a rollout, what may happen to it in which phase, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.core.assign import Routing
from segue.core.errors import InvalidRequest
from segue.core.plan import Place
from segue.core.units import PPM

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.core.plan import Plan


class Phase(StrEnum):
    """Where a rollout stands.

    ``manual``: no plan, a person sets the routing. ``running``: a step is being held. ``awaiting_approval``: the
    step has ended well and a person must agree to the next stage. ``cooling``: gone back a stage, waiting before
    going on. ``paused``: until a person resumes. ``rolled_back``: the candidate is off until a person resumes.
    ``finished``: the last step has ended well.
    """

    MANUAL = "manual"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting_approval"
    COOLING = "cooling"
    PAUSED = "paused"
    ROLLED_BACK = "rolled_back"
    FINISHED = "finished"


class Verb(StrEnum):
    """What can happen to a rollout; the values are kinds of events in its history."""

    BOOT = "boot"
    SET_ROUTING = "set_routing"
    START = "start"
    ADVANCE = "advance"
    ASK_APPROVAL = "ask_approval"
    APPROVE = "approve"
    PAUSE = "pause"
    RESUME = "resume"
    STEP_BACK = "step_back"
    HOLD_BACK = "hold_back"
    RELEASE = "release"
    ROLL_BACK = "roll_back"
    FINISH = "finish"


_P, _V = Phase, Verb
_ACTIVE = (_P.RUNNING, _P.AWAITING_APPROVAL, _P.COOLING, _P.PAUSED, _P.FINISHED)

TRANSITIONS: dict[tuple[Phase, Verb], Phase] = {
    **{(phase, _V.START): _P.RUNNING for phase in (_P.MANUAL, _P.FINISHED, _P.ROLLED_BACK, _P.PAUSED)},
    **{(phase, _V.ADVANCE): _P.RUNNING for phase in (_P.RUNNING, _P.AWAITING_APPROVAL, _P.COOLING, _P.PAUSED)},
    (_P.RUNNING, _V.ASK_APPROVAL): _P.AWAITING_APPROVAL,
    (_P.AWAITING_APPROVAL, _V.APPROVE): _P.AWAITING_APPROVAL,
    **{(phase, _V.PAUSE): _P.PAUSED for phase in (_P.RUNNING, _P.AWAITING_APPROVAL, _P.COOLING)},
    **{(phase, _V.RESUME): _P.RUNNING for phase in (_P.PAUSED, _P.COOLING, _P.ROLLED_BACK)},
    **{(phase, _V.STEP_BACK): _P.COOLING for phase in _ACTIVE},
    (_P.PAUSED, _V.STEP_BACK): _P.PAUSED,
    **{(phase, _V.HOLD_BACK): phase for phase in _P},
    **{(phase, _V.RELEASE): phase for phase in _P},
    **{(phase, _V.ROLL_BACK): _P.ROLLED_BACK for phase in (_P.MANUAL, *_ACTIVE, _P.ROLLED_BACK)},
    (_P.RUNNING, _V.FINISH): _P.FINISHED,
    **{(phase, _V.SET_ROUTING): _P.MANUAL for phase in (_P.MANUAL, _P.FINISHED)},
    **{(phase, _V.SET_ROUTING): _P.PAUSED for phase in (_P.RUNNING, _P.AWAITING_APPROVAL, _P.COOLING, _P.PAUSED)},
    (_P.ROLLED_BACK, _V.SET_ROUTING): _P.ROLLED_BACK,
    **{(phase, _V.BOOT): phase for phase in _P},
}
"""What may happen in which phase, and the phase after it. What is not here is refused."""


@dataclass(frozen=True, slots=True)
class RolloutState:
    """What the history's last event left in force.

    ``plan`` names a plan kept beside the history. The hold of a step counts from ``entered_at_s`` (Unix time) and
    adds ``held_s``, counted before a pause. Evidence counts from ``evidence_from_s``. ``approved`` is the place a
    person has agreed to enter.
    """

    routing: Routing = field(default_factory=Routing)
    booted_with: Routing | None = None
    phase: Phase = Phase.MANUAL
    plan: str | None = None
    place: Place = field(default_factory=lambda: Place(0, 0))
    entered_at_s: float = 0.0
    held_s: float = 0.0
    evidence_from_s: float = 0.0
    started_at_s: float = 0.0
    cool_until_s: float = 0.0
    step_backs: int = 0
    approved: Place | None = None

    def held_for_s(self, now_s: float) -> float:
        """How long the step has been held; a clock set back adds nothing."""
        counts = self.phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL)
        return self.held_s + (max(0.0, now_s - self.entered_at_s) if counts else 0.0)


_ORDERS = {
    _V.SET_ROUTING: "setting the routing",
    _V.STEP_BACK: "back",
    _V.HOLD_BACK: "hold-back",
    _V.ROLL_BACK: "rollback",
}
"""What a person calls a verb, where the history calls it otherwise: the commands' names and the API's paths."""

_NOBODYS_ORDER = (_V.BOOT, _V.ASK_APPROVAL, _V.FINISH)


class NotNow(InvalidRequest):
    """The rollout is in no phase for that."""


def phase_after(state: RolloutState, verb: Verb) -> Phase:
    """Raises NotNow, saying what the phase allows."""
    found = TRANSITIONS.get((state.phase, verb))
    if found is None:
        allowed = {other for phase, other in TRANSITIONS if phase is state.phase}.difference(_NOBODYS_ORDER)
        possible = ", ".join(sorted(_ORDERS.get(other, other) for other in allowed))
        order = _ORDERS.get(verb, verb)
        raise NotNow(f"{order} is not possible while the rollout is {state.phase}; possible: {possible}")
    return found


def started(state: RolloutState, plan: Plan, digest: str, now_s: float) -> RolloutState:
    """At the first step of the plan, with the candidate switched on."""
    phase_after(state, Verb.START)
    on = replace(state.routing, enabled=True, held_back=frozenset())
    begun = replace(state, routing=on, plan=digest, started_at_s=now_s, step_backs=0)
    return _entered(begun, plan, Place(0, 0), Verb.START, now_s)


def advanced(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """At the next step. The last step has none: that is ``finished``."""
    target = plan.after(state.place)
    if target is None:
        raise NotNow("this is the last step; it ends by itself when its hold is over and its gates are met")
    return _entered(_switched_on(state), plan, target, Verb.ADVANCE, now_s)


def approval_asked(state: RolloutState) -> RolloutState:
    return replace(state, phase=phase_after(state, Verb.ASK_APPROVAL))


def approved(state: RolloutState, plan: Plan) -> RolloutState:
    return replace(state, phase=phase_after(state, Verb.APPROVE), approved=plan.after(state.place))


def paused(state: RolloutState, now_s: float) -> RolloutState:
    """As it is, going neither on nor, but for alarms, back."""
    return replace(state, phase=phase_after(state, Verb.PAUSE), held_s=state.held_for_s(now_s))


def resumed(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """After a pause: the same step, its hold counted on. After a roll back: ``Plan.before``."""
    on = _switched_on(state)
    if state.phase is Phase.ROLLED_BACK:
        return _entered(on, plan, plan.before(state.place), Verb.RESUME, now_s)
    phase = phase_after(state, Verb.RESUME)
    routing = _routing_at(on.routing, plan, state.place)
    return replace(state, routing=routing, phase=phase, entered_at_s=now_s, evidence_from_s=now_s)


def retreat(state: RolloutState, plan: Plan) -> Place | None:
    """The stage that a step back leads to (``Plan.retreat``), from the share that is in force."""
    share_ppm = state.routing.share_ppm if state.routing.enabled else 0
    return plan.retreat(state.place, share_ppm, state.routing.characters)


def stepped_back(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """One stage back, to cool down; where no earlier stage is milder there is nowhere to go but off."""
    phase_after(state, Verb.STEP_BACK)
    target = retreat(state, plan)
    if target is None:
        return rolled_back(state, now_s)
    back = _entered(state, plan, target, Verb.STEP_BACK, now_s)
    cool_until_s = now_s + plan.policy.cool_down_s
    return replace(back, cool_until_s=cool_until_s, step_backs=state.step_backs + 1)


def held_back(state: RolloutState, character: str, now_s: float) -> RolloutState:
    """One character back on the baseline."""
    characters = state.routing.held_back | {character}
    phase = phase_after(state, Verb.HOLD_BACK)
    routing = replace(state.routing, held_back=characters)
    return replace(state, routing=routing, phase=phase, evidence_from_s=now_s)


def released(state: RolloutState, character: str, now_s: float) -> RolloutState:
    """A character held back is let on again."""
    if character not in state.routing.held_back:
        raise NotNow(f"{character!r} is not held back")
    routing = replace(state.routing, held_back=state.routing.held_back - {character})
    phase = phase_after(state, Verb.RELEASE)
    return replace(state, routing=routing, phase=phase, evidence_from_s=now_s)


def rolled_back(state: RolloutState, now_s: float) -> RolloutState:
    """Everyone on the baseline, the switch off."""
    phase = phase_after(state, Verb.ROLL_BACK)
    routing = replace(state.routing, enabled=False, share_ppm=0)
    held_s = state.held_for_s(now_s)
    return replace(state, routing=routing, phase=phase, held_s=held_s, evidence_from_s=now_s)


def finished(state: RolloutState) -> RolloutState:
    return replace(state, phase=phase_after(state, Verb.FINISH))


def decided(state: RolloutState, verb: Verb, character: str, plan: Plan, now_s: float) -> RolloutState:
    """The state after what the judge decided."""
    changes: dict[Verb, Callable[[], RolloutState]] = {
        Verb.ADVANCE: lambda: advanced(state, plan, now_s),
        Verb.ASK_APPROVAL: lambda: approval_asked(state),
        Verb.PAUSE: lambda: paused(state, now_s),
        Verb.RESUME: lambda: resumed(state, plan, now_s),
        Verb.STEP_BACK: lambda: stepped_back(state, plan, now_s),
        Verb.HOLD_BACK: lambda: held_back(state, character, now_s),
        Verb.ROLL_BACK: lambda: rolled_back(state, now_s),
        Verb.FINISH: lambda: finished(state),
    }
    change = changes.get(verb)
    if change is None:
        raise NotNow(f"{verb} is a person's to decide")
    return change()


def routing_set(state: RolloutState, change: RoutingChange, now_s: float) -> RolloutState:
    """The routing as a person wants it; a plan under way is paused by that, and keeps its place.

    Who lets listeners hear the candidate again has ended the roll back: what is heard is watched.
    """
    held_s = state.held_for_s(now_s)
    phase = phase_after(state, Verb.SET_ROUTING)
    routing = change.applied(state.routing)
    if phase is Phase.ROLLED_BACK and effective_share(routing) > 0:
        phase = Phase.MANUAL if state.plan is None else Phase.PAUSED
    return replace(state, routing=routing, phase=phase, held_s=held_s, evidence_from_s=now_s)


@dataclass(frozen=True, slots=True)
class RoutingChange:
    """A person's wish, field by field; None leaves a field as it is."""

    enabled: bool | None = None
    share_ppm: int | None = None
    characters: frozenset[str] | None = None
    held_back: frozenset[str] | None = None
    fallback: bool | None = None

    def applied(self, routing: Routing) -> Routing:
        wanted = {
            name: value
            for name in ("enabled", "share_ppm", "characters", "held_back", "fallback")
            if (value := getattr(self, name)) is not None
        }
        return replace(routing, **wanted)


def booted(state: RolloutState, environment: Routing) -> RolloutState:
    """The state after a boot with this environment.

    The environment sets the state of a rollout that has no history, and again whenever it has changed since the
    last boot. Otherwise the history stands: a restart undoes nothing that was done while the service ran. A plan
    under way is paused where the environment overrules it. A roll back it does not overrule: whatever else was
    changed for the restart, the candidate is off until a person says otherwise.
    """
    if state.booted_with == environment:
        return state
    routing = replace(environment, held_back=state.routing.held_back)
    if state.phase is Phase.ROLLED_BACK:
        routing = replace(routing, enabled=False, share_ppm=0)
    going = state.phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL, Phase.COOLING)
    phase = Phase.PAUSED if going else state.phase
    return replace(state, routing=routing, booted_with=environment, phase=phase)


def effective_share(routing: Routing) -> float:
    """The candidate's share as a ratio: 0 while the master switch is off."""
    return routing.share_ppm / PPM if routing.enabled else 0.0


def _switched_on(state: RolloutState) -> RolloutState:
    """A person may have switched the candidate off meanwhile; a plan that goes on without it would never end."""
    return replace(state, routing=replace(state.routing, enabled=True))


def _entered(state: RolloutState, plan: Plan, place: Place, verb: Verb, now_s: float) -> RolloutState:
    return replace(
        state,
        routing=_routing_at(state.routing, plan, place),
        phase=phase_after(state, verb),
        place=place,
        entered_at_s=now_s,
        held_s=0.0,
        evidence_from_s=now_s,
        approved=None,
    )


def _routing_at(routing: Routing, plan: Plan, place: Place) -> Routing:
    stage = plan.stage(place)
    return replace(routing, share_ppm=plan.step(place).share_ppm, characters=stage.characters)
