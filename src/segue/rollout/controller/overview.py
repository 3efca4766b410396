"""The status of a rollout for people: state, plan, latest decision, and the replicas' revisions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.rollout.controller.loop import latest_judgement
from segue.rollout.controller.presence import alive
from segue.rollout.core.rollout import Phase, resume_place
from segue.rollout.core.waiting import waits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger, Snapshot
    from segue.rollout.controller.loop import Judgement
    from segue.rollout.controller.plans import PlanStore
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.waiting import Wait
    from segue.rollout.ports.store import Notes, Replica, Replicas


@dataclass(frozen=True, slots=True)
class Overview:
    """The status at one moment, ``now_s`` (Unix time)."""

    now_s: float
    snapshot: Snapshot
    plan: Plan | None
    judgement: Judgement | None
    replicas: Sequence[Replica]

    @property
    def hold_s(self) -> float:
        """The hold of the present step; 0 without a plan."""
        return 0.0 if self.plan is None else self.plan.step(self.snapshot.state.place).hold_s

    @property
    def held_s(self) -> float:
        """How much of the hold has passed according to the judge; at most what it knew at its last decision."""
        passed_s = self.snapshot.state.held_for_s(self.now_s)
        if self.judgement is None:
            return 0.0
        judged_s = self.judgement.decision.held_s
        return judged_s if self.judgement.revision == self.snapshot.revision else min(judged_s, passed_s)

    @property
    def resume_stage(self) -> int | None:
        """The stage, from 0, that a resume enters after the rollback of a plan; otherwise None."""
        state = self.snapshot.state
        if self.plan is None or state.phase is not Phase.ROLLED_BACK:
            return None
        return resume_place(state, self.plan).stage

    @property
    def waiting(self) -> list[Wait]:
        """What the rollout still waits for, as far as the judge has decided about this state."""
        if self.plan is None:
            return []
        judgement, snapshot = self.judgement, self.snapshot
        looked = judgement is not None and judgement.revision == snapshot.revision
        decision = judgement.decision if judgement is not None and looked else None
        return waits(self.plan, snapshot.state, decision, self.now_s)


class StatusReader:
    """Collects the status. All methods can raise ``Unavailable``."""

    def __init__(
        self, ledger: Ledger, plan_store: PlanStore, notes: Notes, replicas: Replicas, clock: Clock
    ) -> None:
        self._ledger = ledger
        self._plan_store = plan_store
        self._notes = notes
        self._replicas = replicas
        self._clock = clock

    async def now(self) -> Overview:
        snapshot = await self._ledger.latest()
        digest = snapshot.state.plan
        plan = None if digest is None else await self._plan_store.get(digest)
        judgement = await latest_judgement(self._notes, self._ledger.stream)
        now_s = self._clock.now_s()
        living = await alive(self._replicas, self._ledger.stream, self._clock)
        return Overview(now_s, snapshot, plan, judgement, living)
