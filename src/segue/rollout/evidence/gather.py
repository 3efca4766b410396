"""Combines the slots of all workers: each unit once, and each listener as often as it should count.

``segue.rollout.evidence.sums`` defines what counts for what.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import structlog

from segue.kernel.errors import Unavailable
from segue.kernel.units import DAY_S
from segue.rollout.core.windows import Slot
from segue.rollout.evidence import met
from segue.rollout.evidence.met import Met
from segue.rollout.evidence.sums import Sums, in_order
from segue.rollout.evidence.units import SlotSeen, unpacked
from segue.rollout.ports.signals import Counting, SlotsRead
from segue.rollout.ports.store import Row

if TYPE_CHECKING:
    from segue.rollout.ports.store import Rows

_SETTLE_PART = 0.5
_SETTLE_MOST_S = 3.0
"""A slot is read this long after its end (half its length, limited), to allow for slow writers."""

_LATE_SLOTS = 10
"""Rows of so many slots are looked for again: a worker's clock may be behind, or its write may have been slow."""

_PAGE_SLOTS = 100
"""Slots that are read at once: even with many workers fewer rows than the limit of one read."""

_KEEP_EVERY_S = 600.0
"""How often the listeners met are saved (a few megabytes at most). A successor reads the rows since then again."""

_KEPT = 3
"""How many of these are kept."""

_EVER_S = 1e12

_ROWS_LAST_S = 3600.0
"""Rows of workers are kept for longer than this.

Without them no listener can be recognised as new to a rollout.
"""


class StoredSignals:
    """Implements ``segue.rollout.ports.signals.Signals`` on the rows that workers wrote.

    The listeners it has met are saved beside the rows, for several moments. If it is asked for another time than
    the one it has reached, for example as a successor, it loads the latest saved state before that time and reads
    the rows from there on again: what counts does not depend on who asks. If there is no earlier state, for
    example after a clock was set back, it loads the earliest later one. Units in between may then be missing, but
    no listener met before counts as new.

    A row that is written after its slot was read counts at the next read, as a slot of its own, if the same reader
    goes on. A successor leaves out what arrived late before it took over, so that nothing counts twice.

    If no state was saved or it cannot be read, the rows of a day are read again, as far as they exist. Listeners
    whose rows are missing may count once more. Because no listener can then be recognised as new to the rollout,
    the split is not tested until the next rollout (``Slot.assigned`` stays 0).
    """

    def __init__(self, rows: Rows, series: str, *, counting: Counting | None = None) -> None:
        self._rows = rows
        self._series = series
        self._memories = f"{series}/met"
        self._counting = counting or Counting()
        self._met = Met()
        self._next_s: float | None = None
        self._taken: set[tuple[float, str]] = set()
        self._kept_at_s = 0.0
        self._log = structlog.get_logger("segue.controller")

    def count_by(self, counting: Counting) -> None:
        self._counting = counting

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> SlotsRead:
        next_s, goes_on = since_s, since_s == self._next_s
        if not goes_on:
            self._met = await self._as_of(since_s, slot_s)
            self._kept_at_s = since_s
            next_s = min(self._met.until_s, since_s)
        self._next_s = None  # None until everything has been read
        self._forget_what_is_over()
        over_s = now_s - min(_SETTLE_MOST_S, slot_s * _SETTLE_PART)
        end_s = max(over_s // slot_s * slot_s, since_s)
        found = await self._late(since_s, slot_s, goes_on=goes_on) if since_s < end_s else []
        while next_s < end_s:
            page_s = min(end_s, next_s + _PAGE_SLOTS * slot_s)
            rows = await self._rows.read(self._series, since_s=next_s, before_s=page_s)
            self._taken.update((row.start_s, row.source) for row in rows)
            for start_s, group in groupby(rows, key=lambda row: row.start_s):
                slot = self._together(start_s, slot_s, list(group), again=start_s < since_s)
                if start_s >= since_s:
                    found.append(slot)
            next_s = page_s
        self._next_s = self._met.until_s = end_s
        await self._keep()
        return SlotsRead(tuple(found), end_s)

    async def _late(self, since_s: float, slot_s: float, *, goes_on: bool) -> list[Slot]:
        """The slots of rows that were written after their time had been read; none if another reader read it."""
        from_s = since_s - _LATE_SLOTS * slot_s
        rows = await self._rows.read(self._series, since_s=from_s, before_s=since_s)
        late = [row for row in rows if (row.start_s, row.source) not in self._taken] if goes_on else []
        self._taken = {(row.start_s, row.source) for row in rows}
        return [
            self._together(start_s, slot_s, list(group), met_at_s=since_s)
            for start_s, group in groupby(late, key=lambda row: row.start_s)
            if start_s + slot_s > self._counting.since_s
        ]

    async def _as_of(self, since_s: float, slot_s: float) -> Met:
        """The listeners met before ``since_s``, or up to an earlier moment from which rows can be read again."""
        kept = await self._rows.read(self._memories, since_s=0.0, before_s=_EVER_S)
        rollout_s, evidence_s = self._counting.rollout_since_s, self._counting.since_s
        for row in reversed(kept):
            if row.start_s <= since_s and (found := self._unpacked(row)) is not None:
                return found
        if not _has_lately_begun(evidence_s, since_s, slot_s):
            for row in kept:
                if row.start_s > since_s and (found := self._unpacked(row)) is not None:
                    return found
        from_s = min(since_s, max(since_s - DAY_S, rollout_s - slot_s))
        assigned: set[int] | None = set() if _has_lately_begun(rollout_s, since_s, slot_s) else None
        return Met(until_s=from_s, rollout_since_s=rollout_s, since_s=evidence_s, assigned=assigned)

    def _unpacked(self, row: Row) -> Met | None:
        try:
            return met.unpacked(row.data)
        except ValueError as error:
            self._log.warning("met_unreadable", error=str(error), effect="listeners met before may count again")
            return None

    def _forget_what_is_over(self) -> None:
        if self._met.rollout_since_s != self._counting.rollout_since_s:
            self._met.forget_rollout(self._counting.rollout_since_s)
        if self._met.since_s != self._counting.since_s:
            self._met.forget_units(self._counting.since_s)

    async def _keep(self) -> None:
        """Saves the state at intervals; if it cannot be saved now, it is saved the next time."""
        until_s = self._met.until_s
        if until_s - self._kept_at_s < _KEEP_EVERY_S:
            return
        try:
            await self._rows.add(Row(self._memories, until_s, "all", met.packed(self._met)))
            await self._rows.prune(self._memories, until_s - _KEPT * _KEEP_EVERY_S)
        except Unavailable as error:
            self._log.warning("met_not_kept", error=str(error), effect="a successor must read more rows again")
        else:
            self._kept_at_s = until_s

    def _together(
        self, start_s: float, slot_s: float, rows: list[Row], *, again: bool = False, met_at_s: float | None = None
    ) -> Slot:
        """Combines the rows of one slot.

        If it is read ``again`` and the evidence left it out, it gives only the assigned listeners. Its listeners
        are met at ``met_at_s`` if it is late; None: in their own slot.
        """
        seen = [one for row in rows if (one := self._read(row)) is not None]
        end_s = start_s + slot_s
        assigned = (0, 0)
        if not again or end_s > self._counting.rollout_since_s:
            assigned = self._met.newly_assigned(*(_assigned(seen, side) for side in (0, 1)))
        sums = Sums(self._counting.longest_s)
        if not again or end_s > self._counting.since_s:
            met_at_s = start_s if met_at_s is None else met_at_s
            self._met.enter(met_at_s, self._counting.window_s)
            sums.add(self._met, in_order(seen, self._met), met_at_s)
        hits, lookups = sum(one.hits for one in seen), sum(one.lookups for one in seen)
        return sums.slot(start_s, slot_s, assigned, (hits, lookups))

    def _read(self, row: Row) -> SlotSeen | None:
        try:
            return unpacked(row.data)
        except ValueError as error:
            self._log.warning(
                "slot_unreadable",
                start_s=row.start_s,
                source=row.source,
                error=str(error),
                effect="the judge does not count this slot of that replica",
            )
            return None


def _has_lately_begun(began_s: float, since_s: float, slot_s: float) -> bool:
    """Whether every row since ``began_s`` still exists and can be read again."""
    return -slot_s < since_s - began_s <= _ROWS_LAST_S


def _assigned(seen: list[SlotSeen], side: int) -> set[int]:
    """The listeners assigned by share to one side; workers of earlier versions use other numbers."""
    return {number for one in seen if one.lasting for number in one.split[side]}
