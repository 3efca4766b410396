"""A history that goes out of reach, or does not answer, when it is told to."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from segue.kernel.errors import Unavailable
from segue.testing.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

    from segue.rollout.ports.store import Event


class ShakyLog:
    """A ``segue.rollout.ports.store.EventLog``. ``gone``: it is out of reach. ``answers``: calls end once it is
    set. ``overtaken_by``: written just before the next event.
    """

    def __init__(self) -> None:
        self._inner = MemoryStore().events
        self.gone = False
        self.overtaken_by: Callable[[], Awaitable[object]] | None = None
        self.answers = asyncio.Event()
        self.answers.set()

    async def append(self, event: Event) -> None:
        await self._reached()
        if self.overtaken_by is not None:
            first, self.overtaken_by = self.overtaken_by, None
            await first()
        await self._inner.append(event)

    async def latest(self, stream: str) -> Event | None:
        await self._reached()
        return await self._inner.latest(stream)

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        await self._reached()
        return await self._inner.read(stream, after=after, limit=limit)

    def changes(self) -> AsyncGenerator[None]:
        return self._inner.changes()

    async def _reached(self) -> None:
        if self.gone:
            raise Unavailable("the store is out of reach")
        await self.answers.wait()
