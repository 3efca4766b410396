"""Tells people of everything that happens, each thing at most once for each target, whoever acts.

A courier for each target goes through the history behind its position, which is kept with the store's notes. What
it is about to tell it claims first, by a lease that nobody else can take; so of two controllers that both think
they may act, one tells. What was claimed by a process that then died is not told.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.controller.notices import alerts_of, notice_of
from segue.core.errors import Unavailable
from segue.ports.notice import Refused
from segue.ports.store import Note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.controller.ledger import Ledger
    from segue.core.standing import Standing
    from segue.ports.clock import Clock
    from segue.ports.notice import Notice, Target
    from segue.ports.store import Leases, Notes

    ToldOf = Callable[[str, str], None]
    """Hears the kind of target and what became of a notice: ``sent``, ``refused`` or ``given_up``."""

_CLAIM_FOR_S = 10 * 365 * 86_400.0


class Position(msgspec.Struct, frozen=True):
    """Told up to a revision, and which alerts of which revision."""

    revision: int
    alerts: tuple[str, ...] = ()


_POSITION = msgspec.json.Decoder(Position)


@dataclass(frozen=True, slots=True)
class Archive:
    """Where it is written what happened, who may tell it, and what has been told.

    ``token`` is this process's own and no other's, ever.
    """

    ledger: Ledger
    rollout_id: str
    leases: Leases
    notes: Notes
    clock: Clock
    token: str


class Announcer:
    """Implements ``segue.ports.onlooker.Onlooker``: a courier for each target, who waits for nobody."""

    def __init__(
        self, targets: Sequence[Target], archive: Archive, told: ToldOf, *, last_words_s: float = 5.0
    ) -> None:
        """``last_words_s``: what is on its way when the service stops is waited for so long."""
        self._last_words_s = last_words_s
        self._log = structlog.get_logger("segue.notices")
        self._couriers = [Courier(target, archive, told) for target in targets]
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(courier.run(), name="tell people") for courier in self._couriers]

    async def close(self) -> None:
        """Takes up nothing new; what is on its way gets a moment more."""
        self.standing_by()
        try:
            async with asyncio.timeout(self._last_words_s):
                for courier in self._couriers:
                    await courier.idle.wait()
        except TimeoutError:
            self._log.warning("notices_cut_off", effect="what was on its way may not arrive")
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def acting(self, standing: Standing) -> None:
        for courier in self._couriers:
            courier.look(standing)

    def standing_by(self) -> None:
        for courier in self._couriers:
            courier.look(None)


class Courier:
    """Carries everything to one target, in order. ``idle`` is set while it carries nothing."""

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
        """What the controller has just seen; None: another acts, and may tell what we have not."""
        self._standing = standing
        if standing is None:
            self._position = None
        else:
            self._looked.set()

    async def run(self) -> None:
        """Never ends by itself."""
        while True:
            await self._looked.wait()
            self._looked.clear()
            self.idle.clear()
            try:
                await self.deliver()
            except Unavailable as error:
                self._log.warning("notices_wait", error=str(error), effect="they are told when the store is back")
            finally:
                self.idle.set()

    async def deliver(self) -> None:
        """Everything new, as long as this replica acts.

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
            await self._tell(notice, after)

    async def _news(self, standing: Standing, position: Position) -> list[tuple[Notice, Position]]:
        """What is yet to be told, each with the position after it."""
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
        """Where the one before stopped; a target never heard of begins with what happens from now on."""
        note = await self._archive.notes.get(self._key)
        if note is not None:
            return _POSITION.decode(note.data)
        first = Position(revision)
        await self._keep(first)
        return first

    async def _tell(self, notice: Notice, after: Position) -> None:
        """Claims it, notes that it is told, then tells it: in this order, or it might be told twice."""
        archive, now_s = self._archive, self._archive.clock.now_s()
        claim = f"notice/{self._target.name}/{notice.id}"
        mine = await archive.leases.take(claim, archive.token, now_s, _CLAIM_FOR_S)
        await self._keep(after)
        if self._standing is not None:
            self._position = after
        if mine:
            await self._carry(notice)

    async def _carry(self, notice: Notice) -> None:
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
