"""Keeps the evidence up to date slot by slot, and stores it so that the next acting replica continues from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import msgspec
import structlog

from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable
from segue.rollout.controller.ledger import entry_of
from segue.rollout.core.evidence import (
    Evidence,
    Looking,
    absorbed,
    begun_anew,
    nothing_yet,
    unwatched,
    went_on,
    with_runs_moved,
    without,
)
from segue.rollout.core.rollout import Verb
from segue.rollout.core.windows import Slot
from segue.rollout.ports.signals import Counting
from segue.rollout.ports.store import Row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger, Snapshot
    from segue.rollout.core.plan import Plan
    from segue.rollout.core.rollout import RolloutState
    from segue.rollout.ports.signals import Signals
    from segue.rollout.ports.store import Event, Rows

_FORGETTING = (Verb.START, Verb.STEP_BACK, Verb.ROLL_BACK)
"""After these verbs evidence starts from zero, because the earlier evidence has been acted on."""

_UNWATCHED_AFTER_SLOTS = 5.0
_UNWATCHED_AFTER_S = 120.0
"""A period without observation counts as unwatched if it is longer than both, or longer than the step's hold."""

_LATE_AFTER_SLOTS = 5.0
"""A source that is this far behind has not shown what listeners hear now, so the rollout holds."""

_KEEP_UNITS_S = 7200.0
"""Workers' rows are kept this long behind the evidence; only a successor that starts over reads them again."""

_SKEW_S = 5.0
"""Clocks of machines may differ, or be corrected, by this much without counting as changed."""


class Checkpoint(msgspec.Struct, frozen=True):
    """Evidence up to ``until_s``, for the state at a revision and the step entered at ``step_since_s``.

    ``counted_since_s`` is when the totals began, ``read_at_s`` when the source was last read. ``candidate`` is the
    fingerprint of the two arms. Times are Unix time.
    """

    revision: int
    until_s: float
    evidence: Evidence
    step_since_s: float = 0.0
    counted_since_s: float = 0.0
    read_at_s: float = 0.0
    candidate: str = ""


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(Checkpoint)
_SLOT_DECODER = msgspec.msgpack.Decoder(Slot)


class Judged(NamedTuple):
    """The rollout's id and the fingerprint of the two arms; evidence about other voices or engines is not used."""

    rollout_id: str
    candidate: str = ""


class _Read(NamedTuple):
    """When this process last read the source, by the wall clock and by the monotonic clock."""

    at_s: float
    monotonic_s: float


class Observer:
    """Collects the evidence for one rollout from its signals.

    The rollout's id is the prefix of its series: workers write ``units``; ``slots`` are computed from them;
    ``evidence`` is the checkpoint, written once per slot.
    """

    def __init__(self, signals: Signals, rows: Rows, ledger: Ledger, judged: Judged, clock: Clock) -> None:
        self._signals = signals
        self._rows = rows
        self._ledger = ledger
        self._series, self._candidate = judged
        self._clock = clock
        self._known: Checkpoint | None = None
        self._read: _Read | None = None
        self._kept_at_s = 0.0
        self._log = structlog.get_logger("segue.controller")

    async def look(self, plan: Plan, snapshot: Snapshot, now_s: float) -> Evidence:
        """Everything seen until now that counts for the state.

        Raises:
            Unavailable: the store is out of reach. If only the source of signals is, the evidence says so instead.
        """
        statistics, state = plan.statistics, snapshot.state
        known = await self._of_this_state(plan, snapshot, now_s)
        counting = Counting(
            statistics.unit_window_s, state.started_at_s, known.counted_since_s, statistics.longest_s
        )
        self._signals.count_by(counting)
        try:
            seen = await self._signals.slots(known.until_s, now_s, statistics.slot_s)
        except Unavailable as error:
            self._known = known
            return replace(known.evidence, trouble=str(error))
        watched = self._was_watched(known, now_s, _unwatched_after_s(plan, state))
        evidence = _with(known.evidence, seen.slots, plan, state, watched=watched)
        self._known = msgspec.structs.replace(known, until_s=seen.until_s, evidence=evidence, read_at_s=now_s)
        self._read = _Read(now_s, self._clock.monotonic_s())
        if seen.slots or abs(now_s - self._kept_at_s) >= statistics.slot_s:
            await self._keep(self._known, seen.slots, known.until_s)
        return _while_late(evidence, now_s - seen.until_s, statistics.slot_s)

    def forget(self) -> None:
        """Discards the local state because another replica acts.

        If this one acts again, it uses the other's checkpoint.
        """
        self._known = self._read = None

    async def _recalled(self) -> Checkpoint | None:
        rows = await self._rows.read(f"{self._series}/evidence", since_s=0.0, before_s=1.0)
        try:
            return _DECODER.decode(rows[0].data) if rows else None
        except msgspec.DecodeError as error:
            self._log.warning("checkpoint_unreadable", error=str(error), effect="evidence starts from zero")
            return None

    async def _of_this_state(self, plan: Plan, snapshot: Snapshot, now_s: float) -> Checkpoint:
        """The part of the known evidence that is valid for this state, this candidate and this clock."""
        slot_s = plan.statistics.slot_s
        known = self._known or await self._recalled()
        if known is None:
            return self._from_nothing(snapshot, snapshot.state.evidence_from_s, slot_s, 0.0)
        if known.candidate != self._candidate:
            self._log.warning(
                "candidate_changed",
                reason="a voice, an engine or an engine's version has changed",
                effect="evidence and hold start from zero",
            )
            return self._from_nothing(snapshot, now_s, slot_s, 0.0)
        if known.revision != snapshot.revision:
            known = await self._carried_over(known, snapshot, slot_s)
        return self._by_this_clock(known, slot_s, now_s)

    def _from_nothing(self, snapshot: Snapshot, since_s: float, slot_s: float, known_until_s: float) -> Checkpoint:
        return Checkpoint(
            snapshot.revision,
            _read_from_s(since_s, known_until_s, slot_s),
            nothing_yet(since_s),
            snapshot.state.step_since_s,
            counted_since_s=since_s,
            read_at_s=since_s,
            candidate=self._candidate,
        )

    async def _carried_over(self, known: Checkpoint, snapshot: Snapshot, slot_s: float) -> Checkpoint:
        """The part of the evidence that is still valid after the state has changed."""
        state, evidence = snapshot.state, known.evidence
        since_s = state.evidence_from_s
        events = await self._ledger.history(after=known.revision)
        if any(event.kind in _FORGETTING for event in events):
            return self._from_nothing(snapshot, since_s, slot_s, known.until_s)
        until_s = known.until_s
        if known.step_since_s != state.step_since_s:
            evidence = begun_anew(evidence, since_s)
        elif evidence.since_s != since_s:
            evidence = went_on(evidence, since_s)
        if evidence is not known.evidence:
            until_s = _read_from_s(since_s, until_s, slot_s)
        taken_back = _taken_back(events)
        if taken_back:
            evidence = without(evidence, taken_back, since_s)
        return msgspec.structs.replace(
            known,
            revision=snapshot.revision,
            until_s=until_s,
            evidence=evidence,
            step_since_s=state.step_since_s,
        )

    def _by_this_clock(self, known: Checkpoint, slot_s: float, now_s: float) -> Checkpoint:
        """The checkpoint, corrected if it lies in the future because the clock was set back.

        Waiting until that time comes again would leave the rollout unobserved.
        """
        if known.until_s <= now_s + slot_s + _SKEW_S:
            return known
        from_s = now_s // slot_s * slot_s
        self._log.warning(
            "clock_set_back",
            by_s=round(known.until_s - now_s),
            effect="evidence and hold continue from now on",
        )
        moved = with_runs_moved(known.evidence, from_s - known.until_s)
        evidence = replace(unwatched(went_on(moved, from_s)), fresh_at_s=from_s)
        return msgspec.structs.replace(known, until_s=from_s, evidence=evidence)

    def _was_watched(self, known: Checkpoint, now_s: float, unwatched_after_s: float) -> bool:
        """Whether the rollout was observed all the time since the source was last read.

        It was not while the judge was down, stopped or frozen, while the source could not be read, or if the clock
        was changed. How far the clock was changed is known only within the same process.
        """
        passed_s = now_s - known.read_at_s
        if self._read is not None:
            really_s = self._clock.monotonic_s() - self._read.monotonic_s
            if abs(now_s - self._read.at_s - really_s) > _SKEW_S:
                return False
        return -_SKEW_S <= passed_s <= unwatched_after_s

    async def _keep(self, known: Checkpoint, slots: Sequence[Slot], since_s: float) -> None:
        for slot in slots:
            source = "all" if slot.start_s >= since_s else f"late-{known.until_s:.0f}"
            await self._rows.add(Row(f"{self._series}/slots", slot.start_s, source, _ENCODER.encode(slot)))
        await self._rows.add(Row(f"{self._series}/evidence", 0.0, "all", _ENCODER.encode(known)))
        await self._rows.prune(f"{self._series}/units", known.until_s - _KEEP_UNITS_S)
        self._kept_at_s = known.read_at_s


async def seen_slots(
    rows: Rows, rollout_id: str, since_s: float, before_s: float, *, limit: int = 10_000
) -> list[Slot]:
    """The slots as they were judged; the earliest ``limit`` of them."""
    found = await rows.read(f"{rollout_id}/slots", since_s=since_s, before_s=before_s, limit=limit)
    return [_SLOT_DECODER.decode(row.data) for row in found]


def _with(
    evidence: Evidence, slots: Sequence[Slot], plan: Plan, state: RolloutState, *, watched: bool
) -> Evidence:
    """The evidence with these slots. Slots from an unwatched period count as evidence, but not for the hold."""
    looking = Looking(watched and state.is_held, Arm.CANDIDATE if _is_asked(state) else Arm.BASELINE)
    for slot in slots:
        before = evidence if watched else unwatched(evidence)
        evidence = absorbed(before, slot, plan, _eligible(state, slot), looking)
    return evidence if watched else unwatched(evidence)


def _while_late(evidence: Evidence, late_s: float, slot_s: float) -> Evidence:
    """The evidence, with the reason why it is no basis for advancing if the source is ``late_s`` behind.

    It can still raise an alarm.
    """
    if late_s <= _LATE_AFTER_SLOTS * slot_s:
        return evidence
    return replace(evidence, trouble=f"the metrics of the last {late_s / 60.0:.0f} minutes have not arrived")


def _is_asked(state: RolloutState) -> bool:
    """Whether the candidate receives requests, from listeners or as shadow requests."""
    routing = state.routing
    return routing.enabled and bool(routing.share_ppm or routing.shadow_ppm)


def _eligible(state: RolloutState, slot: Slot) -> frozenset[str]:
    return (state.routing.characters or slot.characters) - state.routing.held_back


def _unwatched_after_s(plan: Plan, state: RolloutState) -> float:
    slot_s = plan.statistics.slot_s
    hold_s = max(plan.step(state.place).hold_s, 2.0 * slot_s)
    return min(max(_UNWATCHED_AFTER_SLOTS * slot_s, _UNWATCHED_AFTER_S), hold_s)


def _taken_back(events: Sequence[Event]) -> frozenset[str]:
    return frozenset(entry_of(event).character for event in events if event.kind == Verb.HOLD_BACK)


def _read_from_s(since_s: float, known_until_s: float, slot_s: float) -> float:
    """The start of the first slot to read for evidence since ``since_s``, without reading any slot twice."""
    return max(since_s // slot_s * slot_s, known_until_s // slot_s * slot_s)
