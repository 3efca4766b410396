"""Panels of the service: results for listeners and the engines' performance, by model and by character."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.ops.dashboard.panels import WINDOW, Panel, PanelQuery, PanelRow, PanelUnit, Threshold
from segue.ops.rules.measures import measures
from segue.rollout.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, GateMetric

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.rollout.core.plan import Plan

_MEASURES = measures(WINDOW)
_HEARD = catalog.REQUESTS_BY_CHARACTER.name


def service_rows(plan: Plan) -> tuple[PanelRow, ...]:
    return (
        PanelRow("Health", _health(plan)),
        PanelRow("Models", _models()),
        PanelRow("Characters", _characters()),
        PanelRow("Cache", _cache(plan)),
        PanelRow("Audio, texts and engines", _audio()),
    )


def _health(plan: Plan) -> tuple[Panel, ...]:
    titles = {
        GateMetric.SUCCESS_RATE: "Success rate",
        GateMetric.ERROR_RATE: "Error rate",
        GateMetric.FALLBACK_RATE: "Fallback rate",
        GateMetric.MEAN_SYNTHESIS: "Mean synthesis time",
        GateMetric.P95_SYNTHESIS: "P95 synthesis time",
        GateMetric.UNSERVED_RATE: "Requests that failed",
    }
    return tuple(_gate(title, metric, plan) for metric, title in titles.items())


def _gate(title: str, metric: GateMetric, plan: Plan) -> Panel:
    """A panel with thresholds at the plan's target and at its alarm level."""
    measure = _MEASURES[metric]
    levels: list[Threshold] = []
    for gate in plan.gates:
        if gate.metric is metric:
            given = ((gate.target, "orange"), (gate.step_back or gate.roll_back, "red"))
            levels += [Threshold(level, color) for level, color in given if level is not None]
    legend = f"{{{{{measure.by}}}}}" if measure.by else title.lower()
    unit = PanelUnit.SECONDS if metric.is_duration else PanelUnit.RATIO
    return Panel(title, (PanelQuery(measure.expr, legend),), unit, levels=tuple(dict.fromkeys(levels)))


def _models() -> tuple[Panel, ...]:
    heard = f"sum by (voice_model) (rate({_HEARD}[{WINDOW}]))"
    request = f"sum by (le) (rate({catalog.REQUEST_DURATION.name}_bucket[{WINDOW}]))"
    return (
        Panel(
            "Requests by model",
            (PanelQuery(f"{heard} / scalar(sum({heard}))", "{{voice_model}}"),),
            PanelUnit.RATIO,
        ),
        Panel(
            "Synthesis time by model",
            (
                PanelQuery(_MEASURES[GateMetric.MEAN_SYNTHESIS].expr, "mean {{voice_model}}"),
                PanelQuery(_MEASURES[GateMetric.P95_SYNTHESIS].expr, "P95 {{voice_model}}"),
            ),
            PanelUnit.SECONDS,
        ),
        Panel("Synthesis time, percentiles", _percentiles(SYNTHESIS_QUANTILES), PanelUnit.SECONDS),
        Panel(
            "Time to the first audio, percentiles",
            _percentiles(FIRST_AUDIO_QUANTILES),
            PanelUnit.SECONDS,
            "The engine's own time, for streams; audio that was not streamed is not counted.",
        ),
        Panel(
            "Response time, percentiles",
            tuple(
                PanelQuery(f"histogram_quantile({q:g}, {request})", f"P{q * 100:g}")
                for q in SYNTHESIS_QUANTILES.values()
            ),
            PanelUnit.SECONDS,
            "From a request's arrival to its response; audio from memory is not timed.",
        ),
        _rate("Requests by outcome", catalog.REQUESTS.name, "outcome"),
        _rate("Assignments by reason", catalog.ASSIGNMENTS.name, "arm, reason"),
        _rate("Fallbacks by kind of error", catalog.FALLBACKS.name, "error_type"),
        _rate("Errors by kind", catalog.SYNTHESIS_ERRORS.name, "voice_model, error_type"),
    )


def _percentiles(quantiles: Mapping[GateMetric, float]) -> tuple[PanelQuery, ...]:
    return tuple(
        PanelQuery(_MEASURES[metric].expr, f"P{q * 100:g} {{{{voice_model}}}}") for metric, q in quantiles.items()
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
            "Mean synthesis time by character",
            (PanelQuery(f"{spent} / ({timed} > 0)", by_character),),
            PanelUnit.SECONDS,
        ),
        Panel(
            "Error rate by character",
            (PanelQuery(f"({bad} or {all_of} * 0) / ({all_of} > 0)", by_character),),
            PanelUnit.RATIO,
        ),
    )


def _cache(plan: Plan) -> tuple[Panel, ...]:
    return (
        _gate("Cache hit rate", GateMetric.CACHE_HIT_RATE, plan),
        _rate("Cache hits by source", catalog.CACHE_HITS.name, "source"),
        _rate("Cache misses by model", catalog.CACHE_MISSES.name, "voice_model"),
    )


def _audio() -> tuple[Panel, ...]:
    breakers = f"max by (engine, family) ({catalog.BREAKER_OPEN.name}) or vector(0)"
    load = tuple(
        PanelQuery(f"sum by (engine, family) ({metric.name})", f"{word} {{{{engine}}}}/{{{{family}}}}")
        for metric, word in ((catalog.RUNNING, "running"), (catalog.WAITING, "waiting"))
    )
    return (
        _spread("Audio size", catalog.FILE_SIZE.name, PanelUnit.BYTES),
        _spread("Text length", catalog.TEXT_LENGTH.name, PanelUnit.COUNT),
        Panel("Syntheses running and waiting", load, PanelUnit.COUNT),
        Panel("Breakers open", (PanelQuery(breakers, "{{engine}}/{{family}}"),), PanelUnit.COUNT),
    )


def _spread(title: str, histogram: str, unit: PanelUnit) -> Panel:
    buckets = f"sum by (voice_model, le) (rate({histogram}_bucket[{WINDOW}]))"
    queries = (
        PanelQuery(f"histogram_quantile({q:g}, {buckets})", f"P{q * 100:g} {{{{voice_model}}}}")
        for q in (0.5, 0.95)
    )
    return Panel(title, tuple(queries), unit)


def _rate(title: str, counter: str, by: str) -> Panel:
    legend = " ".join(f"{{{{{label}}}}}" for label in by.split(", "))
    return Panel(title, (PanelQuery(f"sum by ({by}) (rate({counter}[{WINDOW}]))", legend),), PanelUnit.PER_SECOND)
