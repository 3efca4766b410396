"""The rollout's state, derived from its history."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from segue.kernel.errors import Unavailable
from segue.rollout.core.decide import Decision
from segue.rollout.core.rollout import RolloutState
from segue.rollout.ports.store import Conflict, Event

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.store import EventLog

    Told = Callable[[str, str], None]

_TRIES = 5


class HistoryEntry(msgspec.Struct, frozen=True):
    """The data of one event: why it happened, and the state before and after it.

    ``decision`` is the judge's decision with its evidence, if the judge decided. ``trigger`` is the severity of
    the alarm. ``took_s`` is the time from reading the state to writing the event. ``actor_source`` is an
    ``ActorSource``, or empty.
    """

    why: str
    before: RolloutState
    after: RolloutState
    decision: Decision | None = None
    trigger: str = ""
    character: str = ""
    took_s: float = 0.0
    actor_source: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A requested change: who requests it, its kind, and the reason.

    What it does to the state is passed separately.
    """

    actor: str
    kind: str
    why: str
    decision: Decision | None = None
    trigger: str = ""
    character: str = ""
    actor_source: str = ""


_ENTRY = msgspec.json.Decoder(HistoryEntry)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state, its revision, and when that was written; revision 0 is before the first event."""

    state: RolloutState
    revision: int
    at_s: float = 0.0


class Ledger:
    """Reads and writes one rollout's stream of events.

    ``told`` receives the kind and trigger of each written event.
    """

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
        proposal: Proposal,
        change: Callable[[RolloutState], RolloutState],
        *,
        seen: int | None = None,
        insist: bool = False,
    ) -> Snapshot:
        """Applies ``change`` to the latest state and records it.

        With ``seen``, only if that is still the latest revision. Without it, a change that was overtaken is
        applied again to the new state: a few times, or with ``insist`` until it is written.

        Raises:
            Conflict: another change was written first.
            NotNow: the state does not allow this change.
        """
        began_s = self._clock.monotonic_s()
        for attempt in itertools.count(1):
            snapshot = await self.latest()
            if seen is not None and snapshot.revision != seen:
                raise await self._overtaken(seen)
            after = change(snapshot.state)
            event = self._event(snapshot, after, proposal, self._clock.monotonic_s() - began_s)
            try:
                await self._log.append(event)
            except Conflict:
                if seen is not None or (attempt >= _TRIES and not insist):
                    raise
            else:
                if self._told is not None:
                    self._told(proposal.kind, proposal.trigger)
                return Snapshot(after, event.revision, event.at_s)
        raise AssertionError("unreachable")

    async def latest_event(self) -> Event | None:
        """The latest event; None if the history is empty."""
        return await self._log.latest(self.stream)

    async def history(self, *, after: int = 0, limit: int = 1000) -> list[Event]:
        return list(await self._log.read(self.stream, after=after, limit=limit))

    async def _overtaken(self, seen: int) -> Conflict:
        later = await self._log.read(self.stream, after=seen, limit=1)
        if later:
            return Conflict(later[0])
        latest = await self._log.latest(self.stream)
        return Conflict(latest or Event(self.stream, 0, 0.0, "nobody", "none", "{}"))

    def _event(self, before: Snapshot, after: RolloutState, proposal: Proposal, took_s: float) -> Event:
        entry = HistoryEntry(
            proposal.why,
            before.state,
            after,
            proposal.decision,
            proposal.trigger,
            proposal.character,
            took_s,
            proposal.actor_source,
        )
        data = msgspec.json.encode(entry).decode()
        return Event(self.stream, before.revision + 1, self._clock.now_s(), proposal.actor, proposal.kind, data)


def entry_of(event: Event) -> HistoryEntry:
    """Raises Unavailable if this version does not know the event's kind.

    It is treated like a store out of reach.
    """
    try:
        return _ENTRY.decode(event.data)
    except msgspec.DecodeError as error:
        raise Unavailable(
            f"revision {event.revision} of {event.stream} cannot be read by this version of Segue ({error}); run "
            "the version that wrote it, or a later one"
        ) from None
