"""Sends notices about everything that happens, each at most once to each target, whichever replica acts.

Each target has a sender that reads the history after its position, which is kept in the store's notes. Before it
sends a notice, it claims it by a lease that no other process can take. So of two controllers that both believe
that they may act, only one sends. A notice that was claimed by a process that then died is not sent.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable
from segue.rollout.controller.notices import alerts_of, notice_of
from segue.rollout.ports.notice import Refused
from segue.rollout.ports.store import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger
    from segue.rollout.core.standing import Standing
    from segue.rollout.ports.notice import Notice, Target
    from segue.rollout.ports.store import Leases, Notes

    ToldOf = Callable[[str, str], None]
    """Receives the kind of target and the result of a notice: ``sent``, ``refused`` or ``given_up``."""

_CLAIM_FOR_S = 10 * 365 * 86_400.0


class Position(msgspec.Struct, frozen=True):
    """The last revision whose notice was sent, and the alerts that were sent for it."""

    revision: int
    alerts: tuple[str, ...] = ()


_POSITION = msgspec.json.Decoder(Position)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where the history is, who may send notices, and what was sent.

    ``token`` identifies this process and is never used by another.
    """

    ledger: Ledger
    rollout_id: str
    leases: Leases
    notes: Notes
    clock: Clock
    token: str


class Announcer:
    """Implements ``segue.rollout.ports.status_listener.StatusListener``. Each target has its own sender."""

    def __init__(
        self, targets: Sequence[Target], archive: Archive, told: ToldOf, *, last_words_s: float = 5.0
    ) -> None:
        """``last_words_s``: how long to wait for notices in progress when the service stops."""
        self._last_words_s = last_words_s
        self._log = structlog.get_logger("segue.notices")
        self._senders = [NotificationSender(target, archive, told) for target in targets]
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        for sender in self._senders:
            self._tasks.start(sender.run(), "send notices")

    async def close(self) -> None:
        """Starts nothing new; notices in progress get a moment to finish."""
        self.standing_by()
        try:
            async with asyncio.timeout(self._last_words_s):
                for sender in self._senders:
                    await sender.idle.wait()
        except TimeoutError:
            self._log.warning("notices_cut_off", effect="notices in progress may not arrive")
        await self._tasks.close()

    def acting(self, standing: Standing) -> None:
        for sender in self._senders:
            sender.look(standing)

    def standing_by(self) -> None:
        for sender in self._senders:
            sender.look(None)


class NotificationSender:
    """Sends all notices to one target, in order. ``idle`` is set while it sends nothing."""

    def __init__(self, target: Target, archive: Archive, told: ToldOf) -> None:
        self._target = target
        self._archive = archive
        self._told = told
        self._standing: Standing | None = None
        self._position: Position | None = None
        self._looked = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()
        self._log = structlog.get_logger("segue.notices")

    def look(self, standing: Standing | None) -> None:
        """The controller's latest observation; None: another replica acts, and may send what this one has not."""
        self._standing = standing
        if standing is None:
            self._position = None
        else:
            self._looked.set()

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            self.idle.clear()
            try:
                await self.deliver()
            except Unavailable as error:
                self._log.warning(
                    "notices_wait", error=str(error), effect="notices are sent when the store is back"
                )
            finally:
                self.idle.set()

    async def deliver(self) -> None:
        """Sends everything new, as long as this replica acts.

        Raises:
            Unavailable: the store is out of reach.
        """
        standing = self._standing
        if standing is None:
            return
        position = self._position or await self._recalled(standing.revision)
        for notice, after in await self._news(standing, position):
            if self._standing is None:
                return
            await self._claim_and_send(notice, after)

    async def _news(self, standing: Standing, position: Position) -> list[tuple[Notice, Position]]:
        """The notices still to be sent, each with the position after it."""
        news = []
        if position.revision < standing.revision:
            for event in await self._archive.ledger.history(after=position.revision):
                position = Position(event.revision)
                news.append((notice_of(event, self._archive.rollout_id), position))
        for notice in alerts_of(standing, self._archive.rollout_id):
            if notice.id not in position.alerts:
                position = Position(position.revision, (*position.alerts, notice.id))
                news.append((notice, position))
        return news

    async def _recalled(self, revision: int) -> Position:
        """The position of the previous sender; a new target starts with what happens from now on."""
        note = await self._archive.notes.get(self._key)
        if note is not None:
            return _POSITION.decode(note.data)
        first = Position(revision)
        await self._keep(first)
        return first

    async def _claim_and_send(self, notice: Notice, after: Position) -> None:
        """Claims the notice, records the new position, then sends it; in another order it could be sent twice."""
        archive, now_s = self._archive, self._archive.clock.now_s()
        claim = f"notice/{self._target.name}/{notice.id}"
        mine = await archive.leases.take(claim, archive.token, now_s, _CLAIM_FOR_S)
        await self._keep(after)
        if self._standing is not None:
            self._position = after
        if mine:
            await self._send(notice)

    async def _send(self, notice: Notice) -> None:
        outcome, trouble = "sent", ""
        try:
            await self._target.send(notice)
        except Refused as error:
            outcome, trouble = "refused", str(error)
        except Unavailable as error:
            outcome, trouble = "given_up", str(error)
        self._told(self._target.kind, outcome)
        if trouble:
            self._log.warning("notice_not_sent", notice=notice.id, outcome=outcome, error=trouble)
        else:
            self._log.info("notice_sent", notice=notice.id, target=self._target.name)

    async def _keep(self, position: Position) -> None:
        data = msgspec.json.encode(position).decode()
        await self._archive.notes.put(self._key, Note(self._archive.clock.now_s(), data))

    @property
    def _key(self) -> str:
        return f"{self._archive.ledger.stream}/told/{self._target.name}"
