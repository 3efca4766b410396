"""A report's plots: share, success and latency by arm over time, with a mark for each entry of the history."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segue.rollout.core.rollout import Verb

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.rollout.ports.report import ArmStatistics, Point, Report

    Value = Callable[[ArmStatistics], float | None]

_COLOURS = {"baseline": "#5b6675", "candidate": "#0b7285"}
_BACK_COLOUR, _MARK_COLOUR = "#c92a2a", "#adb5bd"
_BACK = (Verb.ROLL_BACK, Verb.STEP_BACK, Verb.HOLD_BACK)
_SIZE_IN = (11.0, 7.5)
_MOST_NUMBERED = 40
"""With more marks than this the numbers are left out, because they would overlap."""

_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "segue",
    "font.size": 9.0,
    "axes.grid": True,
    "grid.alpha": 0.25,
}


def plots(report: Report) -> str | None:
    """One SVG to embed in an HTML page; None if matplotlib is not installed."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError:
        return None
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        share, success, latency = figure.subplots(3, 1, sharex=True)
        _draw_share(share, report)
        _draw(success, report.points, _success_percent, "success", "-")
        success.set_ylabel("success, %")
        _draw(latency, report.points, lambda statistics: statistics.mean_s, "mean", "-")
        _draw(latency, report.points, lambda statistics: statistics.p95_s, "P95", "--")
        latency.set_ylabel("synthesis, s")
        latency.set_ylim(bottom=0)
        for axes in (share, success, latency):
            _mark(axes, report, numbered=axes is share)
            if axes.get_legend_handles_labels()[0]:
                axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False)
        _set_time(latency, report)
        drawn = io.StringIO()
        figure.savefig(drawn, format="svg", metadata={"Date": None})
    svg = drawn.getvalue()
    return svg[svg.index("<svg") :].replace("<svg", '<svg role="img" aria-label="Share, success and latency"', 1)


def _draw_share(axes: Any, report: Report) -> None:
    moments = [_time(one.at_s) for one in report.transitions] + [_time(report.to_s)]
    shares = [one.after.share_percent for one in report.transitions]
    axes.step(moments, [*shares, shares[-1] if shares else 0.0], where="post", color=_COLOURS["candidate"])
    axes.set_ylabel("candidate share, %")
    axes.set_ylim(-3, 103)


def _draw(axes: Any, points: Sequence[Point], value: Value, what: str, line: str) -> None:
    """Draws both arms; a line has a gap where there is no value."""
    moments = [_time(point.start_s + point.length_s / 2) for point in points]
    for arm, colour in _COLOURS.items():
        values = [value(point.candidate if arm == "candidate" else point.baseline) for point in points]
        if any(found is not None for found in values):
            heights = [float("nan") if found is None else found for found in values]
            axes.plot(moments, heights, line, color=colour, marker=".", markersize=3, label=f"{arm}: {what}")


def _mark(axes: Any, report: Report, *, numbered: bool) -> None:
    """Draws a line at every entry of the history, with its revision if there is space."""
    for one in report.transitions:
        colour = _BACK_COLOUR if one.kind in _BACK else _MARK_COLOUR
        axes.axvline(_time(one.at_s), color=colour, linewidth=0.8, linestyle=":")
        if numbered and len(report.transitions) <= _MOST_NUMBERED:
            place = (_time(one.at_s), 1.02)
            axes.text(*place, str(one.revision), transform=axes.get_xaxis_transform(), color=colour, ha="center")


def _set_time(axes: Any, report: Report) -> None:
    import matplotlib.dates

    dates: Any = matplotlib.dates  # its classes are untyped
    locator = dates.AutoDateLocator(tz=UTC)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=UTC))
    axes.set_xlim(_time(report.from_s), _time(max(report.to_s, report.from_s + 1.0)))
    axes.set_xlabel("UTC; numbers are revisions; red: the rollout went back")


def _success_percent(statistics: ArmStatistics) -> float | None:
    return None if statistics.success_ratio is None else statistics.success_ratio * 100.0


def _time(at_s: float) -> datetime:
    return datetime.fromtimestamp(at_s, UTC)
