"""Builds the speech half: catalogue, engines, cache and the pipeline that uses them."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from segue.config.catalogue_file import read_catalogue
from segue.config.pronunciations_file import read_pronunciations
from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable
from segue.kernel.ports.recorder import BulkheadName
from segue.speech.audio.finish import warm_up
from segue.speech.core.breaker import BreakerRules
from segue.speech.core.catalogue import Quota
from segue.speech.core.text.controls import Emulation
from segue.speech.engines.background import background_pool
from segue.speech.engines.faulty import FaultyEngine, InMemoryFaultBoard
from segue.speech.jobs.files import JobFiles
from segue.speech.ports.jobs import JobSize
from segue.speech.service.accounts import Accounts
from segue.speech.service.admission import AdmissionLimits
from segue.speech.service.answers import AudioResult
from segue.speech.service.bulkhead import Bulkhead, BulkheadLimits
from segue.speech.service.coalesce import SingleFlight
from segue.speech.service.day_budget import DayBudget, NoBudgets
from segue.speech.service.failover import Failover, Patience
from segue.speech.service.job_limits import JobLimits
from segue.speech.service.jobs import JobRules, Jobs
from segue.speech.service.levels import Levels
from segue.speech.service.pipeline import Pipeline
from segue.speech.service.progress import Progress, ProgressRules
from segue.speech.service.router import Router, SoundRules
from segue.speech.service.shadow import Shadow
from segue.speech.service.shadow_synthesis import ShadowAttempts, ShadowSynthesis
from segue.speech.service.shadow_work import ShadowWork
from segue.speech.service.stream_session import Dependencies
from segue.speech.service.streams import StreamRules, Streams
from segue.speech.service.synthesis import Synthesis
from segue.speech.service.threads import Threads
from segue.speech.service.write_behind import WriteBehindCache, WriteBehindWaits
from segue.system.clock import SystemClock, SystemEntropy
from segue.wiring.disk import Disk
from segue.wiring.engines import engines_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.config.schema import Settings
    from segue.kernel.ports.budgets import Budgets
    from segue.kernel.ports.health import PartHealth
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.ports.engine import Engine
    from segue.speech.service.current import Current
    from segue.wiring.engines import CreateEngine

_FINISHERS = 2
"""Threads that inspect and encode. The codecs release the interpreter's lock."""

_BACKGROUND_FINISHERS = 1
"""The same for background work, so that a listener's audio does not wait for it."""


_MOST_LARGE = 2
_MOST_SOUND_S = 900.0
"""Concurrent large responses in a bulkhead, and the duration of their audio together: about 300 MB of samples."""


class Speech:
    """The speech half: catalogue, engines, cache and the pipeline that uses them.

    Without ``budgets`` there are no shadow requests. Without ``disk`` no metrics of the disk are exported.
    """

    def __init__(
        self,
        settings: Settings,
        current: Current,
        recorder: Recorder,
        create: CreateEngine,
        budgets: Budgets | None = None,
        disk: Disk | None = None,
    ) -> None:
        self._create = create
        self.clock = SystemClock()
        self._disk = disk or Disk(settings, self.clock)
        self.entropy = SystemEntropy()
        self.board = InMemoryFaultBoard() if settings.fault_injection else None
        self.catalogue, options = read_catalogue(settings.profile)
        self.engines = self._engines(settings.profile, options)
        self.cache = self._disk.cache()
        self._settings = settings
        self._lexicon = read_pronunciations(settings.pronunciations)
        self._recorder = recorder
        self._bulkheads: dict[BulkheadName, Bulkhead] = {}
        self._executor = ThreadPoolExecutor(_FINISHERS, thread_name_prefix="finish")
        self._text_executor = ThreadPoolExecutor(1, thread_name_prefix="text")
        self._background_executor = background_pool(_BACKGROUND_FINISHERS, "finish-background")
        background = Threads(self._background_executor, self._text_executor)
        self.threads = Threads(self._executor, self._text_executor, background, self._disk.files)
        self.progress = Progress(self.clock, _progress_rules(settings))
        self._write_behind = WriteBehindCache(self.cache, self.clock, recorder, _waits(settings))
        self._patience = Patience(fallback_reserve_s=settings.fallback_reserve_s)
        self._rules = StreamRules(gap_s=settings.stream_gap_s, go_on=settings.stream_on_failure == "continue")
        router = self._router(current)
        self.shadow = self._shadow(router, budgets or NoBudgets())
        self.pipeline = self._pipeline(router)
        self.jobs = self._jobs()

    async def start(self) -> None:
        """Starts all engines concurrently. One that is not available yet is logged, and its breaker handles it."""
        log = structlog.get_logger("segue.wiring")
        warm = self.threads.run(warm_up)
        results = await asyncio.gather(
            *(engine.start() for engine in self.engines.values()), return_exceptions=True
        )
        await warm
        for name, result in zip(self.engines, results, strict=True):
            if isinstance(result, Unavailable):
                log.error("engine_not_started", engine=name, error=str(result))
            elif isinstance(result, BaseException):
                raise result
        await self._disk.start()
        self.jobs.start()

    def health(self) -> list[PartHealth]:
        """The health of all parts other than engines."""
        return [*self._disk.health(), self.progress.health()]

    async def stop_background_work(self) -> None:
        """Stops jobs and shadow requests, which may still call engines after the last listener was answered."""
        await self.jobs.close()
        await self.shadow.close()

    async def close(self) -> None:
        await self.stop_background_work()
        await asyncio.gather(*(bulkhead.close() for bulkhead in self._bulkheads.values()))
        await asyncio.gather(*(engine.close() for engine in self.engines.values()))
        await self._write_behind.close()
        await self.cache.close()
        await self._disk.close()
        self._executor.shutdown(cancel_futures=True)
        self._text_executor.shutdown(cancel_futures=True)
        self._background_executor.shutdown(cancel_futures=True)

    def try_candidate_again(self) -> None:
        """Calls the candidate's engines again, even if they have failed and are not called now.

        To be called when more listeners are sent to the candidate than before: whoever decided that takes it to
        be well. Otherwise their requests would be refused until the breakers have cooled down, and would count as
        failures of a candidate that has been repaired.
        """
        for bulkhead in self._bulkheads.values():
            if Arm.CANDIDATE in bulkhead.arms:
                bulkhead.put_on_trial()

    def _router(self, current: Current) -> Router:
        return Router(
            self.catalogue,
            self.engines,
            current,
            lexicon=self._lexicon,
            emulation=Emulation(self._settings.pitch_emulation_max_semitones),
            sound=SoundRules(
                self._settings.level_lufs if self._settings.level else None, self._settings.max_audio_s
            ),
        )

    def _pipeline(self, router: Router) -> Pipeline:
        return Pipeline(
            router=router,
            cache=self.cache,
            single_flight=SingleFlight[AudioResult](),
            failover=Failover(router, self.threads, self._patience, self.clock, self._recorder),
            dependencies=self._dependencies(router),
            entropy=self.entropy,
        )

    def _dependencies(self, router: Router) -> Dependencies:
        recorder, levels = self._recorder, Levels()
        synthesis = Synthesis(self._bulkhead, self.threads, levels, self.clock, recorder)
        return Dependencies(
            router=router,
            streams=Streams(synthesis, levels, self._rules),
            synthesis=synthesis,
            accounts=Accounts(recorder),
            recorder=recorder,
            clock=self.clock,
            write_behind=self._write_behind,
            shadow=self.shadow,
            progress=self.progress,
        )

    def _shadow(self, router: Router, budgets: Budgets) -> Shadow:
        recorder, levels = self._recorder, Levels()
        attempts = ShadowAttempts(recorder)
        synthesis = Synthesis(self._bulkhead, self.threads, levels, self.clock, attempts, spare=True)
        shadow_synthesis = ShadowSynthesis(synthesis, Streams(synthesis, levels, self._rules))
        budget = DayBudget(budgets, f"{self._settings.rollout_id}/shadow", self.clock)
        work = ShadowWork(router, self.cache, shadow_synthesis, budget, self._patience, recorder)
        return Shadow(work, self.clock, recorder, workers=self._settings.workers)

    def _jobs(self) -> Jobs:
        settings = self._settings
        files = JobFiles(settings.data_dir / "jobs", self._disk.room)
        rules = JobRules(
            running=settings.jobs_at_once,
            waiting=settings.jobs_waiting,
            kept_s=settings.jobs_kept_s,
            followers_by_job=settings.job_followers,
            followers=settings.jobs_followers,
            limits=_job_limits(settings),
            salt=settings.rollout_id,
        )
        return Jobs(self.pipeline, files, self.threads, self.clock, self.entropy, rules)

    def _engines(self, profile: str, options: Mapping[str, Mapping[str, Any]]) -> dict[str, Engine]:
        made = engines_of(profile, self.catalogue, options, self._create)
        if self.board is None:
            return made
        return {name: FaultyEngine(engine, self.board, self.clock, called=name) for name, engine in made.items()}

    def _bulkhead(self, name: BulkheadName, arm: Arm) -> Bulkhead:
        bulkhead = self._bulkheads.get(name)
        if bulkhead is None:
            engine, quota = (
                self.engines[name.engine],
                self.catalogue.quotas.get((name.engine, name.family), Quota()),
            )
            limits = _bulkhead_limits(self._settings, engine, quota)
            bulkhead = self._bulkheads[name] = Bulkhead(
                name, engine, limits, self.clock, self._recorder, recovered=self._probe_all
            )
        bulkhead.arms.add(arm)
        return bulkhead

    def _probe_all(self) -> None:
        """Called when an engine has recovered, because others may have failed for the same reason."""
        for bulkhead in self._bulkheads.values():
            bulkhead.probe_early()


def _waits(settings: Settings) -> WriteBehindWaits:
    """Limits the wait for a stored file to half of the request timeout."""
    waits = WriteBehindWaits()
    return waits._replace(settled_s=min(waits.settled_s, settings.request_timeout_s / 2))


def _bulkhead_limits(settings: Settings, engine: Engine, quota: Quota) -> BulkheadLimits:
    """The limits of a bulkhead.

    An engine on this machine gets two calls for each of its places and one more. It is then always busy, and the
    other requests wait in Segue's queue, which is fair and where waiting does not count as a failure of the
    engine.
    """
    places = getattr(engine, "places", None)
    calls = settings.max_concurrency if places is None else min(settings.max_concurrency, 2 * places + 1)
    return BulkheadLimits(
        AdmissionLimits(calls, settings.max_queue),
        BreakerRules(settings.breaker_failures, settings.breaker_cool_down_s),
        quota,
        settings.workers,
        settings.jobs_calls,
        AdmissionLimits(calls + 2 * _FINISHERS, settings.max_queue, settings.queue_wait_s),
        AdmissionLimits(_MOST_LARGE, settings.max_queue, settings.queue_wait_s, _MOST_SOUND_S),
    )


def _job_limits(settings: Settings) -> JobLimits:
    places = settings.jobs_at_once + settings.jobs_waiting
    return JobLimits(
        settings.jobs_per_caller or max(JobLimits().places, places // 4),
        JobSize(settings.job_max_bytes, settings.job_max_audio_s),
        JobSize(settings.jobs_caller_bytes, settings.jobs_caller_audio_s),
        JobSize(settings.jobs_total_bytes, settings.jobs_total_audio_s),
    )


def _progress_rules(settings: Settings) -> ProgressRules:
    """The rules, adapted to a short request timeout."""
    rules = ProgressRules()
    return replace(rules, long_s=min(rules.long_s, settings.request_timeout_s * 0.9))
