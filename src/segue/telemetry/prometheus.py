"""The catalogue of metrics, in a Prometheus registry that is handed in.

With several worker processes the client library keeps the values in files that all workers share
(``PROMETHEUS_MULTIPROC_DIR``), and every worker answers for all of them.
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
from segue.core.breaker import BreakerPhase
from segue.core.errors import ErrorCode
from segue.core.speech import Arm
from segue.ports.recorder import Fate, Outcome
from segue.telemetry import catalog
from segue.telemetry.catalog import Kind, Metric

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segue.core.speech import SpeechRequest
    from segue.ports.recorder import Attempt, Hit, LaneName, Served, UnitOutcome

MULTIPROC_DIR = "PROMETHEUS_MULTIPROC_DIR"
_HitKind: TypeAlias = tuple[Any, ...]
"""What hits have in common that are counted alike: a ``Hit`` with the unit's source in the request's place."""

_TIMED = (None, ErrorCode.DEADLINE)


class PrometheusRecorder:
    """Implements ``segue.ports.recorder.Recorder``, from one thread.

    These calls are on the hot path, and the library's counters take a lock each. So counts are gathered here,
    and given to the library by ``flush``: before this process is scraped, and now and then for the other
    workers' scrapes (``segue.telemetry.flush``).
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        registry.register(_BeforeScrape(self.flush))
        self._gathered: dict[tuple[Metric, tuple[str, ...]], int] = {}
        self._hits: dict[_HitKind, int] = {}
        self._counters = _Family(Counter, _of_kind(Kind.COUNTER), registry)
        self._histograms = _Family(Histogram, _of_kind(Kind.HISTOGRAM), registry)
        self._gauges = _Family(Gauge, _of_kind(Kind.GAUGE), registry)
        self._gauges.child(catalog.BUILD, (__version__,)).set(1)

    def flush(self) -> None:
        """Gives the counts gathered since the last time to the library."""
        hits, self._hits = self._hits, {}
        for kind, count in hits.items():
            self._count_hits(kind, count)
        gathered, self._gathered = self._gathered, {}
        for (metric, labels), count in gathered.items():
            self._counters.child(metric, labels).inc(count)

    def attempted(self, attempt: Attempt) -> None:
        arm = (attempt.model, attempt.character_key)
        status = "success" if attempt.error is None else "error"
        self._count(catalog.SYNTHESIS, (*arm, status))
        self._histograms.child(catalog.TEXT_LENGTH, arm).observe(attempt.text_chars)
        if attempt.error in _TIMED and not attempt.request.background:
            self._histograms.child(catalog.SYNTHESIS_DURATION, arm).observe(attempt.duration_s)
            if attempt.first_audio_s is not None:
                self._histograms.child(catalog.FIRST_AUDIO, arm).observe(attempt.first_audio_s)
        if attempt.error is not None:
            self._count(catalog.SYNTHESIS_ERRORS, (*arm, attempt.error))

    def kept(self, model: str, character_key: str, audio_bytes: int) -> None:
        self._histograms.child(catalog.FILE_SIZE, (model, character_key)).observe(audio_bytes)

    def looked_up(self, model: str, source: str | None) -> None:
        if source is None:
            self._count(catalog.CACHE_MISSES, (model,))
        else:
            self._count(catalog.CACHE_HITS, (model, source))

    def recalled(self, hit: Hit) -> None:
        kind = (hit.request.unit.source, *hit[1:])
        self._hits[kind] = self._hits.get(kind, 0) + 1

    def fell_back(self, request: SpeechRequest, character_key: str, error_type: str) -> None:  # noqa: ARG002 - for others
        self._count(catalog.FALLBACKS, (character_key, error_type))

    def served(self, served: Served) -> None:
        arm, reason = served.assignment
        self._count(catalog.REQUESTS, (served.outcome,))
        self._count(catalog.ASSIGNMENTS, (arm, reason, served.request.unit.source))
        if served.source:
            self._count(catalog.REQUESTS_BY_CHARACTER, (served.character_key, served.model))
            self._histograms.child(catalog.REQUEST_DURATION, (served.source,)).observe(served.latency_s)
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

    def lost(self, model: str, control: str) -> None:
        self._count(catalog.CONTROLS_LOST, (model, control))

    def breaker_changed(self, lane: LaneName, phase: BreakerPhase, failures: int) -> None:  # noqa: ARG002 - for the log
        self._gauges.child(catalog.BREAKER_OPEN, lane).set(phase is not BreakerPhase.CLOSED)

    def quota_spent(self, lane: LaneName, limit: str) -> None:
        self._count(catalog.QUOTA_SPENT, (*lane, limit))

    def load_changed(self, lane: LaneName, running: int, waiting: int) -> None:
        self._gauges.child(catalog.RUNNING, lane).set(running)
        self._gauges.child(catalog.WAITING, lane).set(waiting)

    def arms_are(self, models: Mapping[Arm, str]) -> None:
        """Which model stands behind which arm."""
        for arm, model in models.items():
            self.shows(catalog.ARMS, (arm, model), 1.0)

    def awaits_units_of(self, characters: Iterable[str]) -> None:
        """Makes every series of units exist at 0: a server that scrapes them sees the first one as a change."""
        for arm, character_key in product(Arm, characters):
            for fate in Fate:
                self._count(catalog.UNITS, (arm, character_key, fate), 0)
            self._histograms.child(catalog.UNIT_DURATION, (arm, character_key))
            self._histograms.child(catalog.UNIT_FIRST_AUDIO, (arm, character_key))

    def shows(self, metric: Metric, labels: tuple[str, ...], value: float) -> None:
        """Sets a gauge."""
        self._gauges.child(metric, labels).set(value)

    def counts(self, metric: Metric, labels: tuple[str, ...], count: int = 1) -> None:
        """Adds to a counter; with 0 it is there from now on, so that its first count is seen as a change."""
        self._count(metric, labels, count)

    def routing_changed(self, share_ratio: float, revision: int) -> None:
        """What this worker now assigns by; ``share_ratio`` is 0 while the master switch is off."""
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

    def _count(self, metric: Metric, labels: tuple[str, ...], count: int = 1) -> None:
        key = (metric, labels)
        self._gathered[key] = self._gathered.get(key, 0) + count


class _BeforeScrape(Collector):
    """Registered first, so asked first: has no metrics of its own."""

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


def _of_kind(kind: Kind) -> list[Metric]:
    return [metric for metric in catalog.METRICS if metric.kind is kind]


def _made(kind: type[M], metric: Metric, registry: CollectorRegistry) -> M:
    more: dict[str, Any] = {}
    if metric.kind is Kind.HISTOGRAM:
        more["buckets"] = metric.buckets
    if metric.kind is Kind.GAUGE:
        more["multiprocess_mode"] = metric.across_workers
    return kind(metric.name, metric.help, metric.labels, registry=registry, **more)


def bury_dead_workers() -> None:
    """Forgets the gauges of worker processes that are no more; their counts stay."""
    folder = os.environ.get(MULTIPROC_DIR)
    if folder is None:
        return
    for pid in {file.stem.rpartition("_")[2] for file in Path(folder).glob("gauge_live*.db")}:
        if not Path(f"/proc/{pid}").exists():
            mark_process_dead(pid, folder)  # type: ignore[no-untyped-call]  # the library leaves it untyped


def exposed(registry: CollectorRegistry, recorder: PrometheusRecorder) -> CollectorRegistry:
    """The registry to read from: this process's own, or one over the files of all workers."""
    if MULTIPROC_DIR not in os.environ:
        return registry
    shared = CollectorRegistry()
    shared.register(_BeforeScrape(recorder.flush))
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]  # the library leaves it untyped
    return shared
