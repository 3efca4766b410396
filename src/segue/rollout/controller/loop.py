"""The loop that moves a rollout: observe, decide, apply, sleep.

Every replica runs one, and a lease lets one of them act. If two believe that they may act, the history accepts
only one of their changes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable
from segue.rollout.controller.ledger import Proposal
from segue.rollout.core.decide import Decision, decide
from segue.rollout.core.rollout import NotNow, decided
from segue.rollout.core.standing import At, Standing, standing
from segue.rollout.ports.store import Conflict, Note
from segue.rollout.wording import messages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger, Snapshot
    from segue.rollout.controller.observer import Observer
    from segue.rollout.controller.plans import PlanStore
    from segue.rollout.core.plan import Plan
    from segue.rollout.ports.status_listener import StatusListener
    from segue.rollout.ports.store import Leases, Notes

ACTOR = "judge"
"""The actor named in the history for automatic decisions."""

_RENEWALS = 3.0
_RETRY_S = 1.0
_EFFECT = "this replica neither changes the rollout nor acts on alarms; it tries again every second"
_SHORTEST_S = 0.05


class Judgement(msgspec.Struct, frozen=True):
    """The latest decision: for which revision, when, by which replica, and what was decided."""

    revision: int
    at_s: float
    by: str
    decision: Decision


_JUDGEMENT = msgspec.json.Decoder(Judgement)


@dataclass(frozen=True, slots=True)
class Acting:
    """This controller's name and the duration of its lease: after a crash another one takes over within this
    time.
    """

    name: str
    lease_s: float = 10.0


class Controller:
    """Moves one rollout according to its plan and the evidence."""

    def __init__(  # noqa: PLR0913 - one argument for each dependency
        self,
        acting: Acting,
        ledger: Ledger,
        plan_store: PlanStore,
        observer: Observer,
        *,
        leases: Leases,
        notes: Notes,
        clock: Clock,
        status_listeners: Sequence[StatusListener] = (),
    ) -> None:
        self._acting = acting
        self._ledger = ledger
        self._plan_store = plan_store
        self._observer = observer
        self._leases = leases
        self._notes = notes
        self._clock = clock
        self._status_listeners = status_listeners
        self._log = structlog.get_logger("segue.controller")
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        self._tasks.start(self.run(), "control the rollout")

    async def close(self) -> None:
        """Stops, and releases the lease so that another replica can act immediately."""
        if not self._tasks:
            return
        await self._tasks.close()
        self._stand_by()
        try:
            await self._leases.give_up(self._lease, self._acting.name)
        except Unavailable:
            self._log.debug("lease_not_given_up", effect="another replica acts when the lease expires")

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            wake_at_s = await self._safe_tick()
            await self._clock.sleep(max(_SHORTEST_S, wake_at_s - self._clock.now_s()))

    async def tick(self) -> float:
        """Observes and decides once if this replica holds the lease.

        Returns the time of the next tick, in Unix time.

        Raises:
            Unavailable: the store is out of reach.
        """
        now_s = self._clock.now_s()
        renew_at_s = now_s + self._acting.lease_s / _RENEWALS
        if not await self._leases.take(self._lease, self._acting.name, now_s, self._acting.lease_s):
            self._observer.forget()
            self._stand_by()
            return renew_at_s
        snapshot = await self._ledger.latest()
        if snapshot.state.plan is None:
            self._show(Standing(snapshot.revision, snapshot.state.phase, now_s))
            return renew_at_s
        plan = await self._plan_store.get(snapshot.state.plan)
        evidence = await self._observer.look(plan, snapshot, now_s)
        decision = decide(plan, snapshot.state, evidence, now_s)
        await self._publish(snapshot, decision, now_s)
        self._show(standing(plan, snapshot.state, evidence, decision, At(snapshot.revision, now_s)))
        if decision.verb is not None:
            await self._apply(plan, snapshot, decision)
            return self._clock.now_s()
        return min(decision.wake_at_s, renew_at_s)

    async def _safe_tick(self) -> float:
        try:
            return await self.tick()
        except Unavailable as error:
            self._stand_by()
            self._log.warning("controller_cannot_look", error=str(error), effect=_EFFECT)
        except Exception:  # noqa: BLE001 - the controller's edge: a tick that fails must not end the loop
            self._stand_by()
            self._log.exception("controller_failed", effect=_EFFECT)
        return self._clock.now_s() + _RETRY_S

    async def _apply(self, plan: Plan, snapshot: Snapshot, decision: Decision) -> None:
        """Writes the decision if the state is still the one that it was made for."""
        verb, now_s = decision.verb, self._clock.now_s()
        assert verb is not None, "a hold writes nothing"
        proposal = Proposal(
            ACTOR,
            verb,
            "; ".join(messages(decision.reasons)),
            decision,
            decision.trigger or "",
            decision.character,
        )
        try:
            after = await self._ledger.change(
                proposal,
                lambda state: decided(state, verb, decision.character, plan, now_s),
                seen=snapshot.revision,
            )
        except (Conflict, NotNow) as error:
            self._log.info("decision_overtaken", verb=verb, error=str(error))
            return
        self._log.info("decided", verb=verb, why=proposal.why, trigger=proposal.trigger, revision=after.revision)

    async def _publish(self, snapshot: Snapshot, decision: Decision, now_s: float) -> None:
        judgement = Judgement(snapshot.revision, now_s, self._acting.name, decision)
        await self._notes.put(judgement_key(self._ledger.stream), Note(now_s, _as_json(judgement)))

    def _show(self, seen: Standing) -> None:
        for status_listener in self._status_listeners:
            status_listener.acting(seen)

    def _stand_by(self) -> None:
        for status_listener in self._status_listeners:
            status_listener.standing_by()

    @property
    def _lease(self) -> str:
        return f"controller/{self._ledger.stream}"


async def latest_judgement(notes: Notes, stream: str) -> Judgement | None:
    """The latest decision of the acting controller."""
    note = await notes.get(judgement_key(stream))
    return None if note is None else _JUDGEMENT.decode(note.data)


def judgement_key(stream: str) -> str:
    return f"{stream}/judgement"


def _as_json(judgement: Judgement) -> str:
    return msgspec.json.encode(judgement).decode()
