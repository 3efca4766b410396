"""Builds a running service from settings."""

from __future__ import annotations

import gc
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import stamina.instrumentation
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from segue.api.bodies import Bodies
from segue.api.build import ApiParts, Shown, build_api
from segue.api.context import Context
from segue.api.control.config import Effective
from segue.api.identity import Identity, UnitRules
from segue.config.load import load_settings
from segue.kernel.arms import UnitSource
from segue.kernel.assign import reaches_more
from segue.kernel.telemetry.fan_out import FanOut
from segue.kernel.telemetry.flush import Flusher
from segue.kernel.telemetry.logs import AccessLog, LogFormat, LoggingRecorder, configure_logging
from segue.kernel.telemetry.prometheus import MULTIPROC_DIR, PrometheusRecorder, bury_dead_workers, exposed
from segue.kernel.telemetry.shared_files import reserve_room
from segue.kernel.telemetry.summary import summarize
from segue.rollout.core.rollout import effective_share
from segue.rollout.evidence.meter import Meter
from segue.rollout.evidence.standing import RolloutExporter
from segue.speech.core.text.written import TextFormat
from segue.speech.service.current import Current
from segue.system.clock import SystemClock
from segue.system.heap import HeapTrimmer, heap_trim
from segue.transport.leaving import Leaving
from segue.wiring.access import Access
from segue.wiring.disk import Disk
from segue.wiring.effective import effective_settings
from segue.wiring.engines import engines_by
from segue.wiring.fingerprint import fingerprint
from segue.wiring.google_grpc import google_grpc
from segue.wiring.rollout import ReplicaFollowers, Rollout, Voices, routing_at_boot, store_of
from segue.wiring.secrets import Secrets
from segue.wiring.speech import Speech
from segue.wiring.transport import connections_of
from segue.wiring.usage import UsageParts
from segue.wiring.wyoming import wyoming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.access.counts import SharedCounts
    from segue.api.app import ApiApp
    from segue.config.load import Loaded
    from segue.config.schema import Settings
    from segue.kernel.assign import Routing
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.core.catalogue import Catalogue
    from segue.wiring.engines import CreateEngine


def _log_of(settings: Settings) -> LoggingRecorder:
    return LoggingRecorder(access=AccessLog(settings.access_log), with_text=settings.log_text)


class RoutingTaken:
    """Called for each routing that this replica applies. ``routing`` is the one at the start.

    A replica that is slow does not see each revision. If it has missed one, the candidate may have been switched
    off in between, as by a rollback that was resumed at once.
    """

    def __init__(self, metrics: PrometheusRecorder, speech: Speech, routing: Routing) -> None:
        self._metrics = metrics
        self._speech = speech
        self._before = routing
        self._revision = 0

    def __call__(self, current: Current) -> None:
        routing, share_ratio = current.routing, effective_share(current.routing)
        has_missed_one = current.revision > self._revision + 1
        if reaches_more(self._before, routing) or (has_missed_one and share_ratio > 0.0):
            self._speech.try_candidate_again()
        self._before, self._revision = routing, current.revision
        self._metrics.routing_changed(share_ratio, current.revision)


class Service:
    """A whole replica: speech, the rollout, and the APIs."""

    owns_process = False
    """Whether the process serves only this service until it ends. If so, whatever exists after the start is never
    examined for garbage again.
    """

    def __init__(
        self, loaded: Loaded, create: CreateEngine | None = None, counts: SharedCounts | None = None
    ) -> None:
        """``create`` creates engines; by default from the settings. ``counts``: see ``Access``."""
        settings = self._settings = loaded.settings
        registry = CollectorRegistry()
        self._metrics = PrometheusRecorder(registry)
        self._readable = exposed(registry, self._metrics)
        meter = Meter(self._metrics.counted, SystemClock(), salt=settings.rollout_id)
        self.leaving = Leaving()
        self.connections = connections_of(settings)
        self._usage = UsageParts(self._metrics)
        self.recorder = recorder = FanOut(self._metrics, meter, self._usage.counter, _log_of(settings))
        routing = routing_at_boot(settings)
        self.current = Current(routing, locked_off=loaded.locked_off)
        store = store_of(settings)
        self._secrets = Secrets(settings, store, self.current)
        disk = Disk(settings, SystemClock(), lambda metric, value: self._metrics.shows(metric, (), value))
        self.speech = Speech(settings, self.current, recorder, create or engines_by(settings), store.budgets, disk)
        self._usage.connect(settings, store, self.speech)
        _create_series(self._metrics, self.speech.catalogue)
        self.access = Access(settings, store, self.speech.clock, recorder, counts)
        following = ReplicaFollowers(
            self.current,
            meter,
            self.speech.shadow,
            RoutingTaken(self._metrics, self.speech, routing),
            self._secrets,
            self.access.follower,
        )
        voices = Voices(self.speech.catalogue, fingerprint(self.speech.catalogue, self.speech.engines))
        self._rollout = Rollout(
            settings, store, following, self.speech.clock, RolloutExporter(self._metrics), voices=voices
        )
        self._flusher = Flusher(self._usage.flush, self.speech.clock)
        self._trimmer = HeapTrimmer(heap_trim(), self.speech.clock)
        parts = self._parts(recorder, Effective(effective_settings(loaded), self.speech.catalogue))
        self.api = build_api(parts)
        self.context = parts.context
        self.google_grpc = google_grpc(settings, parts.context, self.speech.engines)
        self.wyoming = wyoming(settings, parts.context, self.speech.engines, self.connections)

    def _parts(self, recorder: Recorder, effective: Effective) -> ApiParts:
        settings, speech = self._settings, self.speech
        context = Context(
            pipeline=speech.pipeline,
            catalogue=speech.catalogue,
            cache=speech.cache,
            clock=speech.clock,
            threads=speech.threads,
            recorder=recorder,
            identity=Identity(speech.entropy, _unit_rules(settings)),
            bodies=Bodies(),
            request_timeout_s=settings.request_timeout_s,
            max_body_bytes=settings.max_body_bytes,
            cache_max_age_s=settings.cache_max_age_s,
            public_url=settings.public_url.rstrip("/"),
            max_input_chars=settings.max_input_chars,
            links=self._secrets.links,
            callers=self.access.callers if self.access.is_required else None,
            text_format=TextFormat(settings.text_format),
            limiter=self.access.limiter,
        )
        return ApiParts(
            context=context,
            engines=speech.engines,
            control=self._rollout.control,
            effective=effective,
            feed=self._rollout.feed,
            reporter=self._rollout.reporter,
            traffic=self._rollout.traffic,
            jobs=speech.jobs,
            health=lambda: [*speech.health(), *self.access.health()],
            board=speech.board,
            operators=self.access.operators,
            keys=self.access.register,
            usage=self._usage.book,
            summary=lambda: summarize(self._readable),
            exposition=self._exposition,
            stopping=self.leaving.stopping,
            shown=Shown(docs=settings.api_docs, metrics=settings.metrics),
            lifespan=lambda _: self.running(),
        )

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        encoder, content_type = choose_encoder(accept)
        return encoder(self._readable), content_type

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Starts the engines, then the rollout, then the APIs, and closes them in the opposite order."""
        bury_dead_workers()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._flusher.close)
            self._flusher.start()
            stack.push_async_callback(self._trimmer.close)
            self._trimmer.start()
            stack.push_async_callback(self.speech.close)
            await self.speech.start()
            await stack.enter_async_context(self._rollout.running())
            stack.push_async_callback(self._usage.book.close)
            self._usage.book.start()
            stack.push_async_callback(self.speech.stop_background_work)  # before its usage is written
            await stack.enter_async_context(self.access.running())
            if self.google_grpc is not None:
                await stack.enter_async_context(self.google_grpc.running())
            if self.wyoming is not None:
                await stack.enter_async_context(self.wyoming.running())
            if self.owns_process:
                gc.collect()
                gc.freeze()
            yield


def _create_series(metrics: PrometheusRecorder, catalogue: Catalogue) -> None:
    metrics.arms_are({arm: spec.model for arm, spec in catalogue.arms.items()})
    metrics.awaits_units_of(catalogue.characters)


def _unit_rules(settings: Settings) -> UnitRules:
    return UnitRules(
        tuple(UnitSource(source) for source in settings.unit_sources),
        settings.unit_end_user_header,
        settings.unit_cookie,
        settings.rollout_id,
    )


def app() -> ApiApp:
    """The ASGI application with settings from the environment, for any ASGI server."""
    loaded = load_settings(os.environ)
    configure_logging(loaded.settings.log_level, LogFormat(loaded.settings.log_format))
    return service_of_process(loaded).api


def service_of_process(loaded: Loaded, counts: SharedCounts | None = None) -> Service:
    """The only service of this process. Its metrics, and its ``counts``, may be shared with other workers."""
    # stamina's own hooks would add metrics that are not in the catalogue to the registry that workers share.
    stamina.instrumentation.set_on_retry_hooks(())
    if MULTIPROC_DIR in os.environ:
        reserve_room()
    service = Service(loaded, counts=counts)
    service.owns_process = True
    return service
