"""The evidence since a rollout began, accumulated slot by slot: totals to advance by, detectors for alarms."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.arms import Arm
from segue.rollout.core.betting import gains_beyond
from segue.rollout.core.compare import Block, Terms
from segue.rollout.core.detect import CEILING, EvidenceRun, ExpectedRates, Seen, Watch, stepped
from segue.rollout.core.gates import (
    QUANTILES,
    RESCUED,
    Gate,
    GateMetric,
    comparable,
    counted,
    handed_on,
    tolerance,
)
from segue.rollout.core.stats import alternatives, rate_increment
from segue.rollout.core.windows import PARTS, Slot, Tally

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan, Statistics

OVERALL = ""
"""The scope of all eligible characters together; every other scope is a character's key."""

Scope = tuple[str, str]
"""A gate's metric and a scope."""

USUAL_STRENGTH = 20.0
"""In the initial guess of a comparison, the baseline's past counts as at most this many trials."""

UNKNOWN = (0.5, 9.5)
"""The assumed bad and good cases of a baseline without any history."""

UNITS_PART, LISTENERS_PART = 0.75, 0.25
"""The parts of the plan's allowed false alarms for alarms by unit and by listener."""

UNUSUAL = 3.0
"""A baseline above this multiple of its usual rate is in trouble."""

RARE = 0.05
"""If the baseline has a smaller part of all units than this, it is too rare to compare with."""

MOSTLY = 0.5
"""If a smaller part of the failures than this falls back, it is treated as none."""

SLOW_RATE = 0.7
"""If a candidate's mean is beyond its level, about this part of its calls takes longer than the level."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything that a decision depends on.

    ``total`` counts what can promote since the rollout began or last went back, as long as the candidate is the
    same. ``step`` is the part of it from the present step. ``watches`` continue from step to step. So do those
    ``by_listener``, which use only what can promote: for the former, a listener for whom nothing works all day is
    one of many units; for the latter, one of as many listeners.

    Slots that began before ``since_s`` are left out, because another share was in force. ``held_s`` is how long
    the step was heard. ``heard_until_s`` is the end of that time, or None after a time that was not watched.
    ``fresh_at_s`` is the end of the latest slot in which anything happened. ``trouble`` is why the source of slots
    cannot be read; empty if it can.
    """

    since_s: float
    total: Slot
    step: Slot
    watches: Mapping[Scope, Watch] = field(default_factory=dict)
    by_listener: Mapping[Scope, Watch] = field(default_factory=dict)
    held_s: float = 0.0
    heard_until_s: float | None = None
    fresh_at_s: float | None = None
    trouble: str = ""

    def with_assigned(self, assigned: tuple[int, int]) -> Evidence:
        """The same, with the listeners that were assigned by share: to the candidate, to the baseline."""
        return replace(self, step=replace(self.step, assigned=assigned))

    @property
    def characters(self) -> frozenset[str]:
        """The characters with evidence."""
        return self.total.characters | self.step.characters


def nothing_yet(since_s: float) -> Evidence:
    nothing = Slot(since_s, 0.0)
    return Evidence(since_s, nothing, nothing, heard_until_s=since_s)


def begun_anew(evidence: Evidence, since_s: float) -> Evidence:
    """The evidence for the next step: its own counts and its hold start again; totals and detectors are kept.

    Use ``nothing_yet`` after going back: otherwise the past trouble would raise an alarm again.
    """
    return replace(evidence, since_s=since_s, step=Slot(since_s, 0.0), held_s=0.0, heard_until_s=since_s)


def went_on(evidence: Evidence, since_s: float) -> Evidence:
    """The evidence for the same step under another routing, or after a pause: the hold continues from
    ``since_s``.
    """
    return replace(evidence, since_s=since_s, heard_until_s=since_s)


def without(evidence: Evidence, characters: frozenset[str], since_s: float) -> Evidence:
    """The evidence after these characters were held back: their watches and the overall ones are discarded."""
    gone = characters | {OVERALL}
    watches, by_listener = (
        {key: watch for key, watch in found.items() if key[1] not in gone}
        for found in (evidence.watches, evidence.by_listener)
    )
    return replace(went_on(evidence, since_s), watches=watches, by_listener=by_listener)


def unwatched(evidence: Evidence) -> Evidence:
    """The evidence after a time that was not watched, or whose clock cannot be trusted: that time does not count
    as held.
    """
    return replace(evidence, heard_until_s=None)


def with_runs_moved(evidence: Evidence, by_s: float) -> Evidence:
    """The evidence with the times of all runs moved by ``by_s``: a clock was set, or nobody watched for so long.

    How long an alarm has lasted does not change.
    """
    watches, by_listener = (
        {key: watch.moved(by_s) for key, watch in found.items()}
        for found in (evidence.watches, evidence.by_listener)
    )
    return replace(evidence, watches=watches, by_listener=by_listener)


class Looking(NamedTuple):
    """How a slot is added. ``holds``: the step is being held, so time counts.

    ``arm``: time counts only if this arm was heard; None: either arm.
    """

    holds: bool = True
    arm: Arm | None = None


_LOOKING = Looking()


def absorbed(
    evidence: Evidence, slot: Slot, plan: Plan, eligible: frozenset[str] | None, looking: Looking = _LOOKING
) -> Evidence:
    """The evidence with one more slot; ``eligible`` are the characters that may use the candidate, None means all.

    A slot from before ``since_s`` is left out, because another share was in force.
    """
    if slot.start_s < evidence.since_s:
        return evidence
    evidence = _after_a_gap(evidence, slot)
    characters = slot.characters if eligible is None else slot.characters & eligible
    fresh_at_s = evidence.fresh_at_s
    if not slot.is_silent:
        fresh_at_s = slot.end_s if fresh_at_s is None else max(fresh_at_s, slot.end_s)
    held_s, heard_until_s = _held(evidence, slot, plan.statistics, characters, looking)
    promoting = _in_sound_times(evidence, slot, plan, characters)
    return replace(
        evidence,
        total=evidence.total.plus(promoting),
        step=evidence.step.plus(promoting),
        watches=_watched(evidence, evidence.watches, _Taking(slot, plan, characters, eligible, UNITS_PART)),
        by_listener=_by_listener(evidence, promoting, plan, characters, eligible)
        if slot.daily is not None
        else {},
        held_s=held_s,
        heard_until_s=heard_until_s,
        fresh_at_s=fresh_at_s,
        trouble="",
    )


def _after_a_gap(evidence: Evidence, slot: Slot) -> Evidence:
    """The evidence before a slot that follows a time that nobody watched: that time does not count as trouble."""
    if evidence.heard_until_s is not None or evidence.fresh_at_s is None or slot.is_silent:
        return evidence
    gap_s = slot.start_s - evidence.fresh_at_s
    return with_runs_moved(evidence, gap_s) if gap_s > 0.0 else evidence


def _held(
    evidence: Evidence, slot: Slot, statistics: Statistics, characters: frozenset[str], looking: Looking
) -> tuple[float, float | None]:
    """The hold after the slot, and until when the arm was heard. Silences up to ``quiet_s`` count."""
    arms = tuple(Arm) if looking.arm is None else (looking.arm,)
    heard = any(slot.of(arm, characters).units for arm in arms)
    if Arm.CANDIDATE in arms:
        heard = heard or bool(slot.shadow_of(characters).units)
    if not heard:
        return evidence.held_s, evidence.heard_until_s
    since_s = slot.start_s if evidence.heard_until_s is None else evidence.heard_until_s
    if slot.start_s - since_s > statistics.quiet_s:
        since_s = slot.start_s
    added_s = max(0.0, slot.end_s - since_s) if looking.holds else 0.0
    return evidence.held_s + added_s, max(slot.end_s, since_s)


def _in_sound_times(evidence: Evidence, slot: Slot, plan: Plan, characters: frozenset[str]) -> Slot:
    """The part of the slot that can promote.

    While the baseline has more trouble than usual, the candidate's results show the state of the network, not of
    the candidate, so they are left out.
    """
    promoting = slot.promoting
    if not _baseline_in_trouble(evidence, slot, plan, characters):
        return promoting
    baseline = {key: tally for key, tally in promoting.tallies.items() if key[0] is Arm.BASELINE}
    return replace(promoting, tallies=baseline, shadow={})


def _baseline_in_trouble(evidence: Evidence, slot: Slot, plan: Plan, characters: frozenset[str]) -> bool:
    """Whether the baseline in this slot crosses some gate's alarm level and far exceeds its usual rate."""
    now = slot.of(Arm.BASELINE, characters)
    if not now.units:
        return False
    usual = evidence.total.of(Arm.BASELINE, evidence.characters)
    return any(_beyond_usual(gate, now, usual, plan.statistics.longest_s) for gate in plan.watched_gates)


def _beyond_usual(gate: Gate, now: Tally, usual: Tally, longest_s: float) -> bool:
    assert gate.alarm is not None, "only gates with an alarm are watched"
    seen = counted(gate.metric, gate.alarm, now, longest_s)
    known = counted(gate.metric, gate.alarm, usual, longest_s)
    if known.trials < USUAL_STRENGTH:
        return False
    return seen.bad > max(seen.boundary, UNUSUAL * known.bad / known.trials) * seen.trials


def candidate_of(slot: Slot, characters: frozenset[str]) -> Tally:
    """The candidate's counts for these characters, including shadow requests."""
    return slot.of(Arm.CANDIDATE, characters).plus(slot.shadow_of(characters))


class _Taking(NamedTuple):
    """A slot to add: for which characters, and with which part of the plan's allowed false alarms."""

    slot: Slot
    plan: Plan
    characters: frozenset[str]
    eligible: frozenset[str] | None
    part: float


def _by_listener(
    evidence: Evidence, promoting: Slot, plan: Plan, characters: frozenset[str], eligible: frozenset[str] | None
) -> dict[Scope, Watch]:
    return _watched(evidence, evidence.by_listener, _Taking(promoting, plan, characters, eligible, LISTENERS_PART))


def _watched(evidence: Evidence, watches: Mapping[Scope, Watch], taking: _Taking) -> dict[Scope, Watch]:
    """The watches after the slot.

    A scope with evidence continues even if it had no traffic, because its run includes the results of the other
    characters.
    """
    slot, plan, characters, eligible, part = taking
    after = dict(watches)
    everyone = _Sides.of(slot, characters)
    before, gates = _known(evidence, plan), plan.watched_gates
    known = {scope for _, scope in after if scope and (eligible is None or scope in eligible)}
    for scope in (OVERALL, *sorted(characters | known)):
        sides = everyone if scope == OVERALL else _Sides.of(slot, (scope,))
        ceiling = CEILING * alarm_log_e(plan, scope, before.characters, part)
        for gate in gates:
            key = (gate.metric, scope)
            if key not in after and not (sides.candidate.units or sides.candidate.timed):
                continue
            look = _Look(before, plan, slot, sides, everyone, scope, ceiling)
            watch = _stepped(after.get(key), gate, look)
            if watch is None or watch.is_calm:
                after.pop(key, None)
            else:
                after[key] = watch
    return after


class _Sides(NamedTuple):
    """Both arms in one slot; ``live`` is the candidate's part that listeners heard, without shadow requests."""

    candidate: Tally
    live: Tally
    baseline: Tally

    @classmethod
    def of(cls, slot: Slot, characters: Collection[str]) -> _Sides:
        live = slot.of(Arm.CANDIDATE, characters)
        candidate = live.plus(slot.shadow_of(characters)) if slot.shadow else live
        return cls(candidate, live, slot.of(Arm.BASELINE, characters))


class _Known(NamedTuple):
    """What was known before the slot.

    ``total`` are the totals, ``baseline`` the baseline's over all ``characters`` (their number), and ``handed``
    the part of the candidate's failures that fall back, by metric.
    """

    total: Slot
    baseline: Tally
    characters: int
    handed: Mapping[GateMetric, float]


def _known(evidence: Evidence, plan: Plan) -> _Known:
    characters = evidence.characters
    handed: dict[GateMetric, float] = {}
    if _baseline_is_rare(evidence.step, characters):
        live = evidence.total.of(Arm.CANDIDATE, characters)
        handed = {
            gate.metric: _handed_on(gate.metric, live) for gate in plan.watched_gates if gate.metric in RESCUED
        }
    return _Known(evidence.total, evidence.total.of(Arm.BASELINE, characters), len(characters), handed)


def _baseline_is_rare(step: Slot, characters: frozenset[str]) -> bool:
    """Whether the baseline is so rare that requests that fell back must show how it does.

    A request that falls back is made a moment later, so the baseline's own traffic is the better evidence.
    """
    ours, theirs = step.of(Arm.CANDIDATE, characters).units, step.of(Arm.BASELINE, characters).units
    return ours > 0 and theirs < RARE * (ours + theirs)


def _handed_on(metric: GateMetric, live: Tally) -> float:
    """The part of the candidate's failures that fall back, as known before a slot.

    A value from the slot itself would depend on what it weights. It is 0 if most failures do not fall back,
    because then the fallback is off.
    """
    failed = comparable(metric, 0.0, live, Arm.CANDIDATE).bad
    part = handed_on(metric, live)[0] / failed if failed else 0.0
    return part if part >= MOSTLY else 0.0


class _Look(NamedTuple):
    """Everything needed to update one watch."""

    known: _Known
    plan: Plan
    slot: Slot
    sides: _Sides
    everyone: _Sides
    scope: str
    ceiling: float


def _stepped(watch: Watch | None, gate: Gate, look: _Look) -> Watch | None:
    """The watch after the slot; None if there was no evidence before and there is none now."""
    statistics = look.plan.statistics
    level = gate.alarm
    assert level is not None, "only gates with an alarm are watched"
    gains, rates = _gains(gate.metric, level, look.sides.candidate, statistics.longest_s)
    if watch is None and max(gains) <= 0.0:
        return None
    block = _block(gate, level, look)
    end_s = look.slot.start_s + look.slot.length_s
    seen = Seen(_run(gate, level, look), block, _terms(gate, level, look, block), end_s)
    return stepped(watch, gains, seen, ExpectedRates(rates, lambda: _usual(gate, level, look)), look.ceiling)


def alarm_log_e(plan: Plan, scope: str, characters: int, part: float = UNITS_PART) -> float:
    """The evidence required for an alarm in this scope, for this number of characters.

    ``part`` of the allowed false alarms may be of this kind: half of these overall, half for the single
    characters.
    """
    detectors = 2.0 * len(plan.watched_gates) / part
    return plan.statistics.alarm_log_e(detectors if scope == OVERALL else detectors * max(1, characters))


def _gains(
    metric: GateMetric, level: float, tally: Tally, longest_s: float
) -> tuple[list[float], tuple[float, ...]]:
    """The gain of each detector in the slot, and the candidate's rate of comparable cases that each assumes."""
    if metric is GateMetric.MEAN_SYNTHESIS:
        gains = gains_beyond(tally, level, longest_s)
        return gains, (SLOW_RATE,) * len(gains)
    own = counted(metric, level, tally, longest_s)
    ways = alternatives(own.boundary)
    return [rate_increment(own.bad, own.trials - own.bad, own.boundary, way) for way in ways], ways


def _run(gate: Gate, level: float, look: _Look) -> EvidenceRun:
    longest_s = look.plan.statistics.longest_s
    candidate, slot = look.sides.candidate, look.slot
    own = counted(gate.metric, level, candidate, longest_s)
    severe = own.bad
    if gate.metric in QUANTILES and gate.roll_back is not None:
        severe = counted(gate.metric, gate.roll_back, candidate, longest_s).bad
    rest_bad = rest_trials = 0.0
    if look.scope != OVERALL:
        everyone = counted(gate.metric, level, look.everyone.candidate, longest_s)
        rest_bad, rest_trials = everyone.bad - own.bad, everyone.trials - own.trials
    lasted_s = _lasted_s(gate.metric, candidate, slot) if own.bad else 0.0
    return EvidenceRun(
        slot.start_s, own.bad, severe, own.trials, lasted_s, max(0.0, rest_bad), max(0.0, rest_trials)
    )


def _lasted_s(metric: GateMetric, tally: Tally, slot: Slot) -> float:
    """The part of the slot in which there was trouble; the whole slot if the source does not report it."""
    if metric.is_duration or not tally.parts:
        return slot.length_s
    return slot.length_s * tally.parts.bit_count() / PARTS


def _block(gate: Gate, level: float, look: _Look) -> Block:
    ratio = look.plan.statistics.slower_ratio
    ours = comparable(gate.metric, level, look.sides.candidate, Arm.CANDIDATE)
    theirs = comparable(gate.metric, level, look.sides.baseline, Arm.BASELINE, ratio)
    handed, lost = handed_on(gate.metric, look.sides.live)
    return Block(ours.bad, ours.trials, theirs.bad, theirs.trials, handed, lost)


def _terms(gate: Gate, level: float, look: _Look, block: Block) -> Terms:
    """The terms of the comparison. Shadow requests never fall back."""
    handed = look.known.handed.get(gate.metric, 0.0)
    if not handed or not block.trials:
        return Terms(tolerance(gate, level))
    return Terms(tolerance(gate, level), handed * look.sides.live.units / block.trials)


def _usual(gate: Gate, level: float, look: _Look) -> tuple[float, float]:
    """The baseline's bad and good cases so far, scaled down to a few trials."""
    known = look.known
    tally = known.baseline if look.scope == OVERALL else known.total.of(Arm.BASELINE, (look.scope,))
    seen = comparable(gate.metric, level, tally, Arm.BASELINE, look.plan.statistics.slower_ratio)
    bad, good = seen.bad + UNKNOWN[0], seen.trials - seen.bad + UNKNOWN[1]
    scale = min(1.0, USUAL_STRENGTH / (bad + good))
    return bad * scale, good * scale
