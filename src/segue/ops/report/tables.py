"""The content of a report as tables of text, shared by all output formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.ops.words import moment, ratio_in_words, share_in_words, span
from segue.rollout.core.rollout import Verb
from segue.rollout.ports.store import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.rollout.ports.report import ArmStatistics, GoingBack, Period, Report, StandingInWords, Transition

_HOW = {
    Verb.ROLL_BACK: "all listeners to the baseline, master switch off; without a restart",
    Verb.STEP_BACK: "one stage back, then a cool-down; without a restart",
    Verb.HOLD_BACK: "this character to the baseline; without a restart",
    Verb.SET_ROUTING: "a smaller share, set manually; without a restart",
    Verb.BOOT: "a smaller share, from the CHIRP3_ settings",
}
WENT_BACK = "Times the rollout went back"
"""Heading of the records."""


class Table(NamedTuple):
    """A title, the names of the columns, and rows with one text per column."""

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


def summary(report: Report) -> str:
    """The subject of the report and the final state, in two sentences."""
    plan = f", plan {report.plan}" if report.plan else ""
    about = f" ({report.description})" if report.description else ""
    length = span(report.to_s - report.from_s)
    now = in_words(report.transitions[-1].after) if report.transitions else "the history is empty"
    return (
        f"Rollout {report.rollout_id}{plan}{about}, from {moment(report.from_s)} to {moment(report.to_s)} UTC, "
        f"{length}. At the end: {now}."
    )


def stays_table(report: Report) -> Table:
    columns = (
        "revision",
        "from (UTC)",
        "for",
        "where",
        *(f"{arm} {what}" for arm in ("baseline", "candidate") for what in _MEASURED),
        "fallbacks",
        "unserved",
    )
    rows = [_stay_row(stay) for stay in report.stays]
    return Table("What each stage served", columns, rows)


def _stay_row(stay: Period) -> Sequence[str]:
    return (
        str(stay.revision),
        moment(stay.from_s),
        span(stay.to_s - stay.from_s),
        in_words(stay.standing),
        *_measured(stay.baseline),
        *_measured(stay.candidate),
        f"{stay.candidate.fallbacks:.0f}",
        f"{stay.baseline.unserved + stay.candidate.unserved:.0f}",
    )


_MEASURED = ("units", "success", "mean", "P50", "P95", "P99")


def _measured(statistics: ArmStatistics) -> Sequence[str]:
    return (
        f"{statistics.units:.0f}",
        ratio_in_words(statistics.success_ratio),
        *(
            "-" if seconds is None else f"{seconds:.2f} s"
            for seconds in (statistics.mean_s, statistics.p50_s, statistics.p95_s, statistics.p99_s)
        ),
    )


def transitions_table(report: Report) -> Table:
    columns = ("revision", "when (UTC)", "who", "what", "to", "why", "gates")
    return Table("History", columns, [_transition_row(one) for one in report.transitions])


def _transition_row(one: Transition) -> Sequence[str]:
    what = " ".join(part for part in (one.kind, one.character, one.trigger) if part)
    gates = "; ".join(one.gates)
    return (
        str(one.revision),
        moment(one.at_s),
        shown(one.actor, one.actor_source),
        what,
        in_words(one.after),
        one.why,
        gates,
    )


def record_table(back: GoingBack) -> Table:
    """The record of one time the rollout went back, field by field."""
    rows = (
        ("when", f"{moment(back.at_s)} UTC, revision {back.revision}"),
        ("who", shown(back.actor, back.actor_source)),
        ("why", back.why or "not stated"),
        ("trigger class", back.trigger or "manual"),
        ("state before", in_words(back.before)),
        ("how", _HOW.get(Verb(back.kind), back.kind)),
        ("how long it took", _took(back)),
        ("what it affected", _affected(back)),
        ("state after", in_words(back.after)),
    )
    return Table(f"Went back at revision {back.revision}", ("field", "value"), rows)


def _took(back: GoingBack) -> str:
    if back.took_s is None:
        return f"decided in {_precisely(back.decided_in_s)}; no replica has reported when it applied the change"
    slowest = max(back.followed, key=lambda one: one.after_s)
    return (
        f"{_precisely(back.took_s)}: decided in {_precisely(back.decided_in_s)}, the slowest of "
        f"{len(back.followed)} replica(s), {slowest.replica}, after {_precisely(slowest.after_s)}"
    )


def _affected(back: GoingBack) -> str:
    whom = ", ".join(back.characters) or "all characters"
    share = share_in_words(back.before.share_percent)
    return f"{whom}; share {share}; {back.units_hour_before:.0f} units heard the candidate in the hour before"


def in_words(standing: StandingInWords) -> str:
    """A state in a few words."""
    stage = f"{standing.stage}, " if standing.stage else ""
    step = f"step {standing.step + 1}, " if standing.step else ""
    whom = f" of {', '.join(standing.characters)}" if standing.characters else ""
    held = f", held back: {', '.join(standing.held_back)}" if standing.held_back else ""
    return f"{stage}{step}{standing.phase}, {share_in_words(standing.share_percent)}{whom}{held}"


def _precisely(length_s: float) -> str:
    return f"{length_s * 1000:.0f} ms" if length_s < 1 else f"{length_s:.2f} s"
