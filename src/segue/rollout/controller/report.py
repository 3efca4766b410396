"""Assembles a report from the history, the slots as they were judged, and the replicas' reports."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.kernel.units import PPM, percent_from_ppm
from segue.rollout.controller.ledger import entry_of
from segue.rollout.core.gates import QUANTILES, GateMetric
from segue.rollout.core.rollout import Verb, effective_share
from segue.rollout.core.sketch import EMPTY, Sketch
from segue.rollout.core.windows import NOTHING, Slot, Tally
from segue.rollout.ports.report import (
    ArmStatistics,
    Followed,
    GoingBack,
    Period,
    Point,
    Report,
    StandingInWords,
    Transition,
)
from segue.rollout.wording import sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segue.rollout.controller.ledger import HistoryEntry
    from segue.rollout.core.plan import Place, Plan
    from segue.rollout.core.rollout import RolloutState
    from segue.rollout.ports.store import Event, Replica

MOST_POINTS = 600
"""Maximum number of points in a report; for a longer report, slots are combined."""

_HOUR_S = 3600.0
_ROUNDING = 1e-9
_GOING_BACK = (Verb.ROLL_BACK, Verb.STEP_BACK, Verb.HOLD_BACK)


class ArmObservation(NamedTuple):
    """What one arm did, and its durations."""

    tally: Tally = NOTHING
    delays: Sketch = EMPTY

    def plus(self, other: ArmObservation) -> ArmObservation:
        return ArmObservation(self.tally.plus(other.tally), self.delays.plus(other.delays))


Arms = dict[Arm, ArmObservation]


class Assembly:
    """Accepts slots in any order and keeps only what the report needs.

    It needs the slots from ``slots_from_s`` on, because the effect of going back is counted over the hour before
    it. ``plans`` are by digest; if a plan is missing, its stages are shown by number.
    """

    def __init__(self, events: Sequence[Event], plans: Mapping[str, Plan], now_s: float) -> None:
        self._events = [(event, entry_of(event)) for event in events]
        self._plans = plans
        self.from_s = min([event.at_s for event in events], default=now_s)
        self.to_s = max(now_s, self.from_s)
        self.slots_from_s = self.from_s - _HOUR_S
        self._starts_s = [event.at_s for event in events]
        self._backs = [(event, entry) for event, entry in self._events if _is_going_back(event, entry)]
        self._backs_at_s = [event.at_s for event, _ in self._backs]
        self._width_s = self._point_width_s()
        self._points: dict[int, Arms] = {}
        self._stays: dict[int, Arms] = {}
        self._touched = dict.fromkeys((event.revision for event, _ in self._backs), 0.0)

    def add(self, slots: Iterable[Slot]) -> None:
        for slot in slots:
            self._count_touched(slot)
            if slot.end_s > self.from_s:
                everyone = slot.characters
                arms = {arm: ArmObservation(slot.of(arm, everyone), slot.delays_of(arm, everyone)) for arm in Arm}
                since_s = max(0.0, slot.start_s - self.from_s)
                _gather(self._points, int(since_s // self._width_s), arms)
                _gather(self._stays, max(0, bisect_right(self._starts_s, slot.start_s) - 1), arms)

    def _count_touched(self, slot: Slot) -> None:
        """For each time the rollout went back within an hour after the slot, counts the affected units of the
        candidate.
        """
        first = bisect_right(self._backs_at_s, slot.start_s)
        last = bisect_right(self._backs_at_s, slot.start_s + _HOUR_S)
        for event, entry in self._backs[first:last]:
            touched = _touched(entry) or slot.characters
            self._touched[event.revision] += slot.of(Arm.CANDIDATE, touched).units

    def report(self, rollout_id: str, taken: Mapping[int, Sequence[Replica]]) -> Report:
        """``taken``: for each revision, the first report of each replica that it applied it."""
        latest = self._plan_of(self._events[-1][1].after) if self._events else None
        return Report(
            rollout_id=rollout_id,
            plan="" if latest is None else latest.name,
            description="" if latest is None else latest.description,
            from_s=self.from_s,
            to_s=self.to_s,
            transitions=tuple(self._transition(event, entry) for event, entry in self._events),
            stays=tuple(self._stay(number) for number in range(len(self._events))),
            goings_back=tuple(
                self._going_back(event, entry, taken.get(event.revision, ())) for event, entry in self._backs
            ),
            points=tuple(self._point(number) for number in sorted(self._points)),
        )

    @property
    def revisions_back(self) -> list[int]:
        """The revisions at which the rollout went back."""
        return list(self._touched)

    def _point_width_s(self) -> float:
        """A multiple of the longest slot, so that every point contains the same number of slots."""
        slot_s = max((plan.statistics.slot_s for plan in self._plans.values()), default=60.0)
        return slot_s * max(1.0, -((self.from_s - self.to_s) // (slot_s * MOST_POINTS)))

    def _point(self, number: int) -> Point:
        arms = self._points[number]
        start_s = self.from_s + number * self._width_s
        return Point(start_s, self._width_s, heard(arms[Arm.BASELINE]), heard(arms[Arm.CANDIDATE]))

    def _stay(self, number: int) -> Period:
        event, entry = self._events[number]
        to_s = self._starts_s[number + 1] if number + 1 < len(self._starts_s) else self.to_s
        arms = self._stays.get(number, dict.fromkeys(Arm, ArmObservation()))
        baseline, candidate = heard(arms[Arm.BASELINE]), heard(arms[Arm.CANDIDATE])
        return Period(event.revision, event.at_s, to_s, self._standing(entry.after), baseline, candidate)

    def _transition(self, event: Event, entry: HistoryEntry) -> Transition:
        readings = entry.decision.readings if entry.decision is not None else ()
        return Transition(
            event.revision,
            event.at_s,
            event.actor,
            event.kind,
            entry.why,
            entry.trigger,
            entry.character,
            self._standing(entry.after),
            tuple(sentence(reading) for reading in readings),
            entry.actor_source,
        )

    def _going_back(self, event: Event, entry: HistoryEntry, taken: Sequence[Replica]) -> GoingBack:
        followed = tuple(Followed(one.name, max(0.0, one.taken_at_s - event.at_s)) for one in taken)
        return GoingBack(
            revision=event.revision,
            at_s=event.at_s,
            actor=event.actor,
            why=entry.why,
            trigger=entry.trigger,
            kind=event.kind,
            before=self._standing(entry.before),
            after=self._standing(entry.after),
            decided_in_s=entry.took_s,
            took_s=entry.took_s + max(one.after_s for one in followed) if followed else None,
            followed=followed,
            characters=tuple(sorted(_touched(entry))),
            units_hour_before=self._touched[event.revision],
            actor_source=entry.actor_source,
        )

    def _standing(self, state: RolloutState) -> StandingInWords:
        plan = self._plan_of(state)
        routing = state.routing
        return StandingInWords(
            phase=state.phase,
            stage="" if state.plan is None else _stage_name(plan, state.place),
            step=state.place.step,
            share_percent=percent_from_ppm(round(effective_share(routing) * PPM)),
            characters=tuple(sorted(routing.characters)),
            held_back=tuple(sorted(routing.held_back)),
        )

    def _plan_of(self, state: RolloutState) -> Plan | None:
        return None if state.plan is None else self._plans.get(state.plan)


def heard(seen: ArmObservation) -> ArmStatistics:
    """The statistics of an arm's counts."""
    tally = seen.tally
    bad = tally.errors + tally.refused
    return ArmStatistics(
        units=tally.units,
        errors=tally.errors,
        refused=tally.refused,
        fallbacks=tally.fallbacks,
        unserved=tally.unserved,
        success_ratio=1.0 - bad / tally.units if tally.units else None,
        mean_s=tally.seconds / tally.timed if tally.timed else None,
        p50_s=_quantile_s(seen, QUANTILES[GateMetric.P50_SYNTHESIS]),
        p95_s=_quantile_s(seen, QUANTILES[GateMetric.P95_SYNTHESIS]),
        p99_s=_quantile_s(seen, QUANTILES[GateMetric.P99_SYNTHESIS]),
    )


def _quantile_s(seen: ArmObservation, part: float) -> float | None:
    """From the sketch; without one, the lowest edge that at most the remaining part exceeded."""
    if seen.delays.buckets or not seen.tally.timed:
        return seen.delays.quantile_s(part)
    allowed = (1.0 - part) * seen.tally.timed + _ROUNDING
    within = (edge_s for edge_s, over in zip(EDGES_S, seen.tally.over, strict=True) if over <= allowed)
    return next(within, None)


def _is_going_back(event: Event, entry: HistoryEntry) -> bool:
    """Whether fewer listeners hear the candidate after it: by its verb, or by a smaller share set manually or at
    boot.
    """
    if event.kind in _GOING_BACK:
        return True
    before, after = entry.before.routing, entry.after.routing
    return event.kind in (Verb.SET_ROUTING, Verb.BOOT) and effective_share(after) < effective_share(before)


def _touched(entry: HistoryEntry) -> frozenset[str]:
    """The characters that it affected; empty means all."""
    return frozenset({entry.character}) if entry.character else entry.before.routing.characters


def _stage_name(plan: Plan | None, place: Place) -> str:
    return f"stage {place.stage}" if plan is None else plan.stage(place).name


def _gather(into: dict[int, Arms], number: int, arms: Arms) -> None:
    known = into.get(number)
    into[number] = arms if known is None else {arm: known[arm].plus(arms[arm]) for arm in Arm}
