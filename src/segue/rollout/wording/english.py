"""Reasons in English."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.core.reasons import Beside, ReasonCode, Then
from segue.rollout.wording.formats import few_or_many, limit, local_time, measured, template

if TYPE_CHECKING:
    from segue.rollout.wording.formats import Values, Words

_BESIDE = {
    Beside.WORSE: "worse than the baseline in the same time",
    Beside.NOT_PROVEN: "not enough evidence that it is worse than the baseline in the same time",
    Beside.NO_COMPARISON: "but the baseline had too little traffic in that time for a comparison",
}
_THEN = {
    Then.ACTS: "",
    Then.HOLDS: ": holding",
    Then.HOLDS_WHILE_IT_LASTS: ": holding, as long as it lasts (policy.when_alone); you can roll back",
    Then.ROLLS_BACK_LATER: ": holding; rolls back when it has lasted {after_s:.0f} s",
}


def _alarm(values: Values) -> str:
    whose = f" of {values['character']}" if values["character"] else ""
    beside, then = _BESIDE[values["beside"]], _THEN[values["then"]].format_map(values)
    return (
        f"{values['metric']}{whose}: {_size(values)} over the last {values['trials']:.0f} {values['cases']}, "
        f"{beside}; odds {values['odds']:,.0f} to 1 against chance{then}"
    )


def _size(values: Values) -> str:
    if values["measure"] == "mean":
        return f"{values['value']:.2f} s"
    slower = f" take longer than {values['level_s']:g} s" if values["measure"] == "slower" else ""
    return f"{values['value']:.1%}{slower}"


def _opens_later(values: Values) -> str:
    stage, zone = values["stage"], values["zone"]
    opens = local_time(values["opens_at_s"], zone)
    found = f"{stage} may not be entered now (outside its hours or days); it opens at"
    return f"{found} {opens:%a %Y-%m-%d %H:%M} ({zone})"


def _no_stream(values: Values) -> str:
    if "arm" not in values:
        return f"{values['metric']}: no stream yet"
    return (
        f"{values['metric']}: not comparable with the baseline ({values['verdict']}), because the {values['arm']} "
        "has had no stream yet"
    )


def _few_cases(values: Values) -> str:
    found = "{metric}: {trials:.0f} of the {wanted:.0f} {cases} that a verdict requires".format_map(values)
    return f"{found}{_in_days(values['days'])}"


def _gate(values: Values, state: str) -> str:
    what = values["measure"]
    if what == "slower":
        what = f"longer than {values['level_s']:g} s"
    return (
        f"{values['metric']}: {what} {measured(values)} of {values['trials']:.0f} {values['cases']}, "
        f"must be under {limit(values)}: {state}"
    )


def _needs_cases(values: Values) -> str:
    return _gate(values, f"{values['trials']:.0f} of about {values['wanted']:,.0f}{_in_days(values['days'])}")


def _needs_cases_of_step(values: Values) -> str:
    state = "{of_step:.0f} of the {wanted:.0f} {cases} that this step itself requires"
    return _gate(values, state.format_map(values))


def _in_days(days: float) -> str:
    return f"; at this traffic in {few_or_many(days)} days" if days else ""


WORDS: Words = {
    ReasonCode.INACTIVE: template("the rollout is {phase}: nothing happens automatically"),
    ReasonCode.ONLY_ALARMS: template("the rollout is {phase}; alarms still take effect"),
    ReasonCode.RESUMES_LATER: template(
        "rolled back; resumes automatically in {left_s:.0f} s, unless a person acts"
    ),
    ReasonCode.RESUME_DUE: template("the wait after the rollback is over (policy.resume)"),
    ReasonCode.COOLING: template("cooling down for another {left_s:.0f} s"),
    ReasonCode.COOLED_DOWN: template("the cool-down is over"),
    ReasonCode.METRICS_UNREADABLE: template(
        "the source of metrics cannot be read ({trouble}): holding without a decision"
    ),
    ReasonCode.NO_TRAFFIC: template(
        "no traffic for {quiet_s:.0f} s: holding, because missing data is not good data"
    ),
    ReasonCode.SPLIT_BROKEN: template(
        "the split is broken: {on_candidate} of {listeners} new listeners are on the candidate, but the share is "
        "{share:.1%}; measurements are not valid until the split is fixed"
    ),
    ReasonCode.ALARM: _alarm,
    ReasonCode.CONFINED_TO_CHARACTER: template(
        "the trouble is confined to {character}; the other characters continue"
    ),
    ReasonCode.STEPPED_BACK_OFTEN: template("already stepped back {times} times: a person must decide"),
    ReasonCode.NO_MILDER_STAGE: template(
        "in no earlier stage do fewer listeners hear the candidate: rolling back instead of stepping back"
    ),
    ReasonCode.MISSED_FOR_LONG: template("certainly missed {overdue_s:.0f} s after the end of the hold"),
    ReasonCode.STAGE_NEEDS_APPROVAL: template("a person must approve {stage} before anyone hears the candidate"),
    ReasonCode.NEXT_STAGE_NEEDS_APPROVAL: template("a person must approve the next stage"),
    ReasonCode.APPROVAL_REQUESTED: template("the next stage needs a person's approval"),
    ReasonCode.APPROVED: template("approved"),
    ReasonCode.NOTHING_MISSING: template("nothing else is required"),
    ReasonCode.STAGE_OPENS_LATER: _opens_later,
    ReasonCode.HOLD_NOT_OVER: template("the hold needs another {left_s:.0f} s"),
    ReasonCode.HOLD_OVER: template("hold of {hold_s:.0f} s is over, all {gates} gates are met"),
    ReasonCode.NO_GATE_READ: template("no gate could be read"),
    ReasonCode.NO_STREAM: _no_stream,
    ReasonCode.FEW_LISTENERS: template(
        "{metric}: {listeners:.0f} of the {wanted:.0f} different listeners that a verdict requires"
    ),
    ReasonCode.FEW_CASES: _few_cases,
    ReasonCode.GATE_MET: lambda values: _gate(values, "met"),
    ReasonCode.GATE_MISSED: lambda values: _gate(values, "missed"),
    ReasonCode.GATE_NEEDS_CASES_OF_STEP: _needs_cases_of_step,
    ReasonCode.GATE_NEEDS_CASES: _needs_cases,
    ReasonCode.GATE_NEARLY_MET: lambda values: _gate(
        values, f"nearly certain; a few more {values['cases']} like these are enough"
    ),
    ReasonCode.GATE_UNREACHABLE: lambda values: _gate(
        values, "not certain yet, and at this rate the target will not be met"
    ),
    ReasonCode.MARGIN: template(
        "{metric} against the baseline: {low:.2%} to {high:.2%}, "
        "baseline {baseline_low:.2%} to {baseline_high:.2%}, margin {margin:.1%}: {verdict}"
    ),
}
