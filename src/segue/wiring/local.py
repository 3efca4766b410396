"""Speech without a server: for one text on the command line."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from segue.core.assign import Routing
from segue.engines import registry as engine_registry
from segue.service.current import Current
from segue.service.found import Answer
from segue.telemetry.prometheus import PrometheusRecorder
from segue.wiring.speech import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.config.schema import Settings

__all__ = ["Answer", "local_speech"]


@asynccontextmanager
async def local_speech(settings: Settings) -> AsyncIterator[Speech]:
    """Engines started, both arms open to whoever forces them, nothing kept on disk."""
    alone = settings.model_copy(update={"cache_disk_bytes": 0, "fault_injection": False})
    recorder = PrometheusRecorder(CollectorRegistry())
    speech = Speech(alone, Current(Routing(enabled=True, fallback=False)), recorder, engine_registry.create)
    await speech.start()
    try:
        yield speech
    finally:
        await speech.close()
