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


class ShelfWaits(NamedTuple):
    """How long a store is waited for that does not answer: by who needs one entry to stand, and at the end."""

    settled_s: float = 5.0
    close_s: float = 10.0


class _Writing(NamedTuple):
    audio_id: str
    size_bytes: int


class Shelf:
    """The cache, as those see it who have made something: at hand at once, written while the answer leaves."""

    def __init__(
        self, cache: AudioCache, clock: Clock, recorder: Recorder, waits: ShelfWaits | None = None
    ) -> None:
        self._cache = cache
        self._waits = waits or ShelfWaits()
        self._clock = clock
        self._recorder = recorder
        self._log = structlog.get_logger("segue.cache")
        self._writing: dict[asyncio.Task[bool], _Writing] = {}
        self._waiting_bytes = 0

    def put(self, audio_id: str, leg: Leg, character_key: str, audio: EncodedAudio) -> None:
        """Keeps the audio of a leg under this name; under none where that is empty."""
        way = leg.way
        if audio_id:
            entry = CacheEntry(audio, way.voice.label, way.model, self._clock.now_s())
            self._cache.hold(audio_id, entry)
            self._write(audio_id, entry)
        self._recorder.kept(way.model, character_key, len(audio.data))

    async def settled(self, audio_id: str) -> bool:
        """Whether other processes find the audio, once it is written; written anew where it went missing. A store
        that does not answer is not waited for long.
        """
        try:
            async with asyncio.timeout(self._waits.settled_s):
                return await self._stands(audio_id)
        except TimeoutError:
            self._log.warning(
                "cache_write_slow",
                key=audio_id,
                waited_s=self._waits.settled_s,
                effect="a URL was answered that other processes may not serve",
            )
            return False

    async def close(self) -> None:
        """Waits for what is being written, and leaves what a store keeps hanging."""
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
            effect="the store did not take them in time; what they hold is made again when it is asked for",
        )
        for task in left:
            task.cancel()

    async def _stands(self, audio_id: str) -> bool:
        writing = [task for task, one in self._writing.items() if one.audio_id == audio_id]
        if not writing:
            if await self._cache.stands(audio_id):
                return True
            writing = self._written_anew(audio_id)
        if not writing:
            return False
        await asyncio.wait(writing)
        return any(_was_kept(task) for task in writing)

    def _written_anew(self, audio_id: str) -> list[asyncio.Task[bool]]:
        """Memory goes on with an entry that is asked for often, and whose file has been swept for its age."""
        at_hand = self._cache.peek(audio_id)
        task = self._write(audio_id, at_hand[0]) if at_hand is not None else None
        return [] if task is None else [task]

    def _write(self, audio_id: str, entry: CacheEntry) -> asyncio.Task[bool] | None:
        size_bytes = len(entry.audio.data)
        if self._writing and self._waiting_bytes + size_bytes > _MOST_WAITING_BYTES:
            self._log.warning(
                "cache_write_skipped",
                key=audio_id,
                waiting_bytes=self._waiting_bytes,
                effect="the audio is kept in memory alone: the store is slower than the engines",
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
                "cache_write_failed", key=audio_id, error=repr(error), effect="the answer was not kept"
            )


def _was_kept(task: asyncio.Task[bool]) -> bool:
    return not task.cancelled() and task.exception() is None and task.result()
