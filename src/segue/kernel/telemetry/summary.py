"""The metrics as one JSON document: totals since start, by model and by character.

Totals show what this process has done since its start. For current activity, read rates (``segue monitor``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.kernel.telemetry.counts import Counts, ratio, shares

if TYPE_CHECKING:
    from collections.abc import Iterator

    from prometheus_client import CollectorRegistry


def summarize(registry: CollectorRegistry) -> dict[str, object]:
    """Counts, rates and means. A rate without any event is None: no data is neither 0 % nor 100 %."""
    samples = Counts(
        (sample.name, sample.labels, sample.value) for family in registry.collect() for sample in family.samples
    )
    return {
        "requests": samples.by(catalog.REQUESTS.name, "outcome"),
        "models": {model: _arm(samples, voice_model=model) for model in _models(samples)},
        "characters": {
            key: _arm(samples, character_key=key)
            for key in samples.values_of(catalog.SYNTHESIS.name, "character_key")
        },
        "model_distribution": shares(samples.by(catalog.REQUESTS_BY_CHARACTER.name, "voice_model")),
        "fallbacks": samples.by(catalog.FALLBACKS.name, "error_type"),
        "diversions": samples.by(catalog.DIVERSIONS.name, "diversion"),
        "cache": _cache(samples),
        "candidate_share_percent": _gauge(samples, catalog.SHARE.name, 100.0),
        "rollout_revision": _gauge(samples, catalog.REVISION.name, 1.0),
    }


def _models(samples: Counts) -> Iterator[str]:
    yield from samples.values_of(catalog.SYNTHESIS.name, "voice_model")


def _arm(samples: Counts, **labels: str) -> dict[str, object]:
    succeeded = samples.total(catalog.SYNTHESIS.name, status="success", **labels)
    failed = samples.total(catalog.SYNTHESIS.name, status="error", **labels)
    timed = samples.total(f"{catalog.SYNTHESIS_DURATION.name}_count", **labels)
    spent_s = samples.total(f"{catalog.SYNTHESIS_DURATION.name}_sum", **labels)
    return {
        "attempts": succeeded + failed,
        "errors": failed,
        "success_rate": ratio(succeeded, succeeded + failed),
        "error_rate": ratio(failed, succeeded + failed),
        "mean_synthesis_s": ratio(spent_s, timed),
        "errors_by_type": samples.by(catalog.SYNTHESIS_ERRORS.name, "error_type", **labels),
    }


def _cache(samples: Counts) -> dict[str, object]:
    hits = samples.by(catalog.CACHE_HITS.name, "source")
    found, missed = sum(hits.values()), samples.total(catalog.CACHE_MISSES.name)
    return {"hits": hits, "misses": missed, "hit_rate": ratio(found, found + missed)}


def _gauge(samples: Counts, name: str, scale: float) -> float:
    return samples.total(name) * scale
