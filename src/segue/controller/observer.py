"""The evidence, kept up to date slot by slot, and kept safe so that whoever acts next goes on from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import structlog

from segue.core.errors import Unavailable
from segue.core.evidence import Evidence, absorbed, begun_anew, nothing_yet
from segue.core.rollout import Verb
from segue.core.windows import Slot
from segue.ports.store import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.controller.ledger import Ledger, Snapshot
    from segue.core.plan import Plan
    from segue.core.rollout import RolloutState
    from segue.ports.signals import Signals
    from segue.ports.store import Rows

_FORGETTING = (Verb.START, Verb.STEP_BACK, Verb.ROLL_BACK, Verb.HOLD_BACK)
"""After these the detectors begin anew: what they knew has been acted upon."""

_KEEP_UNITS_S = 7200.0
"""Workers' rows are kept this long behind the evidence; only a successor that starts over reads them again."""

_SKEW_S = 5.0
"""So far machines' clocks may be apart without one having been set back."""


class Checkpoint(msgspec.Struct):
    """Evidence up to a time, of the state at a revision."""

    revision: int
    until_s: float
    evidence: Evidence


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Checkpoint)
_SLOT_DECODER = msgspec.msgpack.Decoder(Slot)


class Observer:
    """Evidence for one rollout, from its signals.

    ``rollout_id`` names its series: ``units`` is what workers write, ``slots`` what came of it, ``evidence`` the
    checkpoint.
    """

    def __init__(self, signals: Signals, rows: Rows, ledger: Ledger, rollout_id: str) -> None:
        self._signals = signals
        self._rows = rows
        self._ledger = ledger
        self._series = rollout_id
        self._known: Checkpoint | None = None
        self._log = structlog.get_logger("segue.controller")

    async def look(self, plan: Plan, snapshot: Snapshot, now_s: float) -> Evidence:
        """Everything seen until now that counts for the state.

        Raises:
            Unavailable: the store is out of reach; a source of signals that is, is in the evidence instead.
        """
        known = self._known or await self._recalled()
        if known is None or known.revision != snapshot.revision:
            known = await self._carried_over(known, plan, snapshot)
        known = self._by_this_clock(known, plan.statistics.slot_s, now_s)
        try:
            seen = await self._signals.slots(known.until_s, now_s, plan.statistics.slot_s)
        except Unavailable as error:
            self._known = known
            return replace(known.evidence, trouble=str(error))
        evidence = known.evidence if not known.evidence.trouble else replace(known.evidence, trouble="")
        for slot in seen.slots:
            evidence = absorbed(evidence, slot, plan, _eligible(snapshot.state, slot))
        self._known = Checkpoint(snapshot.revision, seen.until_s, evidence)
        if seen.slots:
            await self._keep(self._known, seen.slots)
        return evidence

    def forget(self) -> None:
        """Someone else acts now; should it be our turn again, their checkpoint counts."""
        self._known = None

    async def _recalled(self) -> Checkpoint | None:
        rows = await self._rows.read(f"{self._series}/evidence", since_s=0.0, before_s=1.0)
        try:
            found = _DECODER.decode(rows[0].data) if rows else None
        except msgspec.DecodeError as error:
            self._log.warning("checkpoint_unreadable", error=str(error), effect="evidence is gathered anew")
            return None
        if found is None:
            return None
        # Who was met before for the test of the split is known to the one before alone: it begins anew.
        return msgspec.structs.replace(found, evidence=found.evidence.with_assigned((0, 0)))

    async def _carried_over(self, known: Checkpoint | None, plan: Plan, snapshot: Snapshot) -> Checkpoint:
        """What the evidence so far is worth now that the state has changed."""
        state = snapshot.state
        since_s = state.evidence_from_s
        if known is None or await self._went_back(known.revision):
            evidence = nothing_yet(since_s)
        elif known.evidence.since_s != since_s:
            evidence = begun_anew(known.evidence, since_s)
        else:
            return msgspec.structs.replace(known, revision=snapshot.revision)
        self._signals.begin_step(plan.statistics.unit_window_s)
        slot_s = plan.statistics.slot_s
        from_s = since_s // slot_s * slot_s
        until_s = from_s if known is None else max(from_s, known.until_s // slot_s * slot_s)
        return Checkpoint(snapshot.revision, until_s, evidence)

    def _by_this_clock(self, known: Checkpoint, slot_s: float, now_s: float) -> Checkpoint:
        """The checkpoint itself; where it is from a time to come, the clock was set back, and to wait until that
        time has come again would be to look at nothing meanwhile. The detectors remember; the totals begin anew.
        """
        if known.until_s <= now_s + slot_s + _SKEW_S:
            return known
        from_s = now_s // slot_s * slot_s
        self._log.warning(
            "clock_set_back", by_s=round(known.until_s - now_s), effect="the step's totals begin anew"
        )
        evidence = replace(begun_anew(known.evidence, from_s), fresh_at_s=from_s)
        return msgspec.structs.replace(known, until_s=from_s, evidence=evidence)

    async def _went_back(self, revision: int) -> bool:
        return any(event.kind in _FORGETTING for event in await self._ledger.history(after=revision))

    async def _keep(self, known: Checkpoint, slots: Sequence[Slot]) -> None:
        for slot in slots:
            await self._rows.add(Row(f"{self._series}/slots", slot.start_s, "all", _ENCODER.encode(slot)))
        await self._rows.add(Row(f"{self._series}/evidence", 0.0, "all", _ENCODER.encode(known)))
        await self._rows.prune(f"{self._series}/units", known.until_s - _KEEP_UNITS_S)


async def seen_slots(
    rows: Rows, rollout_id: str, since_s: float, before_s: float, *, limit: int = 10_000
) -> list[Slot]:
    """What was seen, as it was judged; the earliest ``limit`` of it."""
    found = await rows.read(f"{rollout_id}/slots", since_s=since_s, before_s=before_s, limit=limit)
    return [_SLOT_DECODER.decode(row.data) for row in found]


def _eligible(state: RolloutState, slot: Slot) -> frozenset[str]:
    return (state.routing.characters or slot.characters) - state.routing.held_back
