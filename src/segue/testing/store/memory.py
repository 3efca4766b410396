"""A store in memory, for one process."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from dataclasses import astuple, replace
from typing import TYPE_CHECKING

from segue.kernel.ports.usage import MOST_TOTALS, UsageField, UsageOf, UsageRow, UsageTotal, Used
from segue.rollout.ports.store import LONGEST_LEASES, Conflict, Event, Gap, Note, Replica, Row, storable

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence


class MemoryEventLog:
    """Implements ``segue.rollout.ports.store.EventLog``."""

    def __init__(self) -> None:
        self._streams: dict[str, list[Event]] = defaultdict(list)
        self._written = asyncio.Condition()

    async def append(self, event: Event) -> None:
        kept = _storable_event(event)
        events = self._streams[kept.stream]
        if 1 <= kept.revision <= len(events):
            raise Conflict(events[kept.revision - 1])
        if kept.revision != len(events) + 1:
            raise Gap(kept, events[-1] if events else None)
        events.append(kept)
        async with self._written:
            self._written.notify_all()

    async def latest(self, stream: str) -> Event | None:
        events = self._streams[storable(stream)]
        return events[-1] if events else None

    async def read(self, stream: str, *, after: int = 0, limit: int = 1000) -> Sequence[Event]:
        return self._streams[storable(stream)][after : after + limit]

    async def changes(self) -> AsyncGenerator[None]:
        yield
        while True:
            async with self._written:
                await self._written.wait()
            yield


class MemoryLeases:
    """Implements ``segue.rollout.ports.store.Leases``."""

    def __init__(self) -> None:
        self._leases: dict[str, tuple[str, float]] = {}

    async def take(self, name: str, holder: str, now_s: float, for_s: float) -> bool:
        name, holder = storable(name), storable(holder)
        other, until_s = self._leases.get(name, (holder, now_s))
        if other != holder and now_s < until_s <= now_s + LONGEST_LEASES * for_s:
            return False
        self._leases[name] = (holder, now_s + for_s)
        return True

    async def give_up(self, name: str, holder: str) -> None:
        name = storable(name)
        if name in self._leases and self._leases[name][0] == storable(holder):
            del self._leases[name]


class MemoryReplicas:
    """Implements ``segue.rollout.ports.store.Replicas``."""

    def __init__(self) -> None:
        self._latest: dict[tuple[str, str], Replica] = {}
        self._first: dict[tuple[str, int, str], Replica] = {}

    async def report(self, stream: str, replica: Replica) -> None:
        stream, name = storable(stream), storable(replica.name)
        kept = replace(replica, name=name)
        self._latest[stream, name] = kept
        self._first.setdefault((stream, kept.revision, name), kept)

    async def alive(self, stream: str, since_s: float) -> Sequence[Replica]:
        found = sorted(self._latest.items())
        return [kept for (of, _), kept in found if of == storable(stream) and kept.seen_at_s >= since_s]

    async def taken(self, stream: str, revision: int) -> Sequence[Replica]:
        found = sorted(self._first.items())
        return [kept for (of, at, _), kept in found if (of, at) == (storable(stream), revision)]

    async def leave(self, stream: str, name: str) -> None:
        self._latest.pop((storable(stream), storable(name)), None)


class MemoryRows:
    """Implements ``segue.rollout.ports.store.Rows``."""

    def __init__(self) -> None:
        self._series: dict[str, dict[tuple[float, str], Row]] = defaultdict(dict)

    async def add(self, row: Row) -> None:
        kept = replace(row, series=storable(row.series), source=storable(row.source))
        self._series[kept.series][kept.start_s, kept.source] = kept

    async def read(self, series: str, *, since_s: float, before_s: float, limit: int = 10_000) -> Sequence[Row]:
        rows = sorted(self._series[storable(series)].items())
        return [row for (start_s, _), row in rows if since_s <= start_s < before_s][:limit]

    async def prune(self, series: str, before_s: float) -> None:
        rows = self._series[storable(series)]
        for key in [key for key in rows if key[0] < before_s]:
            del rows[key]


class MemoryNotes:
    """Implements ``segue.rollout.ports.store.Notes``."""

    def __init__(self) -> None:
        self._notes: dict[str, Note] = {}

    async def put(self, key: str, note: Note) -> None:
        self._notes[storable(key)] = replace(note, data=storable(note.data))

    async def get(self, key: str) -> Note | None:
        return self._notes.get(storable(key))


class MemoryBudgets:
    """Implements ``segue.rollout.ports.store.Budgets``."""

    def __init__(self) -> None:
        self._taken: dict[tuple[str, int], float] = defaultdict(float)

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        together = self._taken[storable(name), day] + amount
        if together > most:
            return False
        self._taken[storable(name), day] = together
        return True

    async def taken(self, name: str, day: int) -> float:
        return self._taken[storable(name), day]

    async def forget(self, name: str, before_day: int) -> None:
        for key in [key for key in self._taken if key[0] == storable(name) and key[1] < before_day]:
            del self._taken[key]


class MemoryUsage:
    """Implements ``segue.kernel.ports.usage.UsageLog``."""

    def __init__(self) -> None:
        self._rows: dict[tuple[int, UsageOf, str], Used] = {}

    async def put(self, rows: Sequence[UsageRow]) -> None:
        for row in rows:
            place = row.day, UsageOf(*map(storable, row.of)), row.source
            before = self._rows.get(place, Used())
            pairs = zip(astuple(before), astuple(row.used), strict=True)
            self._rows[place] = Used(*(max(kept, new) for kept, new in pairs))

    async def totals(
        self,
        since_day: int,
        before_day: int,
        by: Sequence[UsageField],
        key: str | None = None,
        limit: int = MOST_TOTALS,
    ) -> Sequence[UsageTotal]:
        wanted = None if key is None else storable(key)
        found: dict[tuple[str | int, ...], Used] = {}
        for (day, of, _), used in self._rows.items():
            if since_day <= day < before_day and wanted in (None, of.key):
                values = {"day": day, **of._asdict()}
                group = tuple(values[field] for field in by)
                found[group] = found.get(group, Used()).plus(used)
        return [UsageTotal(tuple(map(str, group)), used) for group, used in sorted(found.items())][:limit]

    async def tidy(self, join_before_day: int, forget_before_day: int) -> None:
        rows, self._rows = self._rows, {}
        for (day, of, source), used in rows.items():
            if day >= forget_before_day:
                place = (day, of, source if day >= join_before_day else "")
                self._rows[place] = self._rows.get(place, Used()).plus(used)


class MemoryStore:
    """Implements ``segue.rollout.ports.store.Store``."""

    def __init__(self) -> None:
        self.events = MemoryEventLog()
        self.leases = MemoryLeases()
        self.replicas = MemoryReplicas()
        self.rows = MemoryRows()
        self.notes = MemoryNotes()
        self.budgets = MemoryBudgets()
        self.usage = MemoryUsage()

    async def start(self) -> None: ...

    async def close(self) -> None: ...


def _storable_event(event: Event) -> Event:
    return replace(
        event,
        stream=storable(event.stream),
        actor=storable(event.actor),
        kind=storable(event.kind),
        data=storable(event.data),
    )
