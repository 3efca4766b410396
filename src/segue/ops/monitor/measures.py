"""The rates and times that operators look at, worked out of what happened in a window."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.catalogue import ARM_NAMES
from segue.core.gates import FIRST_AUDIO_QUANTILES, SYNTHESIS_QUANTILES, Metric
from segue.core.speech import Arm
from segue.ports.recorder import Outcome
from segue.telemetry import catalog
from segue.telemetry.counts import ratio

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.ops.monitor.window import Window
    from segue.telemetry.counts import Counts

_COUNT, _SUM = (f"{catalog.SYNTHESIS_DURATION.name}_{part}" for part in ("count", "sum"))


@dataclass(frozen=True, slots=True)
class Whom:
    """Whose measure it is: the service's, a model's, or a character's on a model. Empty means all."""

    model: str = ""
    character: str = ""
    arm: str = ""

    @property
    def labels(self) -> dict[str, str]:
        named = {"voice_model": self.model, "character_key": self.character}
        return {label: text for label, text in named.items() if text}


@dataclass(frozen=True, slots=True)
class Measure:
    """A metric's value, a ratio or seconds, out of so many cases; None where there were none."""

    whom: Whom
    metric: Metric
    value: float | None
    trials: float


def measures(window: Window) -> Iterator[Measure]:
    """Everything that can be told: of the service, of each model, of each character on each model.

    Success, error and times are of attempts at an engine, before any fallback. The fallback rate is of requests
    for which the candidate was to answer. The cache and what listeners got in the end are the service's alone.
    """
    counts, arms = window.counts, arms_by_model(window)
    yield from _of(counts, Whom(), arms)
    cached, missed = counts.total(catalog.CACHE_HITS.name), counts.total(catalog.CACHE_MISSES.name)
    looked_up = cached + missed if catalog.CACHE_MISSES.name in counts else 0.0
    yield Measure(Whom(), Metric.CACHE_HIT_RATE, ratio(cached, looked_up), looked_up)
    asked = counts.total(catalog.REQUESTS.name)
    failed = counts.total(catalog.REQUESTS.name, outcome=Outcome.FAILED)
    yield Measure(Whom(), Metric.UNSERVED_RATE, ratio(failed, asked), asked)
    models = counts.values_of(catalog.SYNTHESIS.name, "voice_model")
    for model in models:
        yield from _of(counts, Whom(model, arm=arms.get(model, "")), arms)
    for character in counts.values_of(catalog.SYNTHESIS.name, "character_key"):
        for model in models:
            whom = Whom(model, character, arms.get(model, ""))
            if counts.total(catalog.SYNTHESIS.name, **whom.labels):
                yield from _of(counts, whom, arms)


def arms_by_model(window: Window) -> dict[str, str]:
    """Which arm a model plays: as the service says, else by the names that every dashboard knows."""
    levels = window.levels
    said = {
        model: str(arm)
        for arm in Arm
        for model, level in levels.by(catalog.ARMS.name, "voice_model", arm=arm).items()
        if level > 0
    }
    models = window.counts.values_of(catalog.SYNTHESIS.name, "voice_model")
    return said or {model: str(arm) for model, arm in ARM_NAMES.items() if model in models}


def _of(counts: Counts, whom: Whom, arms: Mapping[str, str]) -> Iterator[Measure]:
    """What attempts and fallbacks tell of one."""
    labels = whom.labels
    good = counts.total(catalog.SYNTHESIS.name, status="success", **labels)
    bad = counts.total(catalog.SYNTHESIS.name, status="error", **labels)
    yield Measure(whom, Metric.SUCCESS_RATE, ratio(good, good + bad), good + bad)
    yield Measure(whom, Metric.ERROR_RATE, ratio(bad, good + bad), good + bad)
    if whom.arm != Arm.BASELINE:
        yield _fallback_rate(counts, whom, arms)
    timed = counts.total(_COUNT, **labels)
    yield Measure(whom, Metric.MEAN_SYNTHESIS, ratio(counts.total(_SUM, **labels), timed), timed)
    streams = counts.total(f"{catalog.FIRST_AUDIO.name}_count", **labels)
    for histogram, quantiles, cases in (
        (catalog.SYNTHESIS_DURATION, SYNTHESIS_QUANTILES, timed),
        (catalog.FIRST_AUDIO, FIRST_AUDIO_QUANTILES, streams),
    ):
        buckets = _buckets(counts, histogram, labels)
        for metric, quantile in quantiles.items():
            yield Measure(whom, metric, quantile_s(buckets, quantile), cases)


def _fallback_rate(counts: Counts, whom: Whom, arms: Mapping[str, str]) -> Measure:
    """A breaker hands requests on without an attempt: they were the candidate's all the same."""
    character = {"character_key": whom.character} if whom.character else {}
    known = [{"voice_model": model} for model, arm in arms.items() if arm == Arm.CANDIDATE] or [{}]
    good = sum(counts.total(catalog.SYNTHESIS.name, status="success", **model, **character) for model in known)
    bad = sum(counts.total(catalog.SYNTHESIS.name, status="error", **model, **character) for model in known)
    handed_on = counts.total(catalog.FALLBACKS.name, **character)
    asked = good + max(bad, handed_on)
    return Measure(whom, Metric.FALLBACK_RATE, ratio(handed_on, asked), asked)


def _buckets(counts: Counts, histogram: catalog.Metric, labels: Mapping[str, str]) -> dict[float, float]:
    return {float(edge): count for edge, count in counts.by(f"{histogram.name}_bucket", "le", **labels).items()}


def quantile_s(buckets: Mapping[float, float], quantile: float) -> float | None:
    """The quantile by cumulative counts, straight between two edges; exact at the edges.

    What lies beyond the last edge is given as the last edge. None without any case.
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
