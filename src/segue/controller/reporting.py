"""Gathers what a report is made of."""

from __future__ import annotations

import math
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.controller.ledger import entry_of
from segue.controller.observer import seen_slots
from segue.controller.report import Assembly
from segue.core.errors import InvalidRequest
from segue.core.rollout import Verb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from segue.controller.ledger import Ledger
    from segue.controller.plans import PlanShelf
    from segue.core.plan import Plan
    from segue.core.windows import Slot
    from segue.ports.clock import Clock
    from segue.ports.report import Report
    from segue.ports.store import Event, Replicas, Rows

_EVENTS_AT_ONCE = 1000
_SLOTS_AT_ONCE = 500
"""Read and folded in one go; other requests are answered in between."""


class Reporter:
    """Reports on one rollout. All of it may raise ``Unavailable``."""

    def __init__(
        self, rollout_id: str, ledger: Ledger, shelf: PlanShelf, rows: Rows, replicas: Replicas, *, clock: Clock
    ) -> None:
        self._rollout_id = rollout_id
        self._ledger = ledger
        self._shelf = shelf
        self._rows = rows
        self._replicas = replicas
        self._clock = clock

    async def report(self, *, whole: bool = False) -> Report:
        """From the latest start of a plan, where there was one; ``whole`` is from the history's beginning."""
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
        """By digest; a plan that is no longer kept is left out."""
        found: dict[str, Plan] = {}
        states = [state for event in events for state in (entry_of(event).before, entry_of(event).after)]
        for digest in {state.plan for state in states if state.plan is not None}:
            with suppress(InvalidRequest):
                found[digest] = await self._shelf.get(digest)
        return found

    async def _slots(self, from_s: float, to_s: float) -> AsyncIterator[list[Slot]]:
        while True:
            page = await seen_slots(self._rows, self._rollout_id, from_s, to_s, limit=_SLOTS_AT_ONCE)
            yield page
            if len(page) < _SLOTS_AT_ONCE:
                return
            from_s = math.nextafter(page[-1].start_s, math.inf)


def since_start(events: Sequence[Event]) -> list[Event]:
    """From the latest start of a plan on; all of them where none was started."""
    starts = [number for number, event in enumerate(events) if event.kind == Verb.START]
    return list(events[starts[-1] :] if starts else events)
