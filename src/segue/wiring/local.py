"""Speech without a server, for ``segue synth``."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry

from segue.kernel.assign import Routing
from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.speech.service.answers import Answer
from segue.speech.service.current import Current
from segue.wiring.engines import engines_by
from segue.wiring.speech import Speech

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.config.schema import Settings

__all__ = ["Answer", "local_speech"]


@asynccontextmanager
async def local_speech(settings: Settings) -> AsyncIterator[Speech]:
    """Speech with its engines started. Callers can force either arm. Nothing is written to disk."""
    alone = settings.model_copy(
        update={"cache_disk_bytes": 0, "audio_url": "", "fault_injection": False, "sheltered_processes": 1}
    )
    recorder = PrometheusRecorder(CollectorRegistry())
    speech = Speech(alone, Current(Routing(enabled=True, fallback=False)), recorder, engines_by(alone))
    await speech.start()
    try:
        yield speech
    finally:
        await speech.close()
