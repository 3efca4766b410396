"""Cache entries as objects in a store (a folder, or a bucket that obstore supports), limited in bytes and age.

Several processes may share one store. An object is written completely or not at all, and is verified when it is
read.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from segue.kernel.ports.disk import EndlessRoom
from segue.speech.cache.entry import pack, unpack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from obstore.store import ObjectStore

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.disk import Room
    from segue.speech.ports.cache import CacheEntry

FILE, BUCKET = "file", "bucket"
"""Names of sources, for metrics and headers."""

_BUCKETS = ("s3", "gs", "az")
_WRITE = "expected s3://bucket/prefix, gs://bucket/prefix or az://account/container/prefix"
_CONNECTS_WITHIN, _ANSWERS_WITHIN = "2s", "10s"
_RETRIES = 1
_KEEP_RATIO = 0.9
"""A sweep deletes down to this part of the limit, so that sweeps are rare."""

_SWEEP_EVERY_S = 3600.0
_STALE_AFTER_S = 60.0
_CLOSES_WITHIN_S = 5.0

_SUFFIX = ".segue"
_LONG_BYTES = 1024 * 1024

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class BlobLimits:
    """``max_bytes`` None: nothing is deleted here, because the store has rules of its own for that."""

    max_bytes: int | None
    max_age_s: float


class BlobCache:
    """Implements ``segue.speech.ports.cache.AudioCache`` over an obstore store. ``source`` is its name."""

    def __init__(
        self,
        store: ObjectStore,
        limits: BlobLimits,
        clock: Clock,
        room: Room | None = None,
        *,
        source: str = FILE,
    ) -> None:
        self._store = store
        self._source = source
        self._room = room or EndlessRoom()
        self._limits = limits
        self._clock = clock
        self._log = structlog.get_logger("segue.cache")
        self._swept_bytes: int | None = None
        self._added_bytes = 0
        self._swept_at_s = 0.0
        self._sweeping: asyncio.Task[None] | None = None

    def peek(self, key: str) -> tuple[CacheEntry, str] | None:  # noqa: ARG002 - nothing is available at once
        return None

    def hold(self, key: str, entry: CacheEntry) -> None:
        pass

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        import obstore
        from obstore.exceptions import BaseError

        try:
            found = await obstore.get_async(self._store, _path(key))
            stored = bytes(await found.bytes_async())
        except FileNotFoundError:
            return None
        except (BaseError, OSError) as error:
            self._log.warning("cache_read_failed", key=key, error=_told(error), effect="treated as a miss")
            return None
        entry = await _off_the_loop(unpack, stored, len(stored))
        if entry is None:
            self._log.warning("cache_entry_corrupt", key=key, bytes=len(stored), effect="treated as a miss")
            return None
        if self._clock.now_s() - entry.stored_at_s > self._limits.max_age_s:
            return None
        return entry, self._source

    async def put(self, key: str, entry: CacheEntry) -> bool:
        """Stores the entry unless it is larger than the whole cache, or the disk is short of space.

        A store that fails only causes a warning; the response is not affected.
        """
        import obstore
        from obstore.exceptions import BaseError

        if not self._room.has_room:
            return False
        stored = await _off_the_loop(pack, entry, len(entry.audio.data))
        most_bytes = self._limits.max_bytes
        if most_bytes is not None and len(stored) > most_bytes * _KEEP_RATIO:
            return False
        try:
            await obstore.put_async(self._store, _path(key), stored)
        except (BaseError, OSError) as error:
            self._log.warning("cache_write_failed", key=key, error=_told(error), effect="the audio is not stored")
            return False
        if most_bytes is not None and self._sweep_due(len(stored), most_bytes):
            self._start_sweep(most_bytes)
        return True

    async def stands(self, key: str) -> bool:
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.head_async(self._store, _path(key))
        except FileNotFoundError:
            return False
        except (BaseError, OSError) as error:
            self._log.warning("cache_read_failed", key=key, error=_told(error), effect="treated as not stored")
            return False
        return True

    async def drop(self, key: str) -> bool:
        """Leaves a mark with the time for processes that have the entry in memory.

        A sweep removes marks like entries.
        """
        import obstore
        from obstore.exceptions import BaseError

        try:
            await obstore.put_async(self._store, _mark(key), repr(self._clock.now_s()).encode())
            await _delete_quietly(self._store, _path(key))
        except (BaseError, OSError) as error:
            self._log.warning("cache_drop_failed", key=key, error=_told(error), effect="it may still be served")
            return False
        return True

    async def dropped_at_s(self, key: str) -> float:
        import obstore
        from obstore.exceptions import BaseError

        try:
            found = await obstore.get_async(self._store, _mark(key))
            return float(bytes(await found.bytes_async()))
        except FileNotFoundError:
            return 0.0
        except (BaseError, OSError, ValueError) as error:
            self._log.warning("cache_read_failed", key=key, error=_told(error), effect="treated as not dropped")
            return 0.0

    async def close(self) -> None:
        """Waits for the sweep in progress, but not for a store that hangs."""
        if self._sweeping is None:
            return
        await asyncio.wait({self._sweeping}, timeout=_CLOSES_WITHIN_S)
        if not self._sweeping.done():
            self._log.warning("cache_sweep_left", effect="the next sweep deletes what this one did not")
            self._sweeping.cancel()

    def _sweep_due(self, added_bytes: int, most_bytes: int) -> bool:
        self._added_bytes += added_bytes
        if self._swept_bytes is None or self._swept_bytes + self._added_bytes > most_bytes:
            return True
        return self._clock.now_s() - self._swept_at_s > min(_SWEEP_EVERY_S, self._limits.max_age_s)

    def _start_sweep(self, most_bytes: int) -> None:
        if self._sweeping is None or self._sweeping.done():
            self._sweeping = asyncio.create_task(self._sweep(most_bytes), name="cache-sweep")

    async def _sweep(self, most_bytes: int) -> None:
        """Counts the entries, deletes those that are too old, and then the oldest ones until the rest fits."""
        import obstore
        from obstore.exceptions import BaseError

        self._added_bytes = 0  # the listing may or may not include entries that are put from now on
        try:
            listed = [meta async for page in obstore.list(self._store) for meta in page]
            found = [meta for meta in listed if meta["path"].endswith(_SUFFIX)]
            found.sort(key=lambda meta: meta["last_modified"])
            total_bytes = sum(meta["size"] for meta in found)
            doomed = []
            for meta in found:
                age_s = self._clock.now_s() - meta["last_modified"].timestamp()
                if age_s <= self._limits.max_age_s and total_bytes <= most_bytes * _KEEP_RATIO:
                    break
                doomed.append(meta["path"])
                total_bytes -= meta["size"]
            for path in doomed:
                await _delete_quietly(self._store, path)
            self._swept_bytes, self._swept_at_s = total_bytes, self._clock.now_s()
        except (BaseError, OSError) as error:
            self._log.warning("cache_sweep_failed", error=_told(error), effect="the cache may exceed its limit")


async def _off_the_loop(work: Callable[[T], R], what: T, size_bytes: int) -> R:
    """Runs the work for long audio in a thread.

    The digest of 60 MB would block the event loop for a tenth of a second.
    """
    return work(what) if size_bytes < _LONG_BYTES else await asyncio.to_thread(work, what)


async def _delete_quietly(store: ObjectStore, path: str) -> None:
    import obstore

    try:
        await obstore.delete_async(store, path)
    except FileNotFoundError:
        return  # another process deleted it first


def _told(error: Exception) -> str:
    """The first line, because obstore appends its internals."""
    return next(iter(str(error).splitlines()), type(error).__name__)


def _path(key: str) -> str:
    return f"{key[:2]}/{key[2:]}{_SUFFIX}"


def _mark(key: str) -> str:
    return f"{key[:2]}/{key[2:]}.dropped{_SUFFIX}"


def open_folder(folder: Path, now_s: float) -> ObjectStore:
    """A store in a folder, which is created if it is missing.

    Removes files that a killed process has left incomplete.
    """
    from obstore.store import LocalStore

    folder.mkdir(parents=True, exist_ok=True)
    for staged in folder.glob(f"??/*{_SUFFIX}#*"):
        with suppress(OSError):  # another worker removed it first, or it cannot be removed, which does no harm
            if now_s - staged.stat().st_mtime > _STALE_AFTER_S:
                staged.unlink()
    return LocalStore(prefix=folder)


def open_bucket(url: str) -> ObjectStore:
    """A bucket, at ``s3://``, ``gs://`` or ``az://``. Nothing is asked of it yet.

    Its credentials and region, and another endpoint, are in the vendor's environment variables. Only an endpoint
    that is given there is called without TLS, if it begins with ``http://``.

    Raises:
        ValueError: the URL or the environment is not valid.
    """
    from obstore.exceptions import BaseError
    from obstore.store import AzureStore, from_url

    scheme, _, rest = url.partition("://")
    account, _, path = rest.partition("/")
    container, _, prefix = path.partition("/")
    if scheme not in _BUCKETS or (scheme == "az" and not (account and container)):
        raise ValueError(_WRITE)
    options: dict[str, Any] = {
        "client_options": {
            "connect_timeout": _CONNECTS_WITHIN,
            "timeout": _ANSWERS_WITHIN,
            "allow_http": True,
        },
        "retry_config": {"max_retries": _RETRIES},
    }
    try:
        if scheme != "az":
            return from_url(url, **options)
        # obstore's own URLs of Azure have no account.
        return AzureStore(container, account_name=account, prefix=prefix.rstrip("/") or None, **options)
    except (BaseError, OSError) as error:
        raise ValueError(_told(error)) from error
