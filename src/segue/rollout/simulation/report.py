"""A summary as lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.core.rollout import Verb
from segue.rollout.simulation.summary import IN_TIME
from segue.rollout.simulation.world import DAY_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from segue.rollout.simulation.summary import ShareOfRuns, Spread, Summary

Line = tuple[str, str]
"""A label and its value."""

_MINUTE_S = 60.0
_HOUR_S = 3600.0


def report(summary: Summary, *, with_fault: bool) -> list[Line]:
    """The important results: with a fault, how it was noticed; otherwise how long a good candidate takes."""
    return [
        ("runs", f"{len(summary.outcomes):,}"),
        ("sum of the plan's holds", in_time_units(summary.hold_s)),
        ("finished", share(summary.finished)),
        (f"finished within {IN_TIME:g} times the holds", share(summary.in_time)),
        ("rolled back without a fault", share(summary.false_alarm(Verb.ROLL_BACK))),
        (
            "stepped back or held a character back without a fault",
            share(summary.false_alarm(Verb.STEP_BACK, Verb.HOLD_BACK)),
        ),
        ("endings", ", ".join(f"{ending} {count:,}" for ending, count in summary.endings.items())),
        *(_noticed(summary) if with_fault else ()),
    ]


def _noticed(summary: Summary) -> Iterator[Line]:
    yield "went back because of the fault", share(summary.noticed)
    if not summary.backs:
        return
    stages = ", ".join(f"stage {stage}: {count:,}" for stage, count in summary.stages.items())
    yield "at", stages
    yield "time until the fault was noticed", _spread(summary.spread(lambda back: back.after_s), in_time_units)
    yield "candidate requests until then", _spread(summary.spread(lambda back: back.after_requests), _count)
    yield "listeners with a bad response by then", _spread(summary.spread(lambda back: back.bad_answers), _count)


def share(of: ShareOfRuns) -> str:
    """A share of runs with its interval: ``99.20 % (98.10 to 99.70 %)``."""
    return f"{of['share'] * 100:.2f} % ({of['low'] * 100:.2f} to {of['high'] * 100:.2f} %)"


def in_time_units(time_s: float) -> str:
    """Seconds in the unit that a person would use."""
    for unit_s, unit in ((DAY_S, "d"), (_HOUR_S, "h"), (_MINUTE_S, "min")):
        if time_s >= 2 * unit_s:
            return f"{time_s / unit_s:.3g} {unit}"
    return f"{time_s:.3g} s"


def _count(number: float) -> str:
    return f"{number:,.0f}"


def _spread(of: Spread, told: Callable[[float], str]) -> str:
    if of["median"] is None or of["p95"] is None:
        return "never"
    return f"median {told(of['median'])}, P95 {told(of['p95'])}"
