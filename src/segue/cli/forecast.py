"""Formats a forecast for a terminal: a table with a row for each step, then remarks."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.table import Table

from segue.rollout.core.forecast import LATE
from segue.rollout.core.plan_words import level_in_words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from segue.rollout.core.forecast import Days, Forecast, StepForecast
    from segue.rollout.core.plan import Place, Plan
    from segue.rollout.core.supply import Traffic

_MANY_DAYS = 10.0
_DAY_S = 86_400.0
_SAME = 0.05
"""If the median and the 90th percentile differ by at most this many days, only one number is shown."""


def told(plan: Plan, traffic: Traffic, forecast: Forecast) -> Iterator[RenderableType]:
    """The table, followed by what it means."""
    yield _table(plan, traffic, forecast)
    yield "In brackets: nine of ten rollouts take no longer. A step ends after its hold, once it has its evidence."
    yield from _never(plan, forecast)
    yield from _late(plan, forecast)
    if any(gate.margin is not None for gate in plan.gates):
        yield (
            "Some gates have a margin by which the candidate is compared with the baseline. The forecast does not "
            "include the time that this takes."
        )


def _table(plan: Plan, traffic: Traffic, forecast: Forecast) -> Table:
    rates = list(forecast.total)
    errors = [f"{rate * 100:g} % errors" for rate in rates]
    table = Table("step", "hold", "units a day", *errors, box=SIMPLE_HEAD)
    never = dict.fromkeys(rates, False)
    hits = "" if traffic.cache_hits is None else f", after {traffic.cache_hits * 100:g} % cache hits"
    table.title = f"Days at {traffic.requests_a_day:,.0f} requests a day that reach an engine{hits}"
    for step in forecast.steps:
        cells = ["-" if never[rate] else _both(step.days[rate]) for rate in rates]
        table.add_row(_name(plan, step.place), _days(step.hold_days), _count(step.units_a_day), *cells)
        never = {rate: step.days[rate].median == math.inf for rate in rates}
    table.add_section()
    table.add_row("together", _days(plan.hold_s / _DAY_S), "", *(_both(forecast.total[rate]) for rate in rates))
    return table


def _name(plan: Plan, place: Place) -> str:
    stage = plan.stage(place)
    step = f", step {place.step + 1}" if len(stage.steps) > 1 else ""
    return f"{place.stage} {stage.name}{step}"


def _both(days: Days) -> str:
    if days.median == math.inf or days.p90 - days.median <= _SAME:
        return _days(days.median)
    return f"{_days(days.median)} ({_days(days.p90)})"


def _days(days: float) -> str:
    if days == math.inf:
        return "never"
    return f"{days:,.0f}" if days >= _MANY_DAYS and days % 1 else f"{days:,.1f}".removesuffix(".0")


def _count(units: float) -> str:
    return f"{units:,.0f}" if units >= _MANY_DAYS else f"{units:.1f}"


def _never(plan: Plan, forecast: Forecast) -> Iterator[str]:
    """For each error rate: the first step that may never end, and why."""
    for rate, total in forecast.total.items():
        if total.p90 == math.inf:
            step = next(one for one in forecast.steps if one.days[rate].p90 == math.inf)
            yield f"[yellow]At {rate * 100:g} % errors {_why(plan, step, rate)}[/]"


def _why(plan: Plan, step: StepForecast, rate: float) -> str:
    name = _name(plan, step.place)
    if step.missed[rate]:
        targets = {gate.metric: gate.target for gate in plan.gates_at(step.place)}
        wanted = [(metric, targets[metric]) for metric in step.missed[rate]]
        missed = ", ".join(
            level_in_words(metric, level, good=True) for metric, level in wanted if level is not None
        )
        return f"step {name} never ends: {missed} is not met"
    if not step.units_a_day:
        return f"step {name} never ends: its characters get no requests"
    return f"step {name} does not end in at least one of ten simulated rollouts: evidence accumulates too slowly"


def _late(plan: Plan, forecast: Forecast) -> Iterator[str]:
    late = LATE * plan.hold_s / _DAY_S
    slow = [rate for rate, days in forecast.total.items() if late < days.median < math.inf]
    if slow:
        rates = ", ".join(f"{rate * 100:g} %" for rate in slow)
        yield (
            f"[yellow]At {rates} errors the plan takes more than {LATE:g} times its holds. To shorten it, give "
            "the first steps more traffic, shadow requests or looser targets: see docs/plan.md.[/]"
        )
