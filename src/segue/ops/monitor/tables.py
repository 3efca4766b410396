"""A report as tables of text, for all output formats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.ops.monitor.judgement import MeasureVerdict, MonitorHealth
from segue.ops.monitor.measures import Whom
from segue.ops.report.tables import Table
from segue.ops.words import moment, ratio_in_words, span
from segue.rollout.core.gates import GateMetric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from segue.ops.monitor.judgement import MeasureLimits, MonitorReport

    Trend = Callable[[Whom, GateMetric], str]

NAMES = {
    GateMetric.SUCCESS_RATE: "success rate",
    GateMetric.ERROR_RATE: "error rate",
    GateMetric.FALLBACK_RATE: "fallback rate",
    GateMetric.BAD_AUDIO_RATE: "bad audio rate",
    GateMetric.UNSERVED_RATE: "unserved rate",
    GateMetric.MEAN_SYNTHESIS: "mean synthesis time",
    GateMetric.P50_SYNTHESIS: "P50",
    GateMetric.P95_SYNTHESIS: "P95",
    GateMetric.P99_SYNTHESIS: "P99",
    GateMetric.P50_FIRST_AUDIO: "P50 first audio",
    GateMetric.P95_FIRST_AUDIO: "P95 first audio",
    GateMetric.CACHE_HIT_RATE: "cache hit rate",
}
_BY_CHARACTER = (
    GateMetric.SUCCESS_RATE,
    GateMetric.ERROR_RATE,
    GateMetric.FALLBACK_RATE,
    GateMetric.MEAN_SYNTHESIS,
    GateMetric.P95_SYNTHESIS,
)


def headline(report: MonitorReport) -> str:
    """The time, the period and the health, in one or two sentences."""
    if report.health is MonitorHealth.UNREADABLE:
        return f"{moment(report.at_s)} UTC: no metrics could be read."
    restarted = (
        " The service was restarted in this period: what it counted just before the restart is lost."
        if report.restarted
        else ""
    )
    rate = f", {report.requests_per_s:.3g} requests/s" if report.requests_per_s is not None else ""
    asked = sum(report.requests.values())
    return f"{moment(report.at_s)} UTC: {report.health}. {_period(report)}: {asked:.0f} requests{rate}.{restarted}"


def _period(report: MonitorReport) -> str:
    if report.since_boot:
        return "Totals since the service's start"
    if report.window_s is None:
        return "No earlier scrape to compare with"
    return f"The last {span(report.window_s)}"


def troubles(report: MonitorReport) -> Iterator[str]:
    for replica in report.replicas:
        if replica.trouble:
            yield f"{replica.url}: {replica.trouble}"


def gates_table(report: MonitorReport, trend: Trend | None = None) -> Table:
    """The measures of the service and of each model, with their levels."""
    lines = [line for line in report.lines if not line.whom.character]
    columns: tuple[str, ...] = ("of", "measure", "value", "target", "alert", "cases", "verdict")
    rows = [_gate_row(line) for line in lines]
    if trend is not None:
        columns = (*columns, "trend")
        rows = [(*row, trend(line.whom, line.metric)) for row, line in zip(rows, lines, strict=True)]
    return Table(f"Compared with the gates of {report.plan}", columns, rows)


def _gate_row(line: MeasureLimits) -> tuple[str, ...]:
    return (
        whom_in_words(line.whom),
        NAMES[line.metric],
        value_in_words(line),
        _level(line, line.target, good=True),
        _level(line, line.alert, good=False),
        f"{line.trials:.0f}",
        line.verdict,
    )


def whom_in_words(whom: Whom) -> str:
    if not whom.model:
        return "all models"
    return f"{whom.model} ({whom.arm})" if whom.arm else whom.model


def value_in_words(line: MeasureLimits) -> str:
    if line.value is None:
        return MeasureVerdict.NO_DATA
    return _amount(line.metric, line.value)


def _amount(metric: GateMetric, value: float) -> str:
    return f"{value:.3g} s" if metric.is_duration else ratio_in_words(value)


def _level(line: MeasureLimits, level: float | None, *, good: bool) -> str:
    if level is None:
        return "-"
    sign = ">" if line.metric.higher_is_better == good else "<"
    return f"{sign} {_amount(line.metric, level)}"


def models_table(report: MonitorReport) -> Table:
    shown = ", ".join(sorted({ratio_in_words(share) for share in report.candidate_share_ratios})) or "unknown"
    rows = [(model, ratio_in_words(share)) for model, share in report.models.items()]
    return Table(f"Requests by model (candidate share in force: {shown})", ("model", "of requests"), rows)


def characters_table(report: MonitorReport, *, in_trouble: bool = False) -> Table:
    """A row for each character on each model, or for those with a problem.

    The verdict is the worst of its measures.
    """
    columns = ("character", "model", "attempts", "success", "errors", "fallbacks", "mean", "P95", "verdict")
    each = dict.fromkeys(line.whom for line in report.lines if line.whom.character)
    rows = [_character_row(report.of(whom), whom) for whom in each]
    if not in_trouble:
        return Table("By character", columns, rows)
    return Table("Characters with problems", columns, [row for row in rows if row[-1] in _TROUBLE])


def _character_row(lines: dict[GateMetric, MeasureLimits], whom: Whom) -> Sequence[str]:
    values = [value_in_words(lines[metric]) if metric in lines else "-" for metric in _BY_CHARACTER]
    attempts = lines[GateMetric.SUCCESS_RATE].trials
    return (
        whom.character,
        whom_in_words(Whom(whom.model, arm=whom.arm)),
        f"{attempts:.0f}",
        *values,
        worst(lines),
    )


_TROUBLE = (MeasureVerdict.ALERT, MeasureVerdict.WARNING)
_WORST_FIRST = (
    MeasureVerdict.ALERT,
    MeasureVerdict.WARNING,
    MeasureVerdict.MET,
    MeasureVerdict.FEW,
    MeasureVerdict.NO_DATA,
)


def worst(lines: dict[GateMetric, MeasureLimits]) -> MeasureVerdict:
    found = {line.verdict for line in lines.values()}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), MeasureVerdict.NO_GATE)


def tables(report: MonitorReport, trend: Trend | None = None) -> Iterator[Table]:
    """All tables that have rows. With trends, only characters with a problem are shown, to save space."""
    characters = characters_table(report, in_trouble=trend is not None)
    for table in (gates_table(report, trend), models_table(report), characters):
        if table.rows:
            yield table
