"""Where a rollout stands, for people: the state, its plan, the latest judgement, who serves by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.controller.loop import latest_judgement
from segue.controller.presence import alive
from segue.core.rollout import Phase

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.controller.ledger import Ledger, Snapshot
    from segue.controller.loop import Judgement
    from segue.controller.plans import PlanShelf
    from segue.core.plan import Plan
    from segue.ports.clock import Clock
    from segue.ports.store import Notes, Replica, Replicas


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything at one moment, ``now_s`` (Unix time)."""

    now_s: float
    snapshot: Snapshot
    plan: Plan | None
    judgement: Judgement | None
    replicas: Sequence[Replica]

    @property
    def hold_s(self) -> float:
        """How long the present step is to be held; 0 without a plan."""
        return 0.0 if self.plan is None else self.plan.step(self.snapshot.state.place).hold_s

    @property
    def resume_stage(self) -> int | None:
        """The stage that a resume would begin, from 0, after a roll back of a plan; else None."""
        state = self.snapshot.state
        if self.plan is None or state.phase is not Phase.ROLLED_BACK:
            return None
        return self.plan.before(state.place).stage


class Overlook:
    """Gathers overviews. All of it may raise ``Unavailable``."""

    def __init__(self, ledger: Ledger, shelf: PlanShelf, notes: Notes, replicas: Replicas, clock: Clock) -> None:
        self._ledger = ledger
        self._shelf = shelf
        self._notes = notes
        self._replicas = replicas
        self._clock = clock

    async def now(self) -> Overview:
        snapshot = await self._ledger.latest()
        digest = snapshot.state.plan
        plan = None if digest is None else await self._shelf.get(digest)
        judgement = await latest_judgement(self._notes, self._ledger.stream)
        now_s = self._clock.now_s()
        living = await alive(self._replicas, self._ledger.stream, self._clock)
        return Overview(now_s, snapshot, plan, judgement, living)
