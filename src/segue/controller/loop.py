"""Observe, decide, apply, sleep: the only loop that moves a rollout.

Every replica runs one; a lease lets one of them act. Should two think that they may, the history lets one win.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.controller.ledger import Wish
from segue.core.decide import Decision, decide
from segue.core.errors import Unavailable
from segue.core.rollout import NotNow, decided
from segue.core.standing import At, Standing, standing
from segue.ports.store import Conflict, Note

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.controller.ledger import Ledger, Snapshot
    from segue.controller.observer import Observer
    from segue.controller.plans import PlanShelf
    from segue.core.plan import Plan
    from segue.ports.clock import Clock
    from segue.ports.onlooker import Onlooker
    from segue.ports.store import Leases, Notes

ACTOR = "judge"
"""Who is named in the history for what was decided by itself."""

_RENEWALS = 3.0
_RETRY_S = 1.0
_SHORTEST_S = 0.05


class Judgement(msgspec.Struct, frozen=True):
    """The latest look: at which revision, when, by whom, and what was decided."""

    revision: int
    at_s: float
    by: str
    decision: Decision


_JUDGEMENT = msgspec.json.Decoder(Judgement)


@dataclass(frozen=True, slots=True)
class Acting:
    """This controller's name, and how long its lease holds: another takes over so long after its death."""

    name: str
    lease_s: float = 10.0


class Controller:
    """Moves one rollout, as its plan and the evidence say."""

    def __init__(  # noqa: PLR0913 - what it acts through, one each
        self,
        acting: Acting,
        ledger: Ledger,
        shelf: PlanShelf,
        observer: Observer,
        *,
        leases: Leases,
        notes: Notes,
        clock: Clock,
        onlookers: Sequence[Onlooker] = (),
    ) -> None:
        self._acting = acting
        self._ledger = ledger
        self._shelf = shelf
        self._observer = observer
        self._leases = leases
        self._notes = notes
        self._clock = clock
        self._onlookers = onlookers
        self._log = structlog.get_logger("segue.controller")
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._task = asyncio.create_task(self.run(), name="control the rollout")

    async def close(self) -> None:
        """Stops, and lets another act at once."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        self._stand_by()
        try:
            await self._leases.give_up(self._lease, self._acting.name)
        except Unavailable:
            self._log.debug("lease_not_given_up", effect="another acts when it has run out")

    async def run(self) -> None:
        """Never ends by itself."""
        while True:
            wake_at_s = await self._safe_tick()
            await self._clock.sleep(max(_SHORTEST_S, wake_at_s - self._clock.now_s()))

    async def tick(self) -> float:
        """One look, where it is this one's turn. When to look again, in Unix time.

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
        plan = await self._shelf.get(snapshot.state.plan)
        evidence = await self._observer.look(plan, snapshot, now_s)
        decision = decide(plan, snapshot.state, evidence, now_s)
        await self._tell(snapshot, decision, now_s)
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
            self._log.warning("controller_cannot_look", error=str(error), effect="the rollout stands as it is")
        except Exception:  # noqa: BLE001 - the controller's edge: a look that fails must not end the looking
            self._stand_by()
            self._log.exception("controller_failed", effect="the rollout stands as it is; it is tried again")
        return self._clock.now_s() + _RETRY_S

    async def _apply(self, plan: Plan, snapshot: Snapshot, decision: Decision) -> None:
        """Writes the decision, if the state is still the one that was judged."""
        verb, now_s = decision.verb, self._clock.now_s()
        assert verb is not None, "to hold changes nothing"
        wish = Wish(
            ACTOR,
            verb,
            "; ".join(decision.reasons),
            decision,
            decision.trigger or "",
            decision.character,
        )
        try:
            after = await self._ledger.change(
                wish,
                lambda state: decided(state, verb, decision.character, plan, now_s),
                seen=snapshot.revision,
            )
        except (Conflict, NotNow) as error:
            self._log.info("decision_overtaken", verb=verb, error=str(error))
            return
        self._log.info("decided", verb=verb, why=wish.why, trigger=wish.trigger, revision=after.revision)

    async def _tell(self, snapshot: Snapshot, decision: Decision, now_s: float) -> None:
        judgement = Judgement(snapshot.revision, now_s, self._acting.name, decision)
        await self._notes.put(judgement_key(self._ledger.stream), Note(now_s, _as_json(judgement)))

    def _show(self, seen: Standing) -> None:
        for onlooker in self._onlookers:
            onlooker.acting(seen)

    def _stand_by(self) -> None:
        for onlooker in self._onlookers:
            onlooker.standing_by()

    @property
    def _lease(self) -> str:
        return f"controller/{self._ledger.stream}"


async def latest_judgement(notes: Notes, stream: str) -> Judgement | None:
    """What the acting controller thought when it last looked."""
    note = await notes.get(judgement_key(stream))
    return None if note is None else _JUDGEMENT.decode(note.data)


def judgement_key(stream: str) -> str:
    return f"{stream}/judgement"


def _as_json(judgement: Judgement) -> str:
    return msgspec.json.encode(judgement).decode()
