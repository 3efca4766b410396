"""Collects the data for a report."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.kernel.errors import InvalidRequest
from segue.rollout.controller.ledger import entry_of
from segue.rollout.controller.observer import seen_slots
from segue.rollout.controller.report import Assembly
from segue.rollout.core.rollout import Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger
    from segue.rollout.controller.plans import PlanStore
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.windows import Slot
    from segue.rollout.ports.report import Report
    from segue.rollout.ports.store import Event, Replicas, Rows

_EVENTS_AT_ONCE = 1000
_SLOTS_AT_ONCE = 500
"""Read and processed in one go; other requests are answered in between."""


class Reporter:
    """Reports on one rollout. All methods can raise ``Unavailable``."""

    def __init__(
        self,
        rollout_id: str,
        ledger: Ledger,
        plan_store: PlanStore,
        rows: Rows,
        replicas: Replicas,
        *,
        clock: Clock,
    ) -> None:
        self._rollout_id = rollout_id
        self._ledger = ledger
        self._plan_store = plan_store
        self._rows = rows
        self._replicas = replicas
        self._clock = clock

    async def report(self, *, whole: bool = False) -> Report:
        """The report since the latest start of a plan, if there was one; with ``whole``, since the beginning of
        the history.
        """
        events = await self._events()
        if not whole:
            events = since_start(events)
        assembly = Assembly(events, await self._plans(events), self._clock.now_s())
        async for page in self._slots(assembly.slots_from_s, assembly.to_s):
            assembly.add(page)
        stream = self._ledger.stream
        taken = {number: await self._replicas.taken(stream, number) for number in assembly.revisions_back}
        return assembly.report(self._rollout_id, taken)

    async def _events(self) -> list[Event]:
        found: list[Event] = []
        while True:
            after = found[-1].revision if found else 0
            page = await self._ledger.history(after=after, limit=_EVENTS_AT_ONCE)
            found += page
            if len(page) < _EVENTS_AT_ONCE:
                return found

    async def _plans(self, events: Sequence[Event]) -> dict[str, Plan]:
        """The plans by digest; a plan that is no longer stored is left out."""
        found: dict[str, Plan] = {}
        states = [state for event in events for state in (entry_of(event).before, entry_of(event).after)]
        for digest in {state.plan for state in states if state.plan is not None}:
            with suppress(InvalidRequest):
                found[digest] = await self._plan_store.get(digest)
        return found

    async def _slots(self, from_s: float, to_s: float) -> AsyncIterator[list[Slot]]:
        while True:
            page = await seen_slots(self._rows, self._rollout_id, from_s, to_s, limit=_SLOTS_AT_ONCE)
            yield page
            if len(page) < _SLOTS_AT_ONCE:
                return
            from_s = math.nextafter(page[-1].start_s, math.inf)


def since_start(events: Sequence[Event]) -> list[Event]:
    """The events since the latest start of a plan; all events if none was started."""
    starts = [number for number, event in enumerate(events) if event.kind == Verb.START]
    return list(events[starts[-1] :] if starts else events)
