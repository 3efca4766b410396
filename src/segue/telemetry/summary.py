"""The metrics as one JSON document: totals since start, by model and by character.

Totals answer "what has this process done"; for what is happening now, read rates (``segue monitor``).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client import CollectorRegistry


class _Samples:
    """All samples of a registry by name; sums over the labels that are not asked for."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._by_name: dict[str, list[tuple[Mapping[str, str], float]]] = defaultdict(list)
        for family in registry.collect():
            for sample in family.samples:
                self._by_name[sample.name].append((sample.labels, sample.value))

    def total(self, name: str, **wanted: str) -> float:
        return sum(
            value
            for labels, value in self._by_name[name]
            if all(labels.get(label) == text for label, text in wanted.items())
        )

    def values_of(self, name: str, label: str) -> list[str]:
        return sorted({labels[label] for labels, _ in self._by_name[name] if label in labels})

    def by(self, name: str, label: str, **wanted: str) -> dict[str, float]:
        return {text: self.total(name, **{label: text}, **wanted) for text in self.values_of(name, label)}


def summarize(registry: CollectorRegistry) -> dict[str, object]:
    """Counts, rates and means. A rate without any event is None: no data is neither 0 % nor 100 %."""
    samples = _Samples(registry)
    return {
        "requests": samples.by(catalog.REQUESTS.name, "outcome"),
        "models": {model: _arm(samples, voice_model=model) for model in _models(samples)},
        "characters": {
            key: _arm(samples, character_key=key)
            for key in samples.values_of(catalog.SYNTHESIS.name, "character_key")
        },
        "model_distribution": _shares(samples.by(catalog.REQUESTS_BY_CHARACTER.name, "voice_model")),
        "fallbacks": samples.by(catalog.FALLBACKS.name, "error_type"),
        "diversions": samples.by(catalog.DIVERSIONS.name, "diversion"),
        "cache": _cache(samples),
        "candidate_share_percent": _gauge(samples, catalog.SHARE.name, 100.0),
        "rollout_revision": _gauge(samples, catalog.REVISION.name, 1.0),
    }


def _models(samples: _Samples) -> Iterator[str]:
    yield from samples.values_of(catalog.SYNTHESIS.name, "voice_model")


def _arm(samples: _Samples, **labels: str) -> dict[str, object]:
    succeeded = samples.total(catalog.SYNTHESIS.name, status="success", **labels)
    failed = samples.total(catalog.SYNTHESIS.name, status="error", **labels)
    timed = samples.total(f"{catalog.SYNTHESIS_DURATION.name}_count", **labels)
    spent_s = samples.total(f"{catalog.SYNTHESIS_DURATION.name}_sum", **labels)
    return {
        "attempts": succeeded + failed,
        "errors": failed,
        "success_rate": _ratio(succeeded, succeeded + failed),
        "error_rate": _ratio(failed, succeeded + failed),
        "mean_synthesis_s": _ratio(spent_s, timed),
        "errors_by_type": samples.by(catalog.SYNTHESIS_ERRORS.name, "error_type", **labels),
    }


def _cache(samples: _Samples) -> dict[str, object]:
    hits = samples.by(catalog.CACHE_HITS.name, "source")
    found, missed = sum(hits.values()), samples.total(catalog.CACHE_MISSES.name)
    return {"hits": hits, "misses": missed, "hit_rate": _ratio(found, found + missed)}


def _shares(counts: dict[str, float]) -> dict[str, float | None]:
    whole = sum(counts.values())
    return {name: _ratio(count, whole) for name, count in counts.items()}


def _gauge(samples: _Samples, name: str, scale: float) -> float:
    return samples.total(name) * scale


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None
