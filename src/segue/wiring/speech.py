"""The part that speaks, put together: catalogue, engines, cache and the pipeline over them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import structlog

from segue.cache.blobs import BlobCache, BlobLimits, open_folder
from segue.cache.memory import MemoryCache
from segue.cache.tiered import TieredCache
from segue.config.catalogue_file import read_catalogue
from segue.config.pronunciations_file import read_pronunciations
from segue.core.breaker import BreakerRules
from segue.core.catalogue import Quota
from segue.core.errors import Unavailable
from segue.core.text.controls import Emulation
from segue.engines.faulty import Faults, FaultyEngine
from segue.ports.recorder import LaneName
from segue.service.accounts import Accounts
from segue.service.admission import AdmissionLimits
from segue.service.coalesce import Flights
from segue.service.failover import Failover, Patience
from segue.service.found import Found
from segue.service.jobs import JobRules, Jobs
from segue.service.lane import Lane, LaneLimits
from segue.service.levels import Levels
from segue.service.pipeline import Pipeline
from segue.service.recital import Stage
from segue.service.router import Router
from segue.service.shelf import Shelf, ShelfWaits
from segue.service.streams import StreamRules, Streams
from segue.service.synthesis import Synthesis
from segue.service.threads import Threads
from segue.store.job_files import JobFiles
from segue.system.clock import SystemClock, SystemEntropy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from segue.config.schema import Settings
    from segue.core.catalogue import Catalogue
    from segue.ports.cache import AudioCache
    from segue.ports.engine import Engine
    from segue.ports.recorder import Recorder
    from segue.service.current import Current

    CreateEngine: TypeAlias = Callable[[str, Mapping[str, object]], Engine]
    """From a name and options to an engine not yet started."""

_FINISHERS = 2
"""Threads that inspect and encode; the codecs let go of the interpreter's lock."""


class Speech:
    """The part that speaks: catalogue, engines, cache and the pipeline over them."""

    def __init__(self, settings: Settings, current: Current, recorder: Recorder, create: CreateEngine) -> None:
        self._create = create
        self.clock = SystemClock()
        self.entropy = SystemEntropy()
        self.board = Faults() if settings.fault_injection else None
        self.catalogue, options = read_catalogue(settings.profile)
        self.engines = {name: self._engine(name, options.get(name, {})) for name in _engine_names(self.catalogue)}
        self.cache = _cache(settings, self.clock)
        self._settings = settings
        self._lexicon = read_pronunciations(settings.pronunciations)
        self._recorder = recorder
        self._lanes: dict[LaneName, Lane] = {}
        self._executor = ThreadPoolExecutor(_FINISHERS, thread_name_prefix="finish")
        self._threads = Threads(self._executor)
        self._shelf = Shelf(self.cache, self.clock, recorder, _waits(settings))
        self.pipeline = self._pipeline(current)
        self.jobs = self._jobs()

    async def start(self) -> None:
        """Starts all engines at once; one that cannot work yet is reported and left to its breaker."""
        log = structlog.get_logger("segue.wiring")
        results = await asyncio.gather(
            *(engine.start() for engine in self.engines.values()), return_exceptions=True
        )
        for engine, result in zip(self.engines.values(), results, strict=True):
            if isinstance(result, Unavailable):
                log.error("engine_not_started", engine=engine.name, error=str(result))
            elif isinstance(result, BaseException):
                raise result

    async def close(self) -> None:
        await self.jobs.close()
        await asyncio.gather(*(lane.close() for lane in self._lanes.values()))
        await asyncio.gather(*(engine.close() for engine in self.engines.values()))
        await self._shelf.close()
        await self.cache.close()
        self._executor.shutdown(cancel_futures=True)

    def _pipeline(self, current: Current) -> Pipeline:
        router = Router(
            self.catalogue,
            self.engines,
            current,
            lexicon=self._lexicon,
            emulation=Emulation(self._settings.pitch_emulation_max_semitones),
            level_lufs=self._settings.level_lufs if self._settings.level else None,
        )
        patience = Patience(fallback_reserve_s=self._settings.fallback_reserve_s)
        return Pipeline(
            router=router,
            cache=self.cache,
            flights=Flights[Found](),
            failover=Failover(router, patience, self.clock, self._recorder),
            stage=self._stage(router),
            entropy=self.entropy,
        )

    def _stage(self, router: Router) -> Stage:
        settings, recorder = self._settings, self._recorder
        threads, levels = self._threads, Levels()
        synthesis = Synthesis(self._lane, threads, levels, self.clock, recorder)
        rules = StreamRules(gap_s=settings.stream_gap_s, go_on=settings.stream_on_failure == "continue")
        return Stage(
            router=router,
            streams=Streams(synthesis, levels, threads, rules),
            synthesis=synthesis,
            accounts=Accounts(recorder),
            recorder=recorder,
            clock=self.clock,
            threads=threads,
            shelf=self._shelf,
        )

    def _jobs(self) -> Jobs:
        settings = self._settings
        files = JobFiles(settings.data_dir / "jobs")
        rules = JobRules(settings.jobs_at_once, settings.jobs_waiting, settings.jobs_kept_s)
        return Jobs(self.pipeline, files, self._threads, self.clock, self.entropy, rules)

    def _engine(self, name: str, options: Mapping[str, Any]) -> Engine:
        engine = self._create(name, options)
        return engine if self.board is None else FaultyEngine(engine, self.board, self.clock)

    def _lane(self, name: LaneName) -> Lane:
        lane = self._lanes.get(name)
        if lane is None:
            limits = _lane_limits(self._settings, self.catalogue.quotas.get((name.engine, name.family), Quota()))
            lane = self._lanes[name] = Lane(name, self.engines[name.engine], limits, self.clock, self._recorder)
        return lane


def _engine_names(catalogue: Catalogue) -> set[str]:
    return {spec.engine for spec in catalogue.arms.values()}


def _cache(settings: Settings, clock: SystemClock) -> AudioCache:
    memory = MemoryCache(max_bytes=settings.cache_memory_bytes, max_age_s=settings.cache_max_age_s, clock=clock)
    if not settings.cache_disk_bytes:
        return memory if settings.workers == 1 else TieredCache(memory, [])
    folder = open_folder(settings.data_dir / "audio", clock.now_s())
    limits = BlobLimits(settings.cache_disk_bytes, settings.cache_max_age_s)
    return TieredCache(memory, [BlobCache(folder, limits, clock)])


def _waits(settings: Settings) -> ShelfWaits:
    """A caller who waits little for the audio waits less for its file."""
    waits = ShelfWaits()
    return waits._replace(settled_s=min(waits.settled_s, settings.request_timeout_s / 2))


def _lane_limits(settings: Settings, quota: Quota) -> LaneLimits:
    return LaneLimits(
        AdmissionLimits(settings.max_concurrency, settings.max_queue),
        BreakerRules(settings.breaker_failures, settings.breaker_cool_down_s),
        quota,
        settings.workers,
        settings.jobs_calls,
    )
