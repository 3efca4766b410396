"""Panels of the service: what listeners get, how engines do, by model and by character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, Metric
from segue.ops.dashboard.panels import WINDOW, Level, Panel, Query, Row, Unit
from segue.ops.rules.measures import measures
from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.core.plan import Plan

_MEASURES = measures(WINDOW)
_HEARD = catalog.REQUESTS_BY_CHARACTER.name


def service_rows(plan: Plan) -> tuple[Row, ...]:
    return (
        Row("Health", _health(plan)),
        Row("Models", _models()),
        Row("Characters", _characters()),
        Row("Cache", _cache(plan)),
        Row("Audio, texts and engines", _audio()),
    )


def _health(plan: Plan) -> tuple[Panel, ...]:
    titles = {
        Metric.SUCCESS_RATE: "Success rate",
        Metric.ERROR_RATE: "Error rate",
        Metric.FALLBACK_RATE: "Fallback rate",
        Metric.MEAN_SYNTHESIS: "Mean synthesis time",
        Metric.P95_SYNTHESIS: "P95 synthesis time",
        Metric.UNSERVED_RATE: "Requests without an answer",
    }
    return tuple(_gate(title, metric, plan) for metric, title in titles.items())


def _gate(title: str, metric: Metric, plan: Plan) -> Panel:
    """Coloured from the plan's target, and again from its alarm."""
    measure = _MEASURES[metric]
    levels: list[Level] = []
    for gate in plan.gates:
        if gate.metric is metric:
            given = ((gate.target, "orange"), (gate.step_back or gate.roll_back, "red"))
            levels += [Level(level, color) for level, color in given if level is not None]
    legend = f"{{{{{measure.by}}}}}" if measure.by else title.lower()
    unit = Unit.SECONDS if metric.is_duration else Unit.RATIO
    return Panel(title, (Query(measure.expr, legend),), unit, levels=tuple(dict.fromkeys(levels)))


def _models() -> tuple[Panel, ...]:
    heard = f"sum by (voice_model) (rate({_HEARD}[{WINDOW}]))"
    request = f"sum by (le) (rate({catalog.REQUEST_DURATION.name}_bucket[{WINDOW}]))"
    return (
        Panel("Models heard", (Query(f"{heard} / scalar(sum({heard}))", "{{voice_model}}"),), Unit.RATIO),
        Panel(
            "Synthesis time by model",
            (
                Query(_MEASURES[Metric.MEAN_SYNTHESIS].expr, "mean {{voice_model}}"),
                Query(_MEASURES[Metric.P95_SYNTHESIS].expr, "P95 {{voice_model}}"),
            ),
            Unit.SECONDS,
        ),
        Panel("Synthesis time, percentiles", _percentiles(SYNTHESIS_QUANTILES), Unit.SECONDS),
        Panel(
            "Time to the first audio, percentiles",
            _percentiles(FIRST_AUDIO_QUANTILES),
            Unit.SECONDS,
            "The engine's own, of streams; audio that was asked for whole is not among them.",
        ),
        Panel(
            "Answer time, percentiles",
            tuple(
                Query(f"histogram_quantile({q:g}, {request})", f"P{q * 100:g}")
                for q in SYNTHESIS_QUANTILES.values()
            ),
            Unit.SECONDS,
            "From a request's arrival to its answer; audio from memory is not timed.",
        ),
        _rate("Requests by outcome", catalog.REQUESTS.name, "outcome"),
        _rate("Assignments by reason", catalog.ASSIGNMENTS.name, "arm, reason"),
        _rate("Fallbacks by kind of error", catalog.FALLBACKS.name, "error_type"),
        _rate("Errors by kind", catalog.SYNTHESIS_ERRORS.name, "voice_model, error_type"),
    )


def _percentiles(quantiles: Mapping[Metric, float]) -> tuple[Query, ...]:
    return tuple(
        Query(_MEASURES[metric].expr, f"P{q * 100:g} {{{{voice_model}}}}") for metric, q in quantiles.items()
    )


def _characters() -> tuple[Panel, ...]:
    seconds = catalog.SYNTHESIS_DURATION.name
    spent, timed = (f"sum by (character_key) (rate({seconds}_{part}[{WINDOW}]))" for part in ("sum", "count"))
    bad = f'sum by (character_key) (rate({catalog.SYNTHESIS.name}{{status="error"}}[{WINDOW}]))'
    all_of = f"sum by (character_key) (rate({catalog.SYNTHESIS.name}[{WINDOW}]))"
    by_character = "{{character_key}}"
    return (
        _rate("Requests by character", _HEARD, "character_key"),
        Panel(
            "Mean synthesis time by character", (Query(f"{spent} / ({timed} > 0)", by_character),), Unit.SECONDS
        ),
        Panel(
            "Error rate by character",
            (Query(f"({bad} or {all_of} * 0) / ({all_of} > 0)", by_character),),
            Unit.RATIO,
        ),
    )


def _cache(plan: Plan) -> tuple[Panel, ...]:
    return (
        _gate("Cache hit rate", Metric.CACHE_HIT_RATE, plan),
        _rate("Cache hits by source", catalog.CACHE_HITS.name, "source"),
        _rate("Cache misses by model", catalog.CACHE_MISSES.name, "voice_model"),
    )


def _audio() -> tuple[Panel, ...]:
    breakers = f"max by (engine, family) ({catalog.BREAKER_OPEN.name}) or vector(0)"
    load = tuple(
        Query(f"sum by (engine, family) ({metric.name})", f"{word} {{{{engine}}}}/{{{{family}}}}")
        for metric, word in ((catalog.RUNNING, "running"), (catalog.WAITING, "waiting"))
    )
    return (
        _spread("Audio size", catalog.FILE_SIZE.name, Unit.BYTES),
        _spread("Text length", catalog.TEXT_LENGTH.name, Unit.COUNT),
        Panel("Syntheses under way", load, Unit.COUNT),
        Panel("Breakers open", (Query(breakers, "{{engine}}/{{family}}"),), Unit.COUNT),
    )


def _spread(title: str, histogram: str, unit: Unit) -> Panel:
    buckets = f"sum by (voice_model, le) (rate({histogram}_bucket[{WINDOW}]))"
    queries = (
        Query(f"histogram_quantile({q:g}, {buckets})", f"P{q * 100:g} {{{{voice_model}}}}") for q in (0.5, 0.95)
    )
    return Panel(title, tuple(queries), unit)


def _rate(title: str, counter: str, by: str) -> Panel:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Panel(title, (Query(f"sum by ({by}) (rate({counter}[{WINDOW}]))", legend),), Unit.PER_SECOND)
