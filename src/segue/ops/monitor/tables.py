"""A report as tables of texts, whatever they are drawn by."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.gates import Metric
from segue.ops.monitor.judgement import Health, Verdict
from segue.ops.monitor.measures import Whom
from segue.ops.report.tables import Table
from segue.ops.words import moment, ratio_in_words, span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from segue.ops.monitor.judgement import Line, Report

    Trend = Callable[[Whom, Metric], str]

NAMES = {
    Metric.SUCCESS_RATE: "success rate",
    Metric.ERROR_RATE: "error rate",
    Metric.FALLBACK_RATE: "fallback rate",
    Metric.BAD_AUDIO_RATE: "bad audio rate",
    Metric.UNSERVED_RATE: "unserved rate",
    Metric.MEAN_SYNTHESIS: "mean synthesis time",
    Metric.P50_SYNTHESIS: "P50",
    Metric.P95_SYNTHESIS: "P95",
    Metric.P99_SYNTHESIS: "P99",
    Metric.P50_FIRST_AUDIO: "P50 first audio",
    Metric.P95_FIRST_AUDIO: "P95 first audio",
    Metric.CACHE_HIT_RATE: "cache hit rate",
}
_BY_CHARACTER = (
    Metric.SUCCESS_RATE,
    Metric.ERROR_RATE,
    Metric.FALLBACK_RATE,
    Metric.MEAN_SYNTHESIS,
    Metric.P95_SYNTHESIS,
)


def headline(report: Report) -> str:
    """When, over what, and how it stands, in a sentence or two."""
    if report.health is Health.UNREADABLE:
        return f"{moment(report.at_s)} UTC: no metrics could be read."
    restarted = (
        " The service was restarted in it: what was counted just before is lost." if report.restarted else ""
    )
    rate = f", {report.requests_per_s:.3g} requests/s" if report.requests_per_s is not None else ""
    asked = sum(report.requests.values())
    return f"{moment(report.at_s)} UTC: {report.health}. {_period(report)}: {asked:.0f} requests{rate}.{restarted}"


def _period(report: Report) -> str:
    if report.since_boot:
        return "Totals since the service's start"
    if report.window_s is None:
        return "Nothing to compare with yet"
    return f"The last {span(report.window_s)}"


def troubles(report: Report) -> Iterator[str]:
    for replica in report.replicas:
        if replica.trouble:
            yield f"{replica.url}: {replica.trouble}"


def gates_table(report: Report, trend: Trend | None = None) -> Table:
    """The service's and each model's measures against their levels."""
    lines = [line for line in report.lines if not line.whom.character]
    columns: tuple[str, ...] = ("of", "measure", "value", "target", "alert", "cases", "verdict")
    rows = [_gate_row(line) for line in lines]
    if trend is not None:
        columns = (*columns, "trend")
        rows = [(*row, trend(line.whom, line.metric)) for row, line in zip(rows, lines, strict=True)]
    return Table(f"Against the gates of {report.plan}", columns, rows)


def _gate_row(line: Line) -> tuple[str, ...]:
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
        return "everyone"
    return f"{whom.model} ({whom.arm})" if whom.arm else whom.model


def value_in_words(line: Line) -> str:
    if line.value is None:
        return Verdict.NO_DATA
    return _amount(line.metric, line.value)


def _amount(metric: Metric, value: float) -> str:
    return f"{value:.3g} s" if metric.is_duration else ratio_in_words(value)


def _level(line: Line, level: float | None, *, good: bool) -> str:
    if level is None:
        return "-"
    sign = ">" if line.metric.higher_is_better == good else "<"
    return f"{sign} {_amount(line.metric, level)}"


def models_table(report: Report) -> Table:
    shown = ", ".join(sorted({ratio_in_words(share) for share in report.candidate_share_ratios})) or "not told"
    rows = [(model, ratio_in_words(share)) for model, share in report.models.items()]
    return Table(f"What was heard (candidate's share in force: {shown})", ("model", "of requests"), rows)


def characters_table(report: Report, *, in_trouble: bool = False) -> Table:
    """A row for each character on each model, or those in trouble; the verdict is the worst of its measures."""
    columns = ("character", "model", "attempts", "success", "errors", "fallbacks", "mean", "P95", "verdict")
    each = dict.fromkeys(line.whom for line in report.lines if line.whom.character)
    rows = [_character_row(report.of(whom), whom) for whom in each]
    if not in_trouble:
        return Table("By character", columns, rows)
    return Table("Characters in trouble", columns, [row for row in rows if row[-1] in _TROUBLE])


def _character_row(lines: dict[Metric, Line], whom: Whom) -> Sequence[str]:
    values = [value_in_words(lines[metric]) if metric in lines else "-" for metric in _BY_CHARACTER]
    attempts = lines[Metric.SUCCESS_RATE].trials
    return (
        whom.character,
        whom_in_words(Whom(whom.model, arm=whom.arm)),
        f"{attempts:.0f}",
        *values,
        worst(lines),
    )


_TROUBLE = (Verdict.ALERT, Verdict.WARNING)
_WORST_FIRST = (Verdict.ALERT, Verdict.WARNING, Verdict.MET, Verdict.FEW, Verdict.NO_DATA)


def worst(lines: dict[Metric, Line]) -> Verdict:
    found = {line.verdict for line in lines.values()}
    return next((verdict for verdict in _WORST_FIRST if verdict in found), Verdict.NO_GATE)


def tables(report: Report, trend: Trend | None = None) -> Iterator[Table]:
    """All of them; those without a row are left out. Beside trends only characters in trouble have room."""
    characters = characters_table(report, in_trouble=trend is not None)
    for table in (gates_table(report, trend), models_table(report), characters):
        if table.rows:
            yield table
