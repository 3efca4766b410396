"""The recent traffic of a service, from the slots of its rollout."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.rollout.controller.observer import seen_slots

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.kernel.ports.clock import Clock
    from segue.rollout.core.windows import Slot
    from segue.rollout.ports.store import Rows

DAY_S = 86_400.0
_SLOTS_AT_ONCE = 500


@dataclass(slots=True)
class SeenTraffic:
    """The traffic from ``since_s`` (Unix time) for ``seen_s`` seconds. If ``seen_s`` is 0, nothing is known.

    ``lookups`` are requests, ``hits`` those answered from a cache; ``units`` are the units that can promote, by
    character.
    """

    since_s: float
    seen_s: float = 0.0
    lookups: float = 0.0
    hits: float = 0.0
    units: Mapping[str, float] = field(default_factory=dict)


class TrafficLog:
    """Reads one rollout's slots, which are kept while a plan is in progress."""

    def __init__(self, rows: Rows, rollout_id: str, clock: Clock) -> None:
        self._rows = rows
        self._rollout_id = rollout_id
        self._clock = clock

    async def last_day(self) -> SeenTraffic:
        """The traffic of the last day. Raises ``Unavailable`` if the store is out of reach."""
        now_s = self._clock.now_s()
        from_s, found, units = now_s - DAY_S, SeenTraffic(now_s), defaultdict[str, float](float)
        while True:
            page = await seen_slots(self._rows, self._rollout_id, from_s, now_s, limit=_SLOTS_AT_ONCE)
            for slot in page:
                _add(found, units, slot)
            if len(page) < _SLOTS_AT_ONCE:
                found.units = dict(units)
                return found
            from_s = math.nextafter(page[-1].start_s, math.inf)


def _add(found: SeenTraffic, units: dict[str, float], slot: Slot) -> None:
    found.since_s = min(found.since_s, slot.start_s)
    found.seen_s += slot.length_s
    found.lookups += slot.lookups
    found.hits += slot.hits
    for (_, character), tally in slot.promoting.tallies.items():
        units[character] += tally.units
