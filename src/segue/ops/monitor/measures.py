"""Computes the rates and durations that operators look at from what happened in a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.ports.recorder import Outcome
from segue.kernel.telemetry import catalog
from segue.kernel.telemetry.counts import ratio
from segue.rollout.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, GateMetric
from segue.speech.core.catalogue import ARM_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.kernel.telemetry.counts import Counts
    from segue.ops.monitor.window import Window

_COUNT, _SUM = (f"{catalog.SYNTHESIS_DURATION.name}_{part}" for part in ("count", "sum"))


@dataclass(frozen=True, slots=True)
class Whom:
    """The subject of a measure: the service, a model, or a character on a model. Empty means all."""

    model: str = ""
    character: str = ""
    arm: str = ""

    @property
    def labels(self) -> dict[str, str]:
        named = {"voice_model": self.model, "character_key": self.character}
        return {label: text for label, text in named.items() if text}


@dataclass(frozen=True, slots=True)
class MeasuredValue:
    """A metric's value, a ratio or seconds, and the number of cases; the value is None if there were no cases."""

    whom: Whom
    metric: GateMetric
    value: float | None
    trials: float


def measures(window: Window) -> Iterator[MeasuredValue]:
    """All measures of the service, of each model, and of each character on each model.

    Success, error and durations are of attempts at an engine, before any fallback. The fallback rate is of
    requests that were assigned to the candidate. The cache hit rate and the unserved rate exist for the service
    only.
    """
    counts, arms = window.counts, arms_by_model(window)
    yield from _of(counts, Whom(), arms)
    cached, missed = counts.total(catalog.CACHE_HITS.name), counts.total(catalog.CACHE_MISSES.name)
    looked_up = cached + missed if catalog.CACHE_MISSES.name in counts else 0.0
    yield MeasuredValue(Whom(), GateMetric.CACHE_HIT_RATE, ratio(cached, looked_up), looked_up)
    asked = counts.total(catalog.REQUESTS.name)
    failed = counts.total(catalog.REQUESTS.name, outcome=Outcome.FAILED)
    yield MeasuredValue(Whom(), GateMetric.UNSERVED_RATE, ratio(failed, asked), asked)
    models = counts.values_of(catalog.SYNTHESIS.name, "voice_model")
    for model in models:
        yield from _of(counts, Whom(model, arm=arms.get(model, "")), arms)
    for character in counts.values_of(catalog.SYNTHESIS.name, "character_key"):
        for model in models:
            whom = Whom(model, character, arms.get(model, ""))
            if counts.total(catalog.SYNTHESIS.name, **whom.labels):
                yield from _of(counts, whom, arms)


def arms_by_model(window: Window) -> dict[str, str]:
    """The arm of each model: as the service reports it, otherwise by the model names that every dashboard uses."""
    levels = window.levels
    said = {
        model: str(arm)
        for arm in Arm
        for model, level in levels.by(catalog.ARMS.name, "voice_model", arm=arm).items()
        if level > 0
    }
    models = window.counts.values_of(catalog.SYNTHESIS.name, "voice_model")
    return said or {model: str(arm) for model, arm in ARM_NAMES.items() if model in models}


def _of(counts: Counts, whom: Whom, arms: Mapping[str, str]) -> Iterator[MeasuredValue]:
    """The measures of one subject that come from attempts and fallbacks."""
    labels = whom.labels
    good = counts.total(catalog.SYNTHESIS.name, status="success", **labels)
    bad = counts.total(catalog.SYNTHESIS.name, status="error", **labels)
    yield MeasuredValue(whom, GateMetric.SUCCESS_RATE, ratio(good, good + bad), good + bad)
    yield MeasuredValue(whom, GateMetric.ERROR_RATE, ratio(bad, good + bad), good + bad)
    if whom.arm != Arm.BASELINE:
        yield _fallback_rate(counts, whom, arms)
    timed = counts.total(_COUNT, **labels)
    yield MeasuredValue(whom, GateMetric.MEAN_SYNTHESIS, ratio(counts.total(_SUM, **labels), timed), timed)
    streams = counts.total(f"{catalog.FIRST_AUDIO.name}_count", **labels)
    for histogram, quantiles, cases in (
        (catalog.SYNTHESIS_DURATION, SYNTHESIS_QUANTILES, timed),
        (catalog.FIRST_AUDIO, FIRST_AUDIO_QUANTILES, streams),
    ):
        buckets = _buckets(counts, histogram, labels)
        for metric, quantile in quantiles.items():
            yield MeasuredValue(whom, metric, quantile_s(buckets, quantile), cases)


def _fallback_rate(counts: Counts, whom: Whom, arms: Mapping[str, str]) -> MeasuredValue:
    """The fallback rate.

    Requests that an open breaker sent to the baseline without an attempt count as the candidate's.
    """
    character = {"character_key": whom.character} if whom.character else {}
    known = [{"voice_model": model} for model, arm in arms.items() if arm == Arm.CANDIDATE] or [{}]
    good = sum(counts.total(catalog.SYNTHESIS.name, status="success", **model, **character) for model in known)
    bad = sum(counts.total(catalog.SYNTHESIS.name, status="error", **model, **character) for model in known)
    handed_on = counts.total(catalog.FALLBACKS.name, **character)
    asked = good + max(bad, handed_on)
    return MeasuredValue(whom, GateMetric.FALLBACK_RATE, ratio(handed_on, asked), asked)


def _buckets(counts: Counts, histogram: catalog.Metric, labels: Mapping[str, str]) -> dict[float, float]:
    return {float(edge): count for edge, count in counts.by(f"{histogram.name}_bucket", "le", **labels).items()}


def quantile_s(buckets: Mapping[float, float], quantile: float) -> float | None:
    """The quantile of cumulative counts, interpolated linearly between two edges; exact at the edges.

    Values beyond the last edge give the last edge. None if there is no case.
    """
    edges = sorted(buckets)
    whole = buckets[edges[-1]] if edges else 0.0
    wanted = quantile * whole
    if not whole:
        return None
    low_s, below = 0.0, 0.0
    for edge_s in edges:
        if buckets[edge_s] >= wanted:
            inside = buckets[edge_s] - below
            return low_s if math.isinf(edge_s) else low_s + (edge_s - low_s) * (wanted - below) / (inside or 1.0)
        low_s, below = edge_s, buckets[edge_s]
    return low_s
