"""Determines whether trouble affects all characters or only a few."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from segue.rollout.core.evidence import LISTENERS_PART, OVERALL, UNITS_PART, alarm_log_e

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.core.alarms import Alarm
    from segue.rollout.core.detect import EvidenceRun
    from segue.rollout.core.evidence import Evidence
    from segue.rollout.core.plan import Plan

_SUSPICION = 0.25
"""A character with this part of an alarm's evidence is a suspect."""

_ENOUGH = 20.0
"""Units of all other characters that are enough to show that they are well."""

_MOST_PART = 0.5
"""If more than this part of the characters are suspects, the trouble counts as trouble of all."""


class _Health(Enum):
    WELL = "well"
    ILL = "ill"
    UNKNOWN = "unknown"


class _Rest(NamedTuple):
    """The candidate's cases for the characters that are not suspects."""

    bad: float
    trials: float

    def health(self, boundary: float) -> _Health:
        if self.bad > boundary * self.trials:
            return _Health.ILL
        return _Health.WELL if self.trials >= _ENOUGH else _Health.UNKNOWN


def only_culprit(plan: Plan, evidence: Evidence, eligible: frozenset[str], guilty: list[Alarm]) -> str | None:
    """The character to hold back first, if the trouble is confined to it or to a few characters and the others are
    well.

    The others are well if they had few bad cases since the trouble began; characters whose own evidence is growing
    are left out. If there is too little traffic to know this, only a character with an alarm of its own is held
    back; but if there are several suspects and no other character had a case at all, the trouble counts as trouble
    of all.
    """
    suspects = _suspects(plan, evidence, eligible, guilty)
    if not suspects or suspects.keys() >= eligible or len(suspects) > max(1.0, _MOST_PART * len(eligible)):
        return None
    rests = [(_rest_of(alarm, evidence, suspects), alarm.boundary) for alarm in guilty]
    health = {rest.health(boundary) for rest, boundary in rests}
    if _Health.ILL in health or (len(suspects) > 1 and not any(rest.trials for rest, _ in rests)):
        return None
    accused = {alarm.scope for alarm in guilty} - {OVERALL}
    if not accused and _Health.UNKNOWN in health:
        return None
    return max(accused or suspects, key=lambda scope: (suspects[scope], scope))


def _suspects(
    plan: Plan, evidence: Evidence, eligible: frozenset[str], guilty: Iterable[Alarm]
) -> dict[str, float]:
    """Characters whose evidence is growing for a gate with an alarm, each with its evidence as a part of an
    alarm's.
    """
    metrics = {alarm.gate.metric for alarm in guilty}
    found: dict[str, float] = {}
    characters = len(evidence.characters)
    for watches, part in ((evidence.watches, UNITS_PART), (evidence.by_listener, LISTENERS_PART)):
        for (metric, scope), watch in watches.items():
            if metric in metrics and scope in eligible:
                climbed = watch.evidence / alarm_log_e(plan, scope, characters, part)
                if climbed >= _SUSPICION:
                    found[scope] = max(climbed, found.get(scope, 0.0))
    return found


def _rest_of(alarm: Alarm, evidence: Evidence, suspects: Iterable[str]) -> _Rest:
    """All characters in the alarm's run, without the suspects."""
    run = alarm.run
    bad, trials = run.rest_bad, run.rest_trials
    if alarm.scope == OVERALL:
        bad, trials = run.bad, run.trials
    for scope in suspects:
        other = _run_of(evidence, alarm, scope)
        if scope != alarm.scope and other is not None:
            bad, trials = bad - other.bad, trials - other.trials
    return _Rest(max(0.0, bad), max(0.0, trials))


def _run_of(evidence: Evidence, alarm: Alarm, scope: str) -> EvidenceRun | None:
    watches = evidence.by_listener if alarm.by_listener else evidence.watches
    watch = watches.get((alarm.gate.metric, scope))
    return None if watch is None else watch.best.run
