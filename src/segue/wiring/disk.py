"""Builds what uses the data directory's disk: the check of free space, the audio cache, threads for job files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.errors import ConfigurationError
from segue.kernel.telemetry import catalog
from segue.speech.cache.blobs import BUCKET, BlobCache, BlobLimits, open_bucket, open_folder
from segue.speech.cache.guarded import GuardedCache, GuardLimits
from segue.speech.cache.memory import MemoryCache
from segue.speech.cache.tiered import TieredCache
from segue.speech.service.disk_threads import DiskThreads
from segue.system.daemon_pool import DaemonPool
from segue.system.disk_room import DiskRoom

if TYPE_CHECKING:
    from collections.abc import Callable

    from obstore.store import ObjectStore

    from segue.config.schema import Settings
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.health import PartHealth
    from segue.kernel.telemetry.catalog import Metric
    from segue.speech.ports.cache import AudioCache

_FILE_THREADS = 8
_FILES_WITHIN_S = 10.0
"""Longer than a disk that is only busy needs for one part of a long text's audio."""


class Disk:
    """The components that wait for the disk. ``shows`` sets a gauge without labels."""

    def __init__(
        self, settings: Settings, clock: Clock, shows: Callable[[Metric, float], None] = lambda *_: None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._shows = shows
        self._pools = DaemonPool(1, "disk-room"), DaemonPool(_FILE_THREADS, "job-files")
        look, files = self._pools
        self.room = DiskRoom(settings.data_dir, settings.min_free_bytes, look, clock, self._room_seen)
        self.files = DiskThreads(files, places=_FILE_THREADS, limit_s=_FILES_WITHIN_S)
        self._guard: GuardedCache | None = None

    def cache(self) -> AudioCache:
        settings, clock = self._settings, self._clock
        max_age_s = settings.cache_max_age_s
        memory = MemoryCache(max_bytes=settings.cache_memory_bytes, max_age_s=max_age_s, clock=clock)
        if settings.audio_url:
            bucket = BlobCache(bucket_of(settings), BlobLimits(None, max_age_s), clock, source=BUCKET)
            self._guard = GuardedCache(
                bucket, _guard_limits(settings), clock, self._cache_changed, place="the store of SEGUE_AUDIO_URL"
            )
            return TieredCache(memory, [self._guard])
        if not settings.cache_disk_bytes:
            return memory if settings.workers == 1 else TieredCache(memory, [])
        folder = open_folder(settings.data_dir / "audio", clock.now_s())
        blobs = BlobCache(folder, BlobLimits(settings.cache_disk_bytes, max_age_s), clock, self.room)
        self._guard = GuardedCache(blobs, _guard_limits(settings), clock, self._cache_changed)
        return TieredCache(memory, [self._guard])

    def health(self) -> list[PartHealth]:
        cache = [] if self._guard is None else [self._guard.health()]
        return [self.room.health(), *cache, self.files.health()]

    async def start(self) -> None:
        self._cache_changed(left_alone=False)
        await self.room.start()
        if self._settings.audio_url and self._guard is not None:
            await self._guard.stands(_NOTHING)  # logs why the bucket cannot be used, if it cannot

    async def close(self) -> None:
        await self.room.close()
        for pool in self._pools:
            pool.shutdown()

    def _room_seen(self, free_bytes: int | None, has_room: bool) -> None:  # noqa: FBT001 - a callback's signature
        self._shows(catalog.DISK_FREE, float(free_bytes or 0))
        self._shows(catalog.DISK_SHORT, float(not has_room))

    def _cache_changed(self, left_alone: bool) -> None:  # noqa: FBT001 - a callback's signature
        self._shows(catalog.CACHE_LEFT_ALONE, float(left_alone))


_NOTHING = "0" * 40
"""A key that no audio has."""


def bucket_of(settings: Settings) -> ObjectStore:
    """The bucket for audio.

    Raises:
        ConfigurationError: its URL, or the vendor's environment variables, are not valid.
    """
    try:
        return open_bucket(settings.audio_url)
    except ValueError as error:
        raise ConfigurationError([f"SEGUE_AUDIO_URL: {error}"]) from None


def check_audio_url(settings: Settings) -> None:
    """Raises ConfigurationError for the same faults as ``bucket_of``."""
    if settings.audio_url:
        bucket_of(settings)


def _guard_limits(settings: Settings) -> GuardLimits:
    """Limits the wait for a file to a quarter of the request timeout."""
    return GuardLimits(read_s=min(settings.disk_timeout_s, settings.request_timeout_s / 4))
