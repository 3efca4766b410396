"""The state of a rollout, what can happen to it in each phase, and the resulting state."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.kernel.assign import Routing
from segue.kernel.errors import InvalidRequest
from segue.kernel.units import PPM
from segue.rollout.core.plan import Place

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.plan import Plan, Stage


class Phase(StrEnum):
    """The phase of a rollout.

    ``manual``: there is no plan, and a person sets the routing. ``running``: a step is being held.
    ``awaiting_approval``: a step has ended well and a person must approve the next stage, or a plan was started or
    resumed at a stage that needs approval. ``awaiting_hours``: the plan was started or resumed outside the stage's
    hours. ``cooling``: the rollout went back one stage and waits before it continues. ``paused``: until a person
    resumes. ``rolled_back``: the candidate is off until a person resumes. ``finished``: the last step has ended
    well.
    """

    MANUAL = "manual"
    RUNNING = "running"
    AWAITING_APPROVAL = "awaiting_approval"
    AWAITING_HOURS = "awaiting_hours"
    COOLING = "cooling"
    PAUSED = "paused"
    ROLLED_BACK = "rolled_back"
    FINISHED = "finished"


class Verb(StrEnum):
    """What can happen to a rollout; the values are the kinds of events in its history."""

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
_GOING = (_P.RUNNING, _P.AWAITING_APPROVAL, _P.AWAITING_HOURS, _P.COOLING)
_ACTIVE = (*_GOING, _P.PAUSED, _P.FINISHED)

TRANSITIONS: dict[tuple[Phase, Verb], Phase] = {
    **{(phase, _V.START): _P.RUNNING for phase in (_P.MANUAL, _P.FINISHED, _P.ROLLED_BACK, _P.PAUSED)},
    **{(phase, _V.ADVANCE): _P.RUNNING for phase in (*_GOING, _P.PAUSED)},
    (_P.RUNNING, _V.ASK_APPROVAL): _P.AWAITING_APPROVAL,
    (_P.AWAITING_APPROVAL, _V.APPROVE): _P.AWAITING_APPROVAL,
    **{(phase, _V.PAUSE): _P.PAUSED for phase in _GOING},
    **{(phase, _V.RESUME): _P.RUNNING for phase in (_P.PAUSED, _P.COOLING, _P.ROLLED_BACK)},
    **{(phase, _V.STEP_BACK): _P.COOLING for phase in _ACTIVE},
    (_P.PAUSED, _V.STEP_BACK): _P.PAUSED,
    **{(phase, _V.HOLD_BACK): phase for phase in _P},
    **{(phase, _V.RELEASE): phase for phase in _P},
    **{(phase, _V.ROLL_BACK): _P.ROLLED_BACK for phase in (_P.MANUAL, *_ACTIVE, _P.ROLLED_BACK)},
    **{(phase, _V.FINISH): _P.FINISHED for phase in (_P.RUNNING, _P.COOLING, _P.PAUSED)},
    **{(phase, _V.SET_ROUTING): _P.MANUAL for phase in (_P.MANUAL, _P.FINISHED)},
    **{(phase, _V.SET_ROUTING): _P.PAUSED for phase in (*_GOING, _P.PAUSED)},
    (_P.ROLLED_BACK, _V.SET_ROUTING): _P.ROLLED_BACK,
    **{(phase, _V.BOOT): phase for phase in _P},
}
"""What can happen in which phase, and the phase after it. Everything else is refused.

If the stage's guards do not allow a start or resume yet, it leads to a waiting phase instead.
"""


@dataclass(frozen=True, slots=True)
class RolloutState:
    """The state after the last event of the history.

    ``plan`` identifies a plan stored beside the history. The hold of a step counts from ``entered_at_s`` (Unix
    time), plus ``held_s`` from before a pause. Evidence counts from ``evidence_from_s``. ``approved`` is the place
    that a person has approved. ``step_since_s`` is when the step was entered, including pauses. If the plan
    resumes automatically after a rollback by the judge, it does so at ``resume_at_s``; otherwise this is 0.
    ``entering`` is the place that waits for its stage's approval or hours; ``place`` is the same then, and no
    listener hears the candidate.
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
    step_since_s: float = 0.0
    resume_at_s: float = 0.0
    entering: Place | None = None

    @property
    def is_held(self) -> bool:
        """Whether a step is being held, so that time counts."""
        return self.entering is None and self.phase in (Phase.RUNNING, Phase.AWAITING_APPROVAL)

    def held_for_s(self, now_s: float) -> float:
        """How long the step has been held; a clock that was set back adds nothing."""
        return self.held_s + (max(0.0, now_s - self.entered_at_s) if self.is_held else 0.0)


_ORDERS = {
    _V.SET_ROUTING: "setting the routing",
    _V.STEP_BACK: "back",
    _V.HOLD_BACK: "hold-back",
    _V.ROLL_BACK: "rollback",
}
"""Names of verbs for people, if they differ from the history's: the names of commands and API paths."""

_NOBODYS_ORDER = (_V.BOOT, _V.ASK_APPROVAL, _V.FINISH)


class NotNow(InvalidRequest):
    """The phase of the rollout does not allow this."""


def phase_after(state: RolloutState, verb: Verb) -> Phase:
    """Raises NotNow, which says what the phase allows."""
    found = TRANSITIONS.get((state.phase, verb))
    if found is None:
        allowed = {other for phase, other in TRANSITIONS if phase is state.phase}.difference(_NOBODYS_ORDER)
        possible = ", ".join(sorted(_ORDERS.get(other, other) for other in allowed))
        order = _ORDERS.get(verb, verb)
        raise NotNow(f"{order} is not possible while the rollout is {state.phase}; possible: {possible}")
    return found


def started(state: RolloutState, plan: Plan, digest: str, now_s: float, stage: int = 0) -> RolloutState:
    """The state at the first step of a stage of the plan, with the candidate switched on; or waiting to enter
    it.
    """
    on = replace(state.routing, enabled=True, held_back=frozenset())
    begun = replace(state, routing=on, plan=digest, started_at_s=now_s, step_backs=0, approved=None)
    return _come_to(begun, plan, Place(stage, 0), Verb.START, now_s)


def coming_place(state: RolloutState, plan: Plan) -> Place | None:
    """The next place: the one that the rollout waits to enter, otherwise the next step; None at the end."""
    return plan.after(state.place) if state.entering is None else state.entering


def advanced(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """The state at the next step, or in the stage that was waited for. After the last step use ``finished``.

    Ordering this implies approval of the stage. Its hours cannot be overridden.

    Raises:
        NotNow: the phase does not allow it, this is the last step, or the stage may not be entered now.
    """
    phase_after(state, Verb.ADVANCE)
    target = coming_place(state, plan)
    if target is None:
        raise NotNow("this is the last step; there is no next step")
    stage = plan.stage(target)
    if _is_entry(state, target) and not stage.is_open(now_s):
        raise NotNow(f"{closed_told(stage, now_s)}; back and rollback are possible at any time")
    return _entered(_switched_on(state), plan, target, Verb.ADVANCE, now_s)


def closed_told(stage: Stage, now_s: float) -> str:
    """Says that the stage is not open at ``now_s``, and when it opens, in its own zone."""
    assert stage.hours is not None, "a stage without hours is always open"
    opens = stage.hours.opens(now_s)
    return (
        f"{stage.name} may not be entered now (outside its hours or days); it opens at "
        f"{opens:%a %Y-%m-%d %H:%M} ({stage.hours.zone})"
    )


def _is_entry(state: RolloutState, target: Place) -> bool:
    """Whether going there enters a stage, rather than the next step of the same stage."""
    return state.entering is not None or target.stage != state.place.stage


def approval_asked(state: RolloutState) -> RolloutState:
    return replace(state, phase=phase_after(state, Verb.ASK_APPROVAL))


def approved(state: RolloutState, plan: Plan) -> RolloutState:
    """Raises NotNow if no approval is requested or it was already given."""
    target = coming_place(state, plan)
    if state.phase is Phase.AWAITING_HOURS or (target is not None and state.approved == target):
        raise NotNow("there is nothing to approve; the status shows what the rollout waits for")
    after = replace(state, phase=phase_after(state, Verb.APPROVE), approved=target)
    return after if state.entering is None else replace(after, phase=_waiting_phase(after, plan, state.entering))


def paused(state: RolloutState, now_s: float) -> RolloutState:
    """Freezes the rollout; alarms can still roll it back."""
    return replace(state, phase=phase_after(state, Verb.PAUSE), held_s=state.held_for_s(now_s))


def resumed(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """After a pause: the same step, and its hold continues. After a rollback: see ``resume_place``."""
    on = _switched_on(state)
    if state.phase is Phase.ROLLED_BACK or state.entering is not None:
        return _come_to(on, plan, resume_place(state, plan), Verb.RESUME, now_s)
    phase = phase_after(state, Verb.RESUME)
    routing = _routing_at(on.routing, plan, state.place)
    return replace(state, routing=routing, phase=phase, entered_at_s=now_s, evidence_from_s=now_s)


def resume_place(state: RolloutState, plan: Plan) -> Place:
    """Where a resume leads after a rollback: to the place that is not entered yet, otherwise ``Plan.before``."""
    return plan.before(state.place) if state.entering is None else state.entering


def retreat(state: RolloutState, plan: Plan) -> Place | None:
    """The stage that a step back from the present share leads to (``Plan.retreat``).

    None before a stage is entered, because no listener hears the candidate then.
    """
    if state.entering is not None and not effective_share(state.routing):
        return None
    share_ppm = state.routing.share_ppm if state.routing.enabled else 0
    return plan.retreat(state.place, share_ppm, state.routing.characters)


def stepped_back(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """One stage back, with a cool-down; if no earlier stage has less exposure, a rollback."""
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
    """A character that was held back may use the candidate again."""
    if character not in state.routing.held_back:
        raise NotNow(f"{character!r} is not held back")
    routing = replace(state.routing, held_back=state.routing.held_back - {character})
    phase = phase_after(state, Verb.RELEASE)
    return replace(state, routing=routing, phase=phase, evidence_from_s=now_s)


def rolled_back(state: RolloutState, now_s: float) -> RolloutState:
    """All listeners on the baseline, master switch off. Approvals must be given again."""
    phase = phase_after(state, Verb.ROLL_BACK)
    routing = replace(state.routing, enabled=False, share_ppm=0, shadow_ppm=0)
    return replace(
        state,
        routing=routing,
        phase=phase,
        held_s=state.held_for_s(now_s),
        evidence_from_s=now_s,
        resume_at_s=0.0,
        approved=None,
    )


def _rolled_back_by_judge(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    """A rollback by the judge; if the plan resumes automatically, it counts as a step back."""
    after = rolled_back(state, now_s)
    if plan.policy.resume_after_s is None or state.step_backs >= plan.policy.most_step_backs:
        return after
    return replace(after, resume_at_s=now_s + plan.policy.resume_after_s, step_backs=state.step_backs + 1)


def finished(state: RolloutState) -> RolloutState:
    return replace(state, phase=phase_after(state, Verb.FINISH))


def ended(state: RolloutState, plan: Plan) -> RolloutState:
    """Finishes the plan by order of a person; the last step's share takes effect, whatever was set in between.

    Raises:
        NotNow: this is not the last step, or the phase does not allow it.
    """
    if coming_place(state, plan) is not None:
        raise NotNow("this is not the last step")
    routing = _routing_at(_switched_on(state).routing, plan, state.place)
    return replace(finished(state), routing=routing)


def decided(state: RolloutState, verb: Verb, character: str, plan: Plan, now_s: float) -> RolloutState:
    """The state after a decision of the judge."""
    changes: dict[Verb, Callable[[], RolloutState]] = {
        Verb.ADVANCE: lambda: _advanced_by_judge(state, plan, now_s),
        Verb.ASK_APPROVAL: lambda: approval_asked(state),
        Verb.PAUSE: lambda: paused(state, now_s),
        Verb.RESUME: lambda: resumed(state, plan, now_s),
        Verb.STEP_BACK: lambda: stepped_back(state, plan, now_s),
        Verb.HOLD_BACK: lambda: held_back(state, character, now_s),
        Verb.ROLL_BACK: lambda: _rolled_back_by_judge(state, plan, now_s),
        Verb.FINISH: lambda: finished(state),
    }
    change = changes.get(verb)
    if change is None:
        raise NotNow(f"only a person can decide {verb}")
    return change()


def _advanced_by_judge(state: RolloutState, plan: Plan, now_s: float) -> RolloutState:
    target = coming_place(state, plan)
    if target is not None and _is_entry(state, target) and not _is_agreed(state, plan, target):
        raise NotNow(f"a person must approve {plan.stage(target).name}")
    return advanced(state, plan, now_s)


def routing_set(state: RolloutState, change: RoutingChange, now_s: float) -> RolloutState:
    """The routing that a person sets; a plan in progress is paused by this, and keeps its place.

    If a person lets listeners hear the candidate again, the rollback has ended, because alarms must be possible.
    The rollback has left the stage, so continuing the plan enters the stage again.
    """
    held_s = state.held_for_s(now_s)
    phase = phase_after(state, Verb.SET_ROUTING)
    routing, entering = change.applied(state.routing), state.entering
    if phase is Phase.ROLLED_BACK and effective_share(routing) > 0:
        phase = Phase.MANUAL if state.plan is None else Phase.PAUSED
        entering = None if state.plan is None else state.place
    return replace(
        state,
        routing=routing,
        phase=phase,
        held_s=held_s,
        evidence_from_s=now_s,
        resume_at_s=0.0,
        entering=entering,
    )


@dataclass(frozen=True, slots=True)
class RoutingChange:
    """Changes to the routing, field by field; None leaves a field as it is."""

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

    The environment sets the state of a rollout without a history, and again whenever it has changed since the last
    boot. Otherwise the history decides: a restart undoes nothing that was done while the service ran. If the
    environment overrides a plan in progress, the plan is paused. It does not override a rollback: whatever else
    was changed for the restart, the candidate is off until a person resumes it.
    """
    if state.booted_with == environment:
        return state
    routing = replace(environment, held_back=state.routing.held_back)
    if state.phase is Phase.ROLLED_BACK:
        routing = replace(routing, enabled=False, share_ppm=0, shadow_ppm=0)
    phase = Phase.PAUSED if state.phase in _GOING else state.phase
    return replace(state, routing=routing, booted_with=environment, phase=phase)


def effective_share(routing: Routing) -> float:
    """The candidate's share as a ratio; 0 while the master switch is off."""
    return routing.share_ppm / PPM if routing.enabled else 0.0


def _switched_on(state: RolloutState) -> RolloutState:
    """Switches the candidate on again: a person may have switched it off, and without it a plan would never
    end.
    """
    return replace(state, routing=replace(state.routing, enabled=True))


def _come_to(state: RolloutState, plan: Plan, place: Place, verb: Verb, now_s: float) -> RolloutState:
    """Enters the step if its stage's guards allow it; otherwise waits, and no listener hears the candidate."""
    entered = _entered(state, plan, place, verb, now_s)
    if _is_agreed(state, plan, place) and plan.stage(place).is_open(now_s):
        return entered
    routing = replace(entered.routing, share_ppm=0, shadow_ppm=0)
    phase = _waiting_phase(state, plan, place)
    return replace(entered, routing=routing, phase=phase, approved=state.approved, entering=place)


def _is_agreed(state: RolloutState, plan: Plan, place: Place) -> bool:
    """Whether a person has approved entering the place's stage, or no approval is needed."""
    return state.approved == place or not plan.stage(place).approval


def _waiting_phase(state: RolloutState, plan: Plan, place: Place) -> Phase:
    return Phase.AWAITING_HOURS if _is_agreed(state, plan, place) else Phase.AWAITING_APPROVAL


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
        step_since_s=now_s,
        resume_at_s=0.0,
        entering=None,
    )


def _routing_at(routing: Routing, plan: Plan, place: Place) -> Routing:
    stage = plan.stage(place)
    return replace(
        routing, share_ppm=plan.share_ppm(place), characters=stage.characters, shadow_ppm=stage.shadow_ppm
    )
