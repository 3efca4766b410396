"""The only place where parts are put together: settings in, a running service out."""

from __future__ import annotations

import gc
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import stamina.instrumentation
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from segue.api.bodies import Bodies
from segue.api.build import Parts, build_api
from segue.api.context import Context
from segue.api.control.config import Effective
from segue.api.identity import Identity, UnitRules
from segue.config.load import load_settings
from segue.core.rollout import effective_share
from segue.core.speech import UnitSource
from segue.engines import registry as engine_registry
from segue.service.current import Current
from segue.system.clock import SystemClock
from segue.system.heap import HeapTrimmer, heap_trim
from segue.telemetry.flush import Flusher
from segue.telemetry.logs import AccessLog, LogFormat, LoggingRecorder, configure_logging
from segue.telemetry.meter import Meter
from segue.telemetry.prometheus import PrometheusRecorder, bury_dead_workers, exposed
from segue.telemetry.standing import RolloutExporter
from segue.telemetry.summary import summarize
from segue.wiring.effective import effective_settings
from segue.wiring.google_grpc import google_grpc
from segue.wiring.rollout import Rollout, routing_at_boot
from segue.wiring.speech import Speech
from segue.wiring.wyoming import wyoming

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.api.app import Doors
    from segue.config.load import Loaded
    from segue.config.schema import Settings
    from segue.ports.recorder import Recorder
    from segue.wiring.speech import CreateEngine


class Service:
    """A whole replica: speech, the history it follows, and the doors."""

    def __init__(self, loaded: Loaded, create: CreateEngine = engine_registry.create) -> None:
        settings = self._settings = loaded.settings
        registry = CollectorRegistry()
        self._metrics = PrometheusRecorder(registry)
        self._readable = exposed(registry, self._metrics)
        meter = Meter(self._metrics, SystemClock())
        recorder = LoggingRecorder(meter, access=AccessLog(settings.access_log), with_text=settings.log_text)
        routing = routing_at_boot(settings)
        locked_off = "chirp3_enabled" in loaded.from_environment and not settings.chirp3_enabled
        self.current = Current(routing, locked_off=locked_off)
        self.speech = Speech(settings, self.current, recorder, create)
        self._metrics.arms_are({arm: spec.model for arm, spec in self.speech.catalogue.arms.items()})
        self._metrics.awaits_units_of(self.speech.catalogue.characters)
        exporter = RolloutExporter(self._metrics)
        self._rollout = Rollout(settings, self.current, meter, self.speech.clock, self._routing_taken, exporter)
        self._flusher = Flusher(self._metrics.flush, self.speech.clock)
        self._trimmer = HeapTrimmer(heap_trim(), self.speech.clock)
        effective = Effective(effective_settings(loaded), self.speech.catalogue)
        parts = self._parts(recorder, effective)
        self.api = build_api(parts)
        self.context = parts.context
        self.google_grpc = google_grpc(settings, parts.context, self.speech.engines)
        self.wyoming = wyoming(settings, parts.context, self.speech.engines)

    def _routing_taken(self, current: Current) -> None:
        self._metrics.routing_changed(effective_share(current.routing), current.revision)

    def _parts(self, recorder: Recorder, effective: Effective) -> Parts:
        settings, speech = self._settings, self.speech
        context = Context(
            pipeline=speech.pipeline,
            catalogue=speech.catalogue,
            cache=speech.cache,
            clock=speech.clock,
            recorder=recorder,
            identity=Identity(speech.entropy, _unit_rules(settings)),
            bodies=Bodies(),
            request_timeout_s=settings.request_timeout_s,
            max_body_bytes=settings.max_body_bytes,
            cache_max_age_s=settings.cache_max_age_s,
            public_url=settings.public_url.rstrip("/"),
            max_input_chars=settings.max_input_chars,
        )
        return Parts(
            context=context,
            engines=speech.engines,
            control=self._rollout.control,
            effective=effective,
            feed=self._rollout.feed,
            reporter=self._rollout.reporter,
            jobs=speech.jobs,
            board=speech.board,
            admin_token=settings.admin_token.get_secret_value() if settings.admin_token else None,
            summary=lambda: summarize(self._readable),
            exposition=self._exposition,
            lifespan=lambda _: self.running(),
        )

    def _exposition(self, accept: str) -> tuple[bytes, str]:
        encoder, content_type = choose_encoder(accept)
        return encoder(self._readable), content_type

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Engines first, then the history; closed in the opposite order."""
        bury_dead_workers()
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._flusher.close)
            self._flusher.start()
            stack.push_async_callback(self._trimmer.close)
            self._trimmer.start()
            stack.push_async_callback(self.speech.close)
            await self.speech.start()
            await stack.enter_async_context(self._rollout.running())
            if self.google_grpc is not None:
                await stack.enter_async_context(self.google_grpc.running())
            if self.wyoming is not None:
                await stack.enter_async_context(self.wyoming.running())
            gc.collect()
            gc.freeze()
            yield


def _unit_rules(settings: Settings) -> UnitRules:
    return UnitRules(
        tuple(UnitSource(source) for source in settings.unit_sources),
        settings.unit_end_user_header,
        settings.unit_cookie,
        settings.rollout_id,
    )


def app() -> Doors:
    """The ASGI application, as settings in the environment say; what worker processes are made by."""
    loaded = load_settings(os.environ)
    configure_logging(loaded.settings.log_level, LogFormat(loaded.settings.log_format))
    # Its own hooks would count into the registry that all workers share, beside the catalogue.
    stamina.instrumentation.set_on_retry_hooks(())
    return Service(loaded).api
