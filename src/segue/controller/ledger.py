"""The rollout's state, as its history tells it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from segue.core.decide import Decision
from segue.core.errors import Unavailable
from segue.core.rollout import RolloutState
from segue.ports.store import Conflict, Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.ports.clock import Clock
    from segue.ports.store import EventLog

    Told = Callable[[str, str], None]

_TRIES = 5


class Entry(msgspec.Struct, frozen=True):
    """The data of one event: why, and the state before and after it.

    ``decision`` is the judge's, with its evidence, where it was the judge who decided. ``trigger`` says how grave
    the trouble was. ``took_s`` is how long it took from looking to writing.
    """

    why: str
    before: RolloutState
    after: RolloutState
    decision: Decision | None = None
    trigger: str = ""
    character: str = ""
    took_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wish:
    """Who wants which kind of change, and why; what it does to the state is said beside it."""

    actor: str
    kind: str
    why: str
    decision: Decision | None = None
    trigger: str = ""
    character: str = ""


_ENTRY = msgspec.json.Decoder(Entry)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, the revision it stands at and when that was written; revision 0 is before all history."""

    state: RolloutState
    revision: int
    at_s: float = 0.0


class Ledger:
    """Reads and writes one rollout's stream of events. ``told`` hears the kind and trigger of what was written."""

    def __init__(self, log: EventLog, rollout_id: str, clock: Clock, told: Told | None = None) -> None:
        self._log = log
        self._told = told
        self.stream = f"rollout/{rollout_id}"
        self._clock = clock

    async def latest(self) -> Snapshot:
        """The state in force."""
        event = await self._log.latest(self.stream)
        if event is None:
            return Snapshot(RolloutState(), 0)
        return Snapshot(entry_of(event).after, event.revision, event.at_s)

    async def change(
        self,
        wish: Wish,
        change: Callable[[RolloutState], RolloutState],
        *,
        seen: int | None = None,
    ) -> Snapshot:
        """Applies ``change`` to the latest state and records it.

        With ``seen``, only if that is still the latest revision; without, again upon whatever came between.

        Raises:
            Conflict: someone else was first.
            NotNow: the state allows no such change.
        """
        began_s = self._clock.monotonic_s()
        for attempt in range(_TRIES):
            snapshot = await self.latest()
            if seen is not None and snapshot.revision != seen:
                raise await self._overtaken(seen)
            after = change(snapshot.state)
            event = self._event(snapshot, after, wish, self._clock.monotonic_s() - began_s)
            try:
                await self._log.append(event)
            except Conflict:
                if seen is not None or attempt == _TRIES - 1:
                    raise
            else:
                if self._told is not None:
                    self._told(wish.kind, wish.trigger)
                return Snapshot(after, event.revision, event.at_s)
        raise AssertionError("unreachable")

    async def history(self, *, after: int = 0, limit: int = 1000) -> list[Event]:
        return list(await self._log.read(self.stream, after=after, limit=limit))

    async def _overtaken(self, seen: int) -> Conflict:
        later = await self._log.read(self.stream, after=seen, limit=1)
        if later:
            return Conflict(later[0])
        latest = await self._log.latest(self.stream)
        return Conflict(latest or Event(self.stream, 0, 0.0, "nobody", "none", "{}"))

    def _event(self, before: Snapshot, after: RolloutState, wish: Wish, took_s: float) -> Event:
        entry = Entry(wish.why, before.state, after, wish.decision, wish.trigger, wish.character, took_s)
        data = msgspec.json.encode(entry).decode()
        return Event(self.stream, before.revision + 1, self._clock.now_s(), wish.actor, wish.kind, data)


def entry_of(event: Event) -> Entry:
    """Raises Unavailable where the event is of a kind that this version does not know: as good as out of reach."""
    try:
        return _ENTRY.decode(event.data)
    except msgspec.DecodeError as error:
        raise Unavailable(
            f"revision {event.revision} of {event.stream} cannot be read by this version of Segue ({error}); "
            "the last known state goes on serving; run the version that wrote it, or a later one"
        ) from None
