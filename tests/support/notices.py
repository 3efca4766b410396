"""A notice, and a target that remembers what it was sent."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from segue.rollout.ports.notice import Notice, NoticeKind

NOTICE = Notice(
    id="chirp3/7",
    kind=NoticeKind.TRANSITION,
    rollout_id="chirp3",
    revision=7,
    event="roll_back",
    at_s=1_773_144_000.0,
    title="Rollout chirp3: roll back (P0) by judge; now rolled_back, share 0 %",
    why="error_rate: 50.0% 很多",
    actor="judge",
    trigger="P0",
    phase="rolled_back",
    stage=3,
)


@dataclass(slots=True)
class ScriptedTarget:
    """Implements ``segue.rollout.ports.notice.Target``; ``error`` is raised once for each, ``stuck`` never
    answers.
    """

    name: str = "webhook-test"
    kind: str = "webhook"
    sent: list[Notice] = field(default_factory=list)
    error: Exception | None = None
    stuck: bool = False
    asked: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def ids(self) -> list[str]:
        return [notice.id for notice in self.sent]

    async def send(self, notice: Notice) -> None:
        self.sent.append(notice)
        self.asked.set()
        if self.stuck:
            await asyncio.Event().wait()
        error, self.error = self.error, None
        if error is not None:
            raise error
