"""A history in memory, and the suite that every history must pass."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest

from segue.ports.store import Conflict, Event, EventLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence


class MemoryEventLog:
    """Implements ``segue.ports.store.EventLog`` for one process."""

    def __init__(self) -> None:
        self._streams: dict[str, list[Event]] = defaultdict(list)
        self._written = asyncio.Condition()

    async def start(self) -> None: ...

    async def append(self, event: Event) -> None:
        events = self._streams[event.stream]
        if event.revision <= len(events):
            raise Conflict(events[event.revision - 1])
        events.append(event)
        async with self._written:
            self._written.notify_all()

    async def latest(self, stream: str) -> Event | None:
        events = self._streams[stream]
        return events[-1] if events else None

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        return self._streams[stream][after : after + limit]

    async def changes(self) -> AsyncIterator[None]:
        yield
        while True:
            async with self._written:
                await self._written.wait()
            yield

    async def close(self) -> None: ...


def an_event(revision: int, stream: str = "rollout/test", actor: str = "ann") -> Event:
    return Event(stream, revision, 1_000_000.0 + revision, actor, "routing_set", '{"text": "語音"}')


class EventLogContract:
    """Subclass it with a fixture ``log``, started and empty."""

    async def test_a_new_stream_is_empty(self, log: EventLog) -> None:
        assert await log.latest("rollout/none") is None
        assert list(await log.read("rollout/none")) == []

    async def test_events_are_read_in_order_as_written(self, log: EventLog) -> None:
        events = [an_event(revision) for revision in (1, 2, 3)]
        for event in events:
            await log.append(event)
        assert list(await log.read("rollout/test")) == events
        assert list(await log.read("rollout/test", after=1, limit=1)) == [events[1]]
        assert await log.latest("rollout/test") == events[2]

    async def test_streams_are_apart(self, log: EventLog) -> None:
        await log.append(an_event(1, "rollout/a"))
        await log.append(an_event(1, "rollout/b"))
        assert len(await log.read("rollout/a")) == 1

    async def test_a_revision_is_written_once_and_the_loser_learns_by_whom(self, log: EventLog) -> None:
        await log.append(an_event(1, actor="ann"))
        with pytest.raises(Conflict) as caught:
            await log.append(an_event(1, actor="bob"))
        assert caught.value.winner.actor == "ann"
        assert "ann" in str(caught.value)

    async def test_of_eight_writers_one_wins(self, log: EventLog) -> None:
        writers = [log.append(an_event(1, actor=f"writer-{number}")) for number in range(8)]
        results = await asyncio.gather(*writers, return_exceptions=True)
        winners = [number for number, result in enumerate(results) if result is None]
        losers = [result for result in results if isinstance(result, Conflict)]
        assert len(winners) == 1
        assert len(losers) == 7
        assert {loser.winner.actor for loser in losers} == {f"writer-{winners[0]}"}

    async def test_a_change_is_noticed_within_a_second(self, log: EventLog) -> None:
        changes = log.changes()
        await anext(changes)
        waiting = asyncio.ensure_future(anext(changes))
        await asyncio.sleep(0.05)
        await log.append(an_event(1))
        await asyncio.wait_for(waiting, 1.0)
        await changes.aclose()  # type: ignore[attr-defined]  # an async generator
