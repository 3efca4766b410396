"""The operators' commands. Each is one entry in the history, with actor and reason."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import InvalidRequest
from segue.rollout.controller.ledger import Proposal, entry_of
from segue.rollout.controller.presence import following
from segue.rollout.core import rollout
from segue.rollout.core.rollout import NotNow, Phase, RolloutState, Verb
from segue.rollout.ports.store import Conflict, was_first

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.follower import Follower
    from segue.rollout.controller.ledger import Ledger, Snapshot
    from segue.rollout.controller.plans import PlanStore
    from segue.rollout.controller.presence import ReplicaProgress
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.rollout import RoutingChange
    from segue.rollout.ports.store import Event, Replicas


class Command(NamedTuple):
    """Who gives the command, why, and what it is based on. With ``seen``, it applies to that revision only.

    ``from_stage`` and ``from_step`` are where the operator believes the rollout to be; both count from 0.
    ``actor_source`` is an ``ActorSource``.
    """

    actor: str
    why: str = ""
    seen: int | None = None
    from_stage: int | None = None
    from_step: int | None = None
    actor_source: str = ""

    @property
    def is_informed(self) -> bool:
        """Whether it says what it is based on."""
        return self.seen is not None or self.from_stage is not None


AT_ONCE_S = 2.0
"""A person who moves a rollout this soon after another person cannot have seen that change."""

_SAME = {
    Verb.ADVANCE: (Verb.ADVANCE, Verb.FINISH),
    Verb.STEP_BACK: (Verb.STEP_BACK, Verb.ROLL_BACK),
    Verb.RESUME: (Verb.ROLL_BACK,),
    Verb.START: (Verb.ROLL_BACK,),
    Verb.SET_ROUTING: (Verb.ROLL_BACK,),
}
"""Verbs of another person after which the command would do the same again, or undo it."""


class CommandResult(NamedTuple):
    """The state after a command, and how each replica applied it."""

    snapshot: Snapshot
    following: Sequence[ReplicaProgress]


def outlasted(plan: Plan, request_timeout_s: float) -> str:
    """The error if a call can take longer than the plan's maximum, with what to do; otherwise empty.

    The mean is evaluated with that bound: longer calls would count as shorter than they were.
    """
    longest_s = plan.statistics.longest_s
    if request_timeout_s <= longest_s:
        return ""
    return (
        f"statistics.longest_synthesis is {longest_s:g} s, but a call may take {request_timeout_s:g} s here "
        "(SEGUE_REQUEST_TIMEOUT_S), so the mean would be judged as lower than it is; "
        f"set longest_synthesis to {request_timeout_s:g}s, or SEGUE_REQUEST_TIMEOUT_S to {longest_s:g}"
    )


class Steering:
    """The operators' verbs. Each returns when all living replicas have applied it, or after 2 seconds.

    All raise ``NotNow`` if the phase does not allow it, ``Conflict`` if ``seen`` is no longer the latest revision
    or the rollout is not at ``from_stage``, and ``Unavailable`` if the store is out of reach.
    ``request_timeout_s`` is the longest time that a request can take on this service.
    """

    def __init__(
        self,
        ledger: Ledger,
        plan_store: PlanStore,
        follower: Follower,
        replicas: Replicas,
        clock: Clock,
        *,
        request_timeout_s: float,
    ) -> None:
        self._ledger = ledger
        self._plan_store = plan_store
        self._follower = follower
        self._replicas = replicas
        self._clock = clock
        self._request_timeout_s = request_timeout_s

    async def start(self, plan: Plan, order: Command, stage: int = 0) -> CommandResult:
        """Starts the plan at the first step of a stage; earlier plans are history.

        Raises:
            InvalidRequest: calls on this service can take longer than the plan's maximum.
        """
        fault = outlasted(plan, self._request_timeout_s)
        if fault:
            raise InvalidRequest(fault)
        digest = await self._plan_store.put(plan, order.actor)

        def begun(state: RolloutState) -> RolloutState:
            return rollout.started(state, plan, digest, self._clock.now_s(), stage)

        return await self._ordered(Verb.START, await self._looked(Verb.START, order), begun)

    async def pause(self, order: Command) -> CommandResult:
        return await self._ordered(Verb.PAUSE, order, lambda state: rollout.paused(state, self._clock.now_s()))

    async def resume(self, order: Command) -> CommandResult:
        return await self._with_plan(Verb.RESUME, await self._looked(Verb.RESUME, order), rollout.resumed)

    async def approve(self, order: Command) -> CommandResult:
        return await self._with_plan(Verb.APPROVE, order, lambda state, plan, _: rollout.approved(state, plan))

    async def advance(self, order: Command) -> CommandResult:
        """Advances to the next step now, regardless of the gates: the person is responsible.

        After the last step, finishes. It advances one step from the place where the rollout is when the command
        arrives: of two simultaneous commands, one takes effect.
        """
        order = await self._looked(Verb.ADVANCE, order)
        if await self._is_at_the_end():
            return await self._with_plan(Verb.FINISH, order, lambda state, plan, _: rollout.ended(state, plan))
        return await self._with_plan(Verb.ADVANCE, order, rollout.advanced)

    async def back(self, order: Command) -> CommandResult:
        """Goes one stage back from the place where the rollout is when the command arrives."""
        return await self._with_plan(
            Verb.STEP_BACK, await self._looked(Verb.STEP_BACK, order), rollout.stepped_back
        )

    async def roll_back(self, order: Command) -> CommandResult:
        """Without ``seen``, applies to whatever is the latest state, and retries until it is written."""

        def gone(state: RolloutState) -> RolloutState:
            return rollout.rolled_back(state, self._clock.now_s())

        return await self._ordered(Verb.ROLL_BACK, order, gone)

    async def hold_back(self, character: str, order: Command) -> CommandResult:
        def held(state: RolloutState) -> RolloutState:
            return rollout.held_back(state, character, self._clock.now_s())

        return await self._ordered(Verb.HOLD_BACK, order, held, character)

    async def release(self, character: str, order: Command) -> CommandResult:
        def let_on(state: RolloutState) -> RolloutState:
            return rollout.released(state, character, self._clock.now_s())

        return await self._ordered(Verb.RELEASE, order, let_on, character)

    async def set_routing(self, change: RoutingChange, order: Command) -> CommandResult:
        """Sets the routing manually; this pauses a plan in progress."""

        def as_wished(state: RolloutState) -> RolloutState:
            return rollout.routing_set(state, change, self._clock.now_s())

        if change.enabled or change.share_ppm:  # a change that only takes the candidate back is always allowed
            order = await self._looked(Verb.SET_ROUTING, order)
        return await self._ordered(Verb.SET_ROUTING, order, as_wished)

    async def _is_at_the_end(self) -> bool:
        state = (await self._ledger.latest()).state
        if state.plan is None or state.phase is Phase.FINISHED:
            return False
        return rollout.coming_place(state, await self._plan_store.get(state.plan)) is None

    async def _looked(self, verb: Verb, order: Command) -> Command:
        """The command, bound to the revision that is the latest when it arrives.

        Raises:
            Conflict: the rollout is not where the command expects it, or the command does not say what it is based
                on and another person has just given the same one.
        """
        event = await self._ledger.latest_event()
        if event is None:
            return order
        place = entry_of(event).after.place
        if order.from_stage not in (None, place.stage) or order.from_step not in (None, place.step):
            raise Conflict(
                event, f"{was_first(event)}; the rollout is at stage {place.stage}, step {place.step + 1}"
            )
        if not order.is_informed and self._is_the_same_at_once(verb, order, event):
            raise Conflict(event)
        return order if order.seen is not None else order._replace(seen=event.revision)

    def _is_the_same_at_once(self, verb: Verb, order: Command, event: Event) -> bool:
        ago_s = self._clock.now_s() - event.at_s
        return event.actor != order.actor and event.kind in _SAME[verb] and 0.0 <= ago_s < AT_ONCE_S

    async def _with_plan(
        self, verb: Verb, order: Command, change: Callable[[RolloutState, Plan, float], RolloutState]
    ) -> CommandResult:
        state = (await self._ledger.latest()).state
        if state.plan is None:
            raise NotNow(f"{verb} needs a plan in progress; start one with `segue rollout start PLAN`")
        digest, plan = state.plan, await self._plan_store.get(state.plan)

        def changed(latest: RolloutState) -> RolloutState:
            if latest.plan != digest:
                raise InvalidRequest("another plan was started in the meantime; check the status and decide again")
            return change(latest, plan, self._clock.now_s())

        return await self._ordered(verb, order, changed)

    async def _ordered(
        self, verb: Verb, order: Command, change: Callable[[RolloutState], RolloutState], character: str = ""
    ) -> CommandResult:
        proposal = Proposal(order.actor, verb, order.why, character=character, actor_source=order.actor_source)
        snapshot = await self._ledger.change(proposal, change, seen=order.seen, insist=verb is Verb.ROLL_BACK)
        await self._follower.catch_up()
        followed = await following(self._replicas, self._ledger.stream, snapshot, self._clock)
        return CommandResult(snapshot, followed)
