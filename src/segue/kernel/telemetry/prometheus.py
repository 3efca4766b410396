"""Exports the catalogue of metrics to a Prometheus registry.

With several worker processes the client library keeps the values in files that all workers share
(``PROMETHEUS_MULTIPROC_DIR``), and every worker exports the values of all workers.
"""

from __future__ import annotations

import os
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector

from segue import __version__
from segue.kernel.arms import Arm
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import BreakerPhase, Fate, Outcome, RecorderListener
from segue.kernel.telemetry import catalog
from segue.kernel.telemetry.catalog import Metric, MetricKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segue.kernel.ports.recorder import (
        Attempt,
        BulkheadName,
        Failed,
        Hit,
        RecordedRequest,
        Served,
        Skip,
        UnitOutcome,
    )
    from segue.kernel.ports.usage import UsageOf, Used

MULTIPROC_DIR = "PROMETHEUS_MULTIPROC_DIR"
_HitKind: TypeAlias = tuple[Any, ...]
"""The key by which equal hits are counted together: a ``Hit`` with the unit's source in place of the request, and
without its engine and voice.
"""

_TIMED = (None, ErrorCode.DEADLINE)


class PrometheusRecorder(RecorderListener):
    """Implements ``segue.kernel.ports.recorder.Recorder``; call it from one thread only.

    These calls are on the hot path, and each counter of the library takes a lock. Therefore counts are collected
    here. ``flush`` passes them to the library before this process is scraped, and at intervals for scrapes that
    other workers answer (``segue.kernel.telemetry.flush``).
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        registry.register(_BeforeScrape(self.flush))
        self._gathered: dict[tuple[Metric, tuple[str, ...]], float] = {}
        self._hits: dict[_HitKind, int] = {}
        self._counters = _Family(Counter, _of_kind(MetricKind.COUNTER), registry)
        self._histograms = _Family(Histogram, _of_kind(MetricKind.HISTOGRAM), registry)
        self._gauges = _Family(Gauge, _of_kind(MetricKind.GAUGE), registry)
        self._gauges.child(catalog.BUILD, (__version__,)).set(1)
        self._gauges.child(catalog.PROCESSES, ()).set(1)
        for labels in catalog.TURNS:
            self._counters.child(catalog.TURNED_AWAY, labels)

    def flush(self) -> None:
        """Passes the counts collected since the last call to the library."""
        hits, self._hits = self._hits, {}
        for kind, equal in hits.items():
            self._count_hits(kind, equal)
        gathered, self._gathered = self._gathered, {}
        for (metric, labels), count in gathered.items():
            self._counters.child(metric, labels).inc(count)

    def attempted(self, attempt: Attempt) -> None:
        arm = (attempt.model, attempt.character_key)
        status = "success" if attempt.error is None else "error"
        self._count(catalog.SYNTHESIS, (*arm, status))
        if attempt.bulkhead is not None:
            self._count(catalog.ENGINE_SYNTHESIS, (attempt.model, *attempt.bulkhead, status))
        self._histograms.child(catalog.TEXT_LENGTH, arm).observe(attempt.text_chars)
        if attempt.error in _TIMED and not attempt.request.background:
            self._histograms.child(catalog.SYNTHESIS_DURATION, arm).observe(attempt.duration_s)
            if attempt.first_audio_s is not None:
                self._histograms.child(catalog.FIRST_AUDIO, arm).observe(attempt.first_audio_s)
        if attempt.error is not None:
            self._count(catalog.SYNTHESIS_ERRORS, (*arm, attempt.error))

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None:
        arm = (attempt.model, attempt.character_key)
        if refused:
            self._count(catalog.SHADOW, (*arm, "refused"))
            return
        self._count(catalog.SHADOW, (*arm, "success" if attempt.error is None else "error"))
        self._count(catalog.SHADOW_CHARACTERS, (), attempt.text_chars)
        if attempt.error is not None:
            self._count(catalog.SHADOW_ERRORS, (*arm, attempt.error))
        if attempt.error in _TIMED:
            self._histograms.child(catalog.SHADOW_DURATION, arm).observe(attempt.duration_s)
            if attempt.first_audio_s is not None:
                self._histograms.child(catalog.SHADOW_FIRST_AUDIO, arm).observe(attempt.first_audio_s)

    def shadow_skipped(self, reason: Skip) -> None:
        self._count(catalog.SHADOW_SKIPPED, (reason,))

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:
        self._histograms.child(catalog.FILE_SIZE, (model, character_key)).observe(audio_bytes)

    def looked_up(self, model: str, source: str | None) -> None:
        if source is None:
            self._count(catalog.CACHE_MISSES, (model,))
        else:
            self._count(catalog.CACHE_HITS, (model, source))

    def recalled(self, hit: Hit) -> None:
        kind = (hit.request.unit.source, *hit[1:-2])
        self._hits[kind] = self._hits.get(kind, 0) + 1

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None:  # noqa: ARG002 - for other recorders
        self._count(catalog.FALLBACKS, (character_key, error_type))

    def backed_up(self, failed: Failed) -> None:
        labels = (failed.model, failed.character_key, failed.bulkhead.engine, failed.error_type)
        self._count(catalog.BACKUPS, labels)

    def served(self, served: Served) -> None:
        arm, reason = served.assignment
        self._count(catalog.REQUESTS, (served.outcome,))
        self._count(catalog.ASSIGNMENTS, (arm, reason, served.request.unit.source))
        if served.source:
            self._count(catalog.REQUESTS_BY_CHARACTER, (served.character_key, served.model))
            self._histograms.child(catalog.REQUEST_DURATION, (served.source,)).observe(served.latency_s)
        if served.overloaded and served.outcome is Outcome.FAILED:
            self.turned_away(*catalog.OVERLOADED)
        if served.diversion is not None:
            self._count(catalog.DIVERSIONS, (served.character_key, served.diversion))

    def counted(self, unit: UnitOutcome) -> None:
        for fate in unit.fates:
            self._count(catalog.UNITS, (unit.arm, unit.character_key, fate))
        if unit.seconds is not None:
            child = self._histograms.child(catalog.UNIT_DURATION, (unit.arm, unit.character_key))
            child.observe(unit.seconds)
        if unit.first_audio_s is not None:
            child = self._histograms.child(catalog.UNIT_FIRST_AUDIO, (unit.arm, unit.character_key))
            child.observe(unit.first_audio_s)

    def rejected(self, dialect: str, code: ErrorCode) -> None:
        self._count(catalog.REJECTED, (dialect, code))

    def turned_away(self, door: str, reason: str) -> None:
        self._count(catalog.TURNED_AWAY, (door, reason))

    def lost(self, model: str, control: str) -> None:
        self._count(catalog.CONTROLS_LOST, (model, control))

    def breaker_changed(self, bulkhead: BulkheadName, phase: BreakerPhase, failures: int) -> None:  # noqa: ARG002 - for the log
        self._gauges.child(catalog.BREAKER_OPEN, bulkhead).set(phase is not BreakerPhase.CLOSED)

    def quota_spent(self, bulkhead: BulkheadName, limit: str) -> None:
        self._count(catalog.QUOTA_SPENT, (*bulkhead, limit))

    def load_changed(self, bulkhead: BulkheadName, running: int, waiting: int) -> None:
        self._gauges.child(catalog.RUNNING, bulkhead).set(running)
        self._gauges.child(catalog.WAITING, bulkhead).set(waiting)

    def arms_are(self, models: Mapping[Arm, str]) -> None:
        """Records the model of each arm."""
        for arm, model in models.items():
            self.shows(catalog.ARMS, (arm, model), 1.0)

    def awaits_units_of(self, characters: Iterable[str]) -> None:
        """Creates all series of units at 0, so that Prometheus sees the first unit as an increase."""
        for arm, character_key in product(Arm, characters):
            for fate in Fate:
                self._count(catalog.UNITS, (arm, character_key, fate), 0)
            self._histograms.child(catalog.UNIT_DURATION, (arm, character_key))
            self._histograms.child(catalog.UNIT_FIRST_AUDIO, (arm, character_key))

    def shows(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Sets a gauge."""
        self._gauges.child(metric, labels).set(value)

    def used(self, of: UsageOf, used: Used) -> None:
        """Counts what one key has used of a voice."""
        self._count(catalog.USED_REQUESTS, of, used.requests)
        self._count(catalog.USED_CHARACTERS, of, used.characters)
        self._count(catalog.USED_SYNTHESIZED, of, used.synthesized_characters + used.shadow_characters)
        if used.cost_usd:
            self._count(catalog.USED_COST, of, used.cost_usd)

    def counts(self, metric: Metric, labels: tuple[str, ...], count: int = 1) -> None:
        """Adds to a counter; a ``count`` of 0 creates the series, so that Prometheus sees the first count as an
        increase.
        """
        self._count(metric, labels, count)

    def routing_changed(self, share_ratio: float, revision: int) -> None:
        """Records the routing that this worker now uses; ``share_ratio`` is 0 while the master switch is off."""
        self._gauges.child(catalog.SHARE, ()).set(share_ratio)
        self._gauges.child(catalog.REVISION, ()).set(revision)

    def _count_hits(self, kind: _HitKind, count: int) -> None:
        unit_source, character_key, assignment, _, model, source, diversion, lost = kind
        self._count(catalog.CACHE_HITS, (model, source), count)
        self._count(catalog.REQUESTS, (Outcome.SERVED,), count)
        self._count(catalog.ASSIGNMENTS, (*assignment, unit_source), count)
        self._count(catalog.REQUESTS_BY_CHARACTER, (character_key, model), count)
        if diversion is not None:
            self._count(catalog.DIVERSIONS, (character_key, diversion), count)
        for control in lost:
            self._count(catalog.CONTROLS_LOST, (model, control), count)

    def _count(self, metric: Metric, labels: tuple[str, ...], count: float = 1) -> None:
        key = (metric, labels)
        self._gathered[key] = self._gathered.get(key, 0) + count


class _BeforeScrape(Collector):
    """Flushes before each scrape: it is registered first, so the registry collects it first. It has no metrics."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush

    def describe(self) -> Iterable[Any]:
        return ()

    def collect(self) -> Iterable[Any]:
        self._flush()
        return ()


M = TypeVar("M", Counter, Gauge, Histogram)


class _Family(Generic[M]):
    """All metrics of one kind, and their children by label values."""

    def __init__(self, kind: type[M], metrics: Iterable[Metric], registry: CollectorRegistry) -> None:
        self._metrics: dict[str, M] = {metric.name: _made(kind, metric, registry) for metric in metrics}
        self._children: dict[tuple[str, tuple[str, ...]], M] = {}

    def child(self, metric: Metric, labels: tuple[str, ...]) -> M:
        key = (metric.name, labels)
        try:
            return self._children[key]
        except KeyError:
            parent = self._metrics[metric.name]
            child: M = parent.labels(*labels) if labels else parent
            self._children[key] = child
            return child


def _of_kind(kind: MetricKind) -> list[Metric]:
    return [metric for metric in catalog.METRICS if metric.kind is kind]


def _made(kind: type[M], metric: Metric, registry: CollectorRegistry) -> M:
    more: dict[str, Any] = {}
    if metric.kind is MetricKind.HISTOGRAM:
        more["buckets"] = metric.buckets
    if metric.kind is MetricKind.GAUGE:
        more["multiprocess_mode"] = metric.across_workers
    return kind(metric.name, metric.help, metric.labels, registry=registry, **more)


def bury_dead_workers() -> None:
    """Removes the gauges of worker processes that have ended; their counts are kept."""
    folder = os.environ.get(MULTIPROC_DIR)
    if folder is None:
        return
    for pid in {file.stem.rpartition("_")[2] for file in Path(folder).glob("gauge_live*.db")}:
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]  # the library leaves it untyped


def exposed(registry: CollectorRegistry, recorder: PrometheusRecorder) -> CollectorRegistry:
    """The registry to read from: this process's own, or one that reads the files of all workers."""
    if MULTIPROC_DIR not in os.environ:
        return registry
    shared = CollectorRegistry()
    shared.register(_BeforeScrape(recorder.flush))
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return shared
