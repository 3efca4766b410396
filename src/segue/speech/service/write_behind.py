"""A write-behind cache: audio is available immediately and written to the store in the background."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import structlog

from segue.speech.ports.cache import CacheEntry

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.core.speech import EncodedAudio
    from segue.speech.ports.cache import AudioCache
    from segue.speech.service.router import Rendition

_MOST_WAITING_BYTES = 64 * 1024 * 1024
"""The limit of audio that waits to be written to a slow store. More than that is kept in memory only."""


class WriteBehindWaits(NamedTuple):
    """How long to wait for a store that does not respond: for one entry to become durable, and at shutdown."""

    settled_s: float = 5.0
    close_s: float = 10.0


class _Writing(NamedTuple):
    audio_id: str
    size_bytes: int


class WriteBehindCache:
    """The cache for new audio. An entry is available immediately, and is written while the response is sent."""

    def __init__(
        self, cache: AudioCache, clock: Clock, recorder: Recorder, waits: WriteBehindWaits | None = None
    ) -> None:
        self._cache = cache
        self._waits = waits or WriteBehindWaits()
        self._clock = clock
        self._recorder = recorder
        self._log = structlog.get_logger("segue.cache")
        self._writing: dict[asyncio.Task[bool], _Writing] = {}
        self._waiting_bytes = 0

    def put(self, audio_id: str, rendition: Rendition, character_key: str, audio: EncodedAudio) -> None:
        """Stores the audio of a rendition under this id; does nothing if the id is empty."""
        render_plan = rendition.render_plan
        if audio_id:
            entry = CacheEntry(audio, render_plan.voice.label, render_plan.model, self._clock.now_s())
            self._cache.hold(audio_id, entry)
            self._write(audio_id, entry)
        self._recorder.kept(render_plan.model, character_key, len(audio.data))

    async def settled(self, audio_id: str) -> bool:
        """Whether other processes can find the audio, once it has been written. Writes it again if it is missing.

        The wait for a store that does not respond is limited.
        """
        try:
            async with asyncio.timeout(self._waits.settled_s):
                return await self._stands(audio_id)
        except TimeoutError:
            self._log.warning(
                "cache_write_slow",
                key=audio_id,
                waited_s=self._waits.settled_s,
                effect="the response contains a URL that other processes may not be able to serve yet",
            )
            return False

    async def close(self) -> None:
        """Waits for pending writes, but not long for a store that hangs."""
        if not self._writing:
            return
        _, left = await asyncio.wait(list(self._writing), timeout=self._waits.close_s)
        if not left:
            return
        self._log.error(
            "cache_writes_left",
            entries=len(left),
            bytes=self._waiting_bytes,
            waited_s=self._waits.close_s,
            effect="the store did not write them in time; their audio is synthesized again when it is requested",
        )
        for task in left:
            task.cancel()

    async def _stands(self, audio_id: str) -> bool:
        writing = [task for task, one in self._writing.items() if one.audio_id == audio_id]
        if not writing:
            if await self._cache.stands(audio_id):
                return True
            writing = await self._written_anew(audio_id)
        if not writing:
            return False
        await asyncio.wait(writing)
        return any(_was_kept(task) for task in writing)

    async def _written_anew(self, audio_id: str) -> list[asyncio.Task[bool]]:
        """Writes an entry again if it is missing in the store.

        Memory can still have a frequently used entry whose file was deleted because of its age. An entry whose
        file was dropped counts as stored now, because its text has been requested again.
        """
        at_hand = self._cache.peek(audio_id)
        if at_hand is None:
            return []
        entry = at_hand[0]
        if entry.stored_at_s <= await self._cache.dropped_at_s(audio_id):
            entry = replace(entry, stored_at_s=self._clock.now_s())
            self._cache.hold(audio_id, entry)
        task = self._write(audio_id, entry)
        return [] if task is None else [task]

    def _write(self, audio_id: str, entry: CacheEntry) -> asyncio.Task[bool] | None:
        size_bytes = len(entry.audio.data)
        if self._writing and self._waiting_bytes + size_bytes > _MOST_WAITING_BYTES:
            self._log.warning(
                "cache_write_skipped",
                key=audio_id,
                waiting_bytes=self._waiting_bytes,
                effect="the audio is kept in memory only, because the store is slower than the engines",
            )
            return None
        task = asyncio.create_task(self._cache.put(audio_id, entry), name="cache-write")
        self._writing[task] = _Writing(audio_id, size_bytes)
        self._waiting_bytes += size_bytes
        task.add_done_callback(self._written)
        return task

    def _written(self, task: asyncio.Task[bool]) -> None:
        audio_id, size_bytes = self._writing.pop(task)
        self._waiting_bytes -= size_bytes
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._log.error(
                "cache_write_failed", key=audio_id, error=repr(error), effect="the audio is not cached in files"
            )


def _was_kept(task: asyncio.Task[bool]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result()
