"""What has been seen since a step began, folded slot by slot: totals for promotion, detectors for alarms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from segue.core.detect import Detector, compared, watched
from segue.core.gates import QUANTILES, Gate, comparable, counted
from segue.core.speech import Arm
from segue.core.windows import NOTHING, ArmCharacter, Slot, Tally

if TYPE_CHECKING:
    from segue.core.plan import Plan, Statistics

OVERALL = ""
"""The scope of all eligible characters together; any other scope is a character's key."""

Scope = tuple[str, str]
"""A gate's metric and a scope."""


@dataclass(frozen=True, slots=True)
class Watch:
    """One gate watched in one scope: ``beyond`` its level, and ``worse`` than the baseline."""

    beyond: Detector
    worse: Detector


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a decision looks at.

    ``total`` counts from the step's beginning. ``watches`` run on from step to step. ``recent`` fades, halved
    every ``HALF_LIFE_SLOTS`` slots. ``fresh_at_s`` is the end of the latest slot in which anything happened;
    ``trouble`` is why the source of slots cannot be read, where it cannot.
    """

    since_s: float
    total: Slot
    watches: Mapping[Scope, Watch] = field(default_factory=dict)
    recent: Mapping[ArmCharacter, Tally] = field(default_factory=dict)
    fresh_at_s: float | None = None
    trouble: str = ""

    def with_assigned(self, assigned: tuple[int, int]) -> Evidence:
        """The same, with the units that were assigned by share: on the candidate, on the baseline."""
        return replace(self, total=replace(self.total, assigned=assigned))

    def recent_of(self, arm: Arm, characters: frozenset[str]) -> Tally:
        found = [tally for (of, character), tally in self.recent.items() if of is arm and character in characters]
        return sum_of(found)


HALF_LIFE_SLOTS = 20.0


def nothing_yet(since_s: float) -> Evidence:
    return Evidence(since_s, Slot(since_s, 0.0))


def begun_anew(evidence: Evidence, since_s: float) -> Evidence:
    """For the next step: totals start again, detectors remember.

    After going back nothing may remember (``nothing_yet``), or the trouble that is over would accuse again.
    """
    return replace(evidence, since_s=since_s, total=Slot(since_s, 0.0))


def absorbed(evidence: Evidence, slot: Slot, plan: Plan, eligible: frozenset[str] | None) -> Evidence:
    """With one more slot; ``eligible`` are the characters that may use the candidate, None: all of them.

    A slot from before ``since_s`` is left out: it saw another share.
    """
    if slot.start_s < evidence.since_s:
        return evidence
    characters = slot.characters if eligible is None else slot.characters & eligible
    fresh_at_s = evidence.fresh_at_s
    if not slot.is_silent:
        fresh_at_s = slot.end_s if fresh_at_s is None else max(fresh_at_s, slot.end_s)
    return replace(
        evidence,
        total=evidence.total.plus(slot),
        watches=_watched(evidence.watches, slot, plan, characters),
        recent=_faded(evidence.recent, slot),
        fresh_at_s=fresh_at_s,
        trouble="",
    )


def sum_of(tallies: list[Tally]) -> Tally:
    total = NOTHING
    for tally in tallies:
        total = total.plus(tally)
    return total


def _watched(
    watches: Mapping[Scope, Watch], slot: Slot, plan: Plan, characters: frozenset[str]
) -> dict[Scope, Watch]:
    scopes = {OVERALL: characters} | {character: frozenset({character}) for character in characters}
    after = dict(watches)
    for scope, members in scopes.items():
        candidate, baseline = slot.of(Arm.CANDIDATE, members), slot.of(Arm.BASELINE, members)
        if not candidate.units and not candidate.timed:
            continue
        for gate in plan.gates:
            if gate.alarm is not None:
                key = (gate.metric, scope)
                after[key] = _stepped(after.get(key), gate, candidate, baseline, plan.statistics)
    return after


def _stepped(watch: Watch | None, gate: Gate, candidate: Tally, baseline: Tally, statistics: Statistics) -> Watch:
    level, alarm = gate.alarm, statistics.alarm_log_e
    assert level is not None, "only gates with an alarm are watched"
    own = counted(gate.metric, level, candidate, statistics.longest_s)
    severe = _severe(gate, candidate, statistics.longest_s)
    ours = comparable(gate.metric, level, candidate, Arm.CANDIDATE)
    theirs = comparable(gate.metric, level, baseline, Arm.BASELINE)
    return Watch(
        watched(watch.beyond if watch else None, own, severe, theirs.trials, alarm),
        compared(watch.worse if watch else None, ours, theirs, alarm),
    )


def _severe(gate: Gate, tally: Tally, longest_s: float) -> float:
    """Only a quantile's levels count different cases; a rate's or a mean's severity is in its own size."""
    if gate.metric not in QUANTILES or gate.roll_back is None:
        return 0.0
    return counted(gate.metric, gate.roll_back, tally, longest_s).bad


def _faded(recent: Mapping[ArmCharacter, Tally], slot: Slot) -> dict[ArmCharacter, Tally]:
    keep = 0.5 ** (1.0 / HALF_LIFE_SLOTS)
    faded = {key: tally.times(keep) for key, tally in recent.items()}
    return faded | {key: faded.get(key, NOTHING).plus(tally) for key, tally in slot.tallies.items()}
