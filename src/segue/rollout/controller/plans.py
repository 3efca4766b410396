"""Plans stored beside the history by their digest: a rollout continues with the plan that it was started with."""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from segue.kernel.errors import InvalidRequest
from segue.rollout.core.plan import Plan
from segue.rollout.ports.store import Conflict, Event

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.store import EventLog

_DECODER = msgspec.json.Decoder(Plan)


class PlanStore:
    """Stores and loads plans; a stored plan never changes."""

    def __init__(self, events: EventLog, clock: Clock) -> None:
        self._events = events
        self._clock = clock
        self._known: dict[str, Plan] = {}

    async def put(self, plan: Plan, actor: str) -> str:
        """Stores the plan and returns its digest, by which it can be found."""
        data = msgspec.json.encode(plan, order="sorted")
        digest = blake2b(data, digest_size=8).hexdigest()
        event = Event(_stream(digest), 1, self._clock.now_s(), actor, "plan", data.decode())
        with suppress(Conflict):  # it is already stored
            await self._events.append(event)
        self._known[digest] = plan
        return digest

    async def get(self, digest: str) -> Plan:
        """Raises InvalidRequest if no plan has that digest."""
        if digest not in self._known:
            event = await self._events.latest(_stream(digest))
            if event is None:
                raise InvalidRequest(f"plan {digest!r} is not in this store; start the rollout again")
            self._known[digest] = _DECODER.decode(event.data)
        return self._known[digest]


def _stream(digest: str) -> str:
    return f"plan/{digest}"
