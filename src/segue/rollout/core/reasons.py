"""Why the judge decided: a code, and the numbers that belong to it.

``segue.rollout.wording`` has the words for each code, in each language.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

Values = Mapping[str, float | int | str]


class ReasonCode(StrEnum):
    """The codes that the API and the history use. The values of each are named in ``segue.rollout.wording``."""

    # nothing to judge
    INACTIVE = "inactive"
    ONLY_ALARMS = "only_alarms"
    RESUMES_LATER = "resumes_later"
    RESUME_DUE = "resume_due"
    COOLING = "cooling"
    COOLED_DOWN = "cooled_down"

    # evidence that is missing or not valid
    METRICS_UNREADABLE = "metrics_unreadable"
    NO_TRAFFIC = "no_traffic"
    SPLIT_BROKEN = "split_broken"

    # alarms
    ALARM = "alarm"
    CONFINED_TO_CHARACTER = "confined_to_character"
    STEPPED_BACK_OFTEN = "stepped_back_often"
    NO_MILDER_STAGE = "no_milder_stage"
    MISSED_FOR_LONG = "missed_for_long"

    # advancing
    STAGE_NEEDS_APPROVAL = "stage_needs_approval"
    NEXT_STAGE_NEEDS_APPROVAL = "next_stage_needs_approval"
    APPROVAL_REQUESTED = "approval_requested"
    APPROVED = "approved"
    NOTHING_MISSING = "nothing_missing"
    STAGE_OPENS_LATER = "stage_opens_later"
    HOLD_NOT_OVER = "hold_not_over"
    HOLD_OVER = "hold_over"
    NO_GATE_READ = "no_gate_read"

    # gates
    NO_STREAM = "no_stream"
    FEW_LISTENERS = "few_listeners"
    FEW_CASES = "few_cases"
    GATE_MET = "gate_met"
    GATE_MISSED = "gate_missed"
    GATE_NEEDS_CASES_OF_STEP = "gate_needs_cases_of_step"
    GATE_NEEDS_CASES = "gate_needs_cases"
    GATE_NEARLY_MET = "gate_nearly_met"
    GATE_UNREACHABLE = "gate_unreachable"
    MARGIN = "margin"


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason. ``code`` is a ``ReasonCode``; a history may have codes of a newer version.

    Times are in seconds, rates are parts from 0 to 1, moments are in Unix time.
    """

    code: str
    values: Values = field(default_factory=dict)


def reason(code: ReasonCode, **values: float | str) -> Reason:
    return Reason(code, values)


class Then(StrEnum):
    """What follows an alarm: an action (empty), or holding with or without an end."""

    ACTS = ""
    HOLDS = "holds"
    HOLDS_WHILE_IT_LASTS = "holds_while_it_lasts"
    ROLLS_BACK_LATER = "rolls_back_later"


class Beside(StrEnum):
    """What the comparison with the baseline in the same time says about an alarm."""

    WORSE = "worse"
    NOT_PROVEN = "not_proven"
    NO_COMPARISON = "no_comparison"
