"""The only place where parts are put together: settings in, a running service out."""

from __future__ import annotations

import gc
import os
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import structlog
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from segue.api.build import Parts, build_api
from segue.api.context import Context
from segue.api.control.routes import RolloutControl
from segue.api.identity import Identity
from segue.config.load import load_settings
from segue.controller.boot import boot
from segue.controller.follower import Follower
from segue.controller.ledger import Ledger
from segue.controller.reload import Reloader
from segue.core.assign import Routing
from segue.core.errors import Unavailable
from segue.core.rollout import effective_share
from segue.core.units import ppm_from_percent
from segue.engines import registry as engine_registry
from segue.service.current import Current
from segue.store.open import open_store
from segue.telemetry.flush import Flusher
from segue.telemetry.logs import AccessLog, LogFormat, LoggingRecorder, configure_logging
from segue.telemetry.prometheus import PrometheusRecorder, bury_dead_workers, exposed
from segue.telemetry.summary import summarize
from segue.wiring.speech import Speech

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
        recorder = LoggingRecorder(
            self._metrics, access=AccessLog(settings.access_log), with_text=settings.log_text
        )
        self._routing = routing_at_boot(settings)
        locked_off = "chirp3_enabled" in loaded.from_environment and not settings.chirp3_enabled
        self.current = Current(self._routing, locked_off=locked_off)
        self.speech = Speech(settings, self.current, recorder, create)
        self._store = open_store(
            settings.store_url.get_secret_value()
            if settings.store_url
            else f"sqlite:///{settings.data_dir}/segue.db"
        )
        self._ledger = Ledger(self._store.events, settings.rollout_id, self.speech.clock)
        self._follower = Follower(self._ledger, self._store.events, self._take, self.speech.clock)
        self._flusher = Flusher(self._metrics.flush, self.speech.clock)
        self._reloader = Reloader(settings.rollout_file, self._reread, self._ledger, self.speech.clock)
        self.api = build_api(self._parts(recorder))

    def _reread(self) -> Routing:
        return routing_at_boot(load_settings(os.environ).settings)

    def _take(self, routing: Routing, revision: int) -> None:
        if self.current.take(routing, revision):
            self._metrics.routing_changed(effective_share(self.current.routing), revision)

    def _parts(self, recorder: Recorder) -> Parts:
        settings, speech = self._settings, self.speech
        context = Context(
            pipeline=speech.pipeline,
            catalogue=speech.catalogue,
            cache=speech.cache,
            clock=speech.clock,
            recorder=recorder,
            identity=Identity(speech.entropy),
            request_timeout_s=settings.request_timeout_s,
            max_body_bytes=settings.max_body_bytes,
            cache_max_age_s=settings.cache_max_age_s,
            public_url=settings.public_url.rstrip("/"),
        )
        return Parts(
            context=context,
            engines=speech.engines,
            control=RolloutControl(self.current, self._ledger, self._follower, speech.catalogue, speech.clock),
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
            stack.push_async_callback(self.speech.close)
            await self.speech.start()
            stack.push_async_callback(self._store.close)
            stack.push_async_callback(self._follower.close)
            await self._join_history()
            stack.push_async_callback(self._reloader.close)
            self._reloader.start()
            gc.collect()
            gc.freeze()
            yield

    async def _join_history(self) -> None:
        try:
            await self._store.start()
            await boot(self._ledger, self._routing, actor="environment")
        except Unavailable as error:
            structlog.get_logger("segue.wiring").error("store_unreachable", error=str(error))
        await self._follower.start()


def app() -> Doors:
    """The ASGI application, as settings in the environment say; what worker processes are made by."""
    loaded = load_settings(os.environ)
    configure_logging(loaded.settings.log_level, LogFormat(loaded.settings.log_format))
    return Service(loaded).api


def routing_at_boot(settings: Settings) -> Routing:
    return Routing(
        enabled=settings.chirp3_enabled,
        share_ppm=ppm_from_percent(settings.chirp3_rollout_percentage),
        characters=frozenset(settings.chirp3_enabled_characters),
        fallback=settings.chirp3_fallback_to_wavenet,
        salt=settings.rollout_id,
    )
