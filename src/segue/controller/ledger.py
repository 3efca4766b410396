"""The rollout's state, as its history tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from segue.core.rollout import RolloutState
from segue.ports.store import Conflict, Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.ports.clock import Clock
    from segue.ports.store import EventLog

_TRIES = 5


class Entry(msgspec.Struct, frozen=True):
    """The data of one event: why, and the state before and after it."""

    why: str
    before: RolloutState
    after: RolloutState


_ENTRY = msgspec.json.Decoder(Entry)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state and the revision it stands at; revision 0 is before all history."""

    state: RolloutState
    revision: int


class Ledger:
    """Reads and writes one rollout's stream of events."""

    def __init__(self, log: EventLog, rollout_id: str, clock: Clock) -> None:
        self._log = log
        self._stream = f"rollout/{rollout_id}"
        self._clock = clock

    async def latest(self) -> Snapshot:
        """The state in force."""
        event = await self._log.latest(self._stream)
        return Snapshot(RolloutState(), 0) if event is None else Snapshot(entry_of(event).after, event.revision)

    async def change(
        self,
        change: Callable[[RolloutState], RolloutState],
        *,
        actor: str,
        kind: str,
        why: str,
        seen: int | None = None,
    ) -> Snapshot:
        """Applies ``change`` to the latest state and records it.

        With ``seen``, only if that is still the latest revision; without, again upon whatever came between.

        Raises:
            Conflict: someone else was first.
        """
        for attempt in range(_TRIES):
            snapshot = await self.latest()
            if seen is not None and snapshot.revision != seen:
                raise await self._overtaken(seen)
            after = change(snapshot.state)
            event = self._event(snapshot, after, actor=actor, kind=kind, why=why)
            try:
                await self._log.append(event)
            except Conflict:
                if seen is not None or attempt == _TRIES - 1:
                    raise
            else:
                return Snapshot(after, event.revision)
        raise AssertionError("unreachable")

    async def history(self, *, after: int = 0, limit: int = 1000) -> list[Event]:
        return list(await self._log.read(self._stream, after=after, limit=limit))

    async def _overtaken(self, seen: int) -> Conflict:
        later = await self._log.read(self._stream, after=seen, limit=1)
        if later:
            return Conflict(later[0])
        latest = await self._log.latest(self._stream)
        return Conflict(latest or Event(self._stream, 0, 0.0, "nobody", "none", "{}"))

    def _event(self, before: Snapshot, after: RolloutState, *, actor: str, kind: str, why: str) -> Event:
        data = msgspec.json.encode(Entry(why, before.state, after)).decode()
        return Event(self._stream, before.revision + 1, self._clock.now_s(), actor, kind, data)


def entry_of(event: Event) -> Entry:
    return _ENTRY.decode(event.data)
