"""What was made well is kept, and its size written down."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.ports.cache import CacheEntry

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio
    from segue.ports.cache import AudioCache
    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.router import Leg

_MOST_WAITING_BYTES = 64 * 1024 * 1024
"""Of audio on its way to a store that is slower than the engines; what is more stays in memory alone."""


class _Writing(NamedTuple):
    audio_id: str
    size_bytes: int


class Shelf:
    """The cache, as those see it who have made something: at hand at once, written while the answer leaves."""

    def __init__(self, cache: AudioCache, clock: Clock, recorder: Recorder) -> None:
        self._cache = cache
        self._clock = clock
        self._recorder = recorder
        self._log = structlog.get_logger("segue.cache")
        self._writing: dict[asyncio.Task[None], _Writing] = {}
        self._waiting_bytes = 0

    def put(self, audio_id: str, leg: Leg, character_key: str, audio: EncodedAudio) -> None:
        """Keeps the audio of a leg under this name; under none where that is empty."""
        way = leg.way
        if audio_id:
            entry = CacheEntry(audio, way.voice.label, way.model, self._clock.now_s())
            self._cache.hold(audio_id, entry)
            self._write(audio_id, entry)
        self._recorder.kept(way.model, character_key, len(audio.data))

    async def settled(self, audio_id: str) -> None:
        """Waits until the audio can be found by other processes too, as far as it ever will."""
        await self._done([task for task, writing in self._writing.items() if writing.audio_id == audio_id])

    async def close(self) -> None:
        """Waits for what is being written."""
        await self._done(list(self._writing))

    async def _done(self, tasks: list[asyncio.Task[None]]) -> None:
        if tasks:
            await asyncio.wait(tasks)

    def _write(self, audio_id: str, entry: CacheEntry) -> None:
        size_bytes = len(entry.audio.data)
        if self._writing and self._waiting_bytes + size_bytes > _MOST_WAITING_BYTES:
            self._log.warning(
                "cache_write_skipped",
                key=audio_id,
                waiting_bytes=self._waiting_bytes,
                effect="the audio is kept in memory alone: the store is slower than the engines",
            )
            return
        task = asyncio.create_task(self._cache.put(audio_id, entry), name="cache-write")
        self._writing[task] = _Writing(audio_id, size_bytes)
        self._waiting_bytes += size_bytes
        task.add_done_callback(self._written)

    def _written(self, task: asyncio.Task[None]) -> None:
        audio_id, size_bytes = self._writing.pop(task)
        self._waiting_bytes -= size_bytes
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.error(
                "cache_write_failed", key=audio_id, error=repr(error), effect="the answer was not kept"
            )
