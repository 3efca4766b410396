"""What people do to a rollout. Each is one entry in the history, with who and why."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.controller.ledger import Wish
from segue.controller.presence import following
from segue.core import rollout
from segue.core.errors import InvalidRequest
from segue.core.rollout import NotNow, RolloutState, Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.controller.follower import Follower
    from segue.controller.ledger import Ledger, Snapshot
    from segue.controller.plans import PlanShelf
    from segue.controller.presence import Following
    from segue.core.plan import Plan
    from segue.core.rollout import RoutingChange
    from segue.ports.clock import Clock
    from segue.ports.store import Replicas


class Order(NamedTuple):
    """Who wants something, why, and the revision they had seen: with one, nothing between is overlooked."""

    actor: str
    why: str = ""
    seen: int | None = None


class Done(NamedTuple):
    """The state after an order, and how each replica followed."""

    snapshot: Snapshot
    following: Sequence[Following]


class Steering:
    """The operators' verbs. Every one returns when the living replicas serve by it, or 2 seconds have passed.

    All raise ``NotNow`` where the phase does not allow it, ``Conflict`` where ``seen`` is no longer the latest,
    and ``Unavailable`` where the store is out of reach.
    """

    def __init__(
        self, ledger: Ledger, shelf: PlanShelf, follower: Follower, replicas: Replicas, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._shelf = shelf
        self._follower = follower
        self._replicas = replicas
        self._clock = clock

    async def start(self, plan: Plan, order: Order) -> Done:
        """From the plan's first step; what went before is history."""
        digest = await self._shelf.put(plan, order.actor)

        def begun(state: RolloutState) -> RolloutState:
            return rollout.started(state, plan, digest, self._clock.now_s())

        return await self._ordered(Verb.START, order, begun)

    async def pause(self, order: Order) -> Done:
        return await self._ordered(Verb.PAUSE, order, lambda state: rollout.paused(state, self._clock.now_s()))

    async def resume(self, order: Order) -> Done:
        return await self._with_plan(Verb.RESUME, order, rollout.resumed)

    async def approve(self, order: Order) -> Done:
        return await self._with_plan(Verb.APPROVE, order, lambda state, plan, _: rollout.approved(state, plan))

    async def advance(self, order: Order) -> Done:
        """To the next step now, whatever the gates say: the person answers for it."""
        return await self._with_plan(Verb.ADVANCE, order, rollout.advanced)

    async def back(self, order: Order) -> Done:
        return await self._with_plan(Verb.STEP_BACK, order, rollout.stepped_back)

    async def roll_back(self, order: Order) -> Done:
        def gone(state: RolloutState) -> RolloutState:
            return rollout.rolled_back(state, self._clock.now_s())

        return await self._ordered(Verb.ROLL_BACK, order, gone)

    async def hold_back(self, character: str, order: Order) -> Done:
        def held(state: RolloutState) -> RolloutState:
            return rollout.held_back(state, character, self._clock.now_s())

        return await self._ordered(Verb.HOLD_BACK, order, held, character)

    async def release(self, character: str, order: Order) -> Done:
        def let_on(state: RolloutState) -> RolloutState:
            return rollout.released(state, character, self._clock.now_s())

        return await self._ordered(Verb.RELEASE, order, let_on, character)

    async def set_routing(self, change: RoutingChange, order: Order) -> Done:
        """By hand; a plan under way is paused by it."""

        def as_wished(state: RolloutState) -> RolloutState:
            return rollout.routing_set(state, change, self._clock.now_s())

        return await self._ordered(Verb.SET_ROUTING, order, as_wished)

    async def _with_plan(
        self, verb: Verb, order: Order, change: Callable[[RolloutState, Plan, float], RolloutState]
    ) -> Done:
        state = (await self._ledger.latest()).state
        if state.plan is None:
            raise NotNow(f"{verb} needs a plan under way; begin with `segue rollout start PLAN`")
        digest, plan = state.plan, await self._shelf.get(state.plan)

        def changed(latest: RolloutState) -> RolloutState:
            if latest.plan != digest:
                raise InvalidRequest("another plan was started meanwhile; look at the state and decide again")
            return change(latest, plan, self._clock.now_s())

        return await self._ordered(verb, order, changed)

    async def _ordered(
        self, verb: Verb, order: Order, change: Callable[[RolloutState], RolloutState], character: str = ""
    ) -> Done:
        wish = Wish(order.actor, verb, order.why, character=character)
        snapshot = await self._ledger.change(wish, change, seen=order.seen)
        await self._follower.catch_up()
        followed = await following(self._replicas, self._ledger.stream, snapshot, self._clock)
        return Done(snapshot, followed)
