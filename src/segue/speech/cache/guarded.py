"""Protects callers from a disk or a bucket that hangs.

The wait for the cache is limited, and the cache is bypassed while it does not respond.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from segue.kernel.ports.health import HealthLevel, PartHealth
from segue.kernel.ports.recorder import BreakerPhase
from segue.speech.core.breaker import Breaker, BreakerRules

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from segue.kernel.ports.clock import Clock
    from segue.speech.ports.cache import AudioCache, CacheEntry

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class GuardLimits:
    """The limits for access to the cache.

    ``at_once`` is the number of concurrent calls, including those that hang. Further calls wait for a slot within
    their own time limit.
    """

    read_s: float = 1.0
    write_s: float = 10.0
    at_once: int = 64
    failures_to_open: int = 3
    cool_down_s: float = 5.0


_NOT_CACHED = "the audio does not count as cached"
_NOT_FOUND = "the audio counts as not found"
_NOT_DROPPED = "the audio may still be in the cache"


class GuardedCache:
    """Implements ``segue.speech.ports.cache.AudioCache`` on top of another cache. A timeout counts as a miss.

    A call that hangs keeps its slot until it ends, and its result is not used. Until then its key is not read
    again, so that one bad file takes only one slot.
    """

    def __init__(
        self,
        cache: AudioCache,
        limits: GuardLimits,
        clock: Clock,
        changed: Callable[[bool], None],
        *,
        place: str = "the cache's disk",
    ) -> None:
        """``changed`` is called with True when the cache is bypassed from now on, and with False after that.

        ``place`` is what the cache waits for, in words.
        """
        self._cache = cache
        self._place = place
        self._limits = limits
        self._clock = clock
        self._changed = changed
        self._log = structlog.get_logger("segue.cache")
        self._places = asyncio.Semaphore(limits.at_once)
        self._breaker = Breaker(BreakerRules(limits.failures_to_open, limits.cool_down_s))
        self._under_way: set[asyncio.Task[Any]] = set()
        self._hanging: set[str] = set()
        self.peek = cache.peek
        self.hold = cache.hold

    def health(self) -> PartHealth:
        if self._breaker.lets_pass:
            return PartHealth("cache", HealthLevel.OK, f"{len(self._under_way)} reads and writes in progress")
        hanging = f"{self._place} does not respond, {len(self._under_way)} reads and writes hang"
        effect = "audio is synthesized again instead; check it, and the logs"
        return PartHealth("cache", HealthLevel.DEGRADED, f"{hanging}: {effect}")

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        if key in self._hanging:
            return None
        effect = "treated as a miss; the audio is synthesized again"
        return await self._asked(
            key, lambda: self._cache.get(key), self._limits.read_s, otherwise=None, effect=effect
        )

    async def put(self, key: str, entry: CacheEntry) -> bool:
        return await self._asked(
            key, lambda: self._cache.put(key, entry), self._limits.write_s, otherwise=False, effect=_NOT_CACHED
        )

    async def stands(self, key: str) -> bool:
        return await self._asked(
            key, lambda: self._cache.stands(key), self._limits.read_s, otherwise=False, effect=_NOT_FOUND
        )

    async def drop(self, key: str) -> bool:
        return await self._asked(
            key, lambda: self._cache.drop(key), self._limits.write_s, otherwise=False, effect=_NOT_DROPPED
        )

    async def dropped_at_s(self, key: str) -> float:
        return await self._asked(
            key, lambda: self._cache.dropped_at_s(key), self._limits.read_s, otherwise=0.0, effect=_NOT_FOUND
        )

    async def close(self) -> None:
        for task in self._under_way:
            task.cancel()
        await self._cache.close()

    async def _asked(
        self, key: str, call: Callable[[], Coroutine[Any, Any, T]], limit_s: float, otherwise: T, effect: str
    ) -> T:
        if not self._may_ask():
            return otherwise
        task = asyncio.create_task(self._in_turn(call), name="cache-call")
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            await asyncio.wait({task}, timeout=limit_s)
        except asyncio.CancelledError:
            if self._breaker.phase is BreakerPhase.PROBING:
                self._judged(answered=task.done())  # no other code would report the result of the probe
            raise
        self._judged(answered=task.done())
        if task.done():
            return task.result()
        self._hanging.add(key)
        task.add_done_callback(lambda _: self._hanging.discard(key))
        self._log.warning("cache_hangs", key=key, waited_s=limit_s, effect=effect)
        return otherwise

    async def _in_turn(self, call: Callable[[], Coroutine[Any, Any, T]]) -> T:
        async with self._places:
            return await call()

    def _may_ask(self) -> bool:
        if self._breaker.lets_pass:
            return True
        if not self._breaker.probe_due(self._clock.monotonic_s()):
            return False
        self._breaker = self._breaker.probing()
        return True

    def _judged(self, *, answered: bool) -> None:
        before = self._breaker.lets_pass
        self._breaker = self._breaker.succeeded() if answered else self._breaker.failed(self._clock.monotonic_s())
        if self._breaker.lets_pass != before:
            self._log.warning("cache_breaker", open=before, hanging=len(self._under_way))
            self._changed(before)

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # already raised to the caller, if there still is one
