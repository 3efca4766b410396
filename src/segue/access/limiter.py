"""Keeps each key within its limits, together with the other workers and machines.

A request counts when its text has been understood: one request, and the characters of its text without markup,
also if the audio is in the cache. A request that is refused, or for which no audio could be made, counts nothing.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.access.counts import SECONDS, Count, MinuteWindow, Month, Open
from segue.access.limits import Limit, month_ends_in_s, month_of, reached, too_large
from segue.access.shares import PERIOD_S, LimitShare, StoreLink
from segue.kernel.background import BackgroundTasks
from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from segue.access.counts import KeyCounts, SharedCounts
    from segue.access.limits import KeyLimits
    from segue.access.roles import Caller
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.store import Store

_TICK_S = 1.0
_IDLE_TICKS = 3
_IDLE_TICKS_OF_MONTH = 60
_ASLEEP_AFTER_TICKS = 180
"""A key that was not used for so long holds nothing any more."""

_NEXT_SECOND_S = 1.0
_COUNTS: dict[Limit, type[Count]] = {
    Limit.REQUESTS_PER_MINUTE: MinuteWindow,
    Limit.CHARS_PER_MINUTE: MinuteWindow,
    Limit.CHARS_PER_MONTH: Month,
    Limit.CONCURRENT_REQUESTS: Open,
}


class _Gauge:
    """One limit of one key: its size, what is used of it, and what this machine may use."""

    __slots__ = ("_frees", "_idle_ticks", "count", "is_by_chars", "limit", "period", "share", "size")

    def __init__(self, limit: Limit, size: int, counts: KeyCounts, share: LimitShare) -> None:
        self.limit = limit
        self.size = size
        self.count = _COUNTS[limit](counts.used[limit])
        self.share = share
        self.is_by_chars = limit in (Limit.CHARS_PER_MINUTE, Limit.CHARS_PER_MONTH)
        self.period = 0
        self._idle_ticks = 0
        self._frees = (-1, 0.0)

    def turn(self, second: int, now_s: float) -> None:
        """A new second has begun: other workers may have taken more from the store, or given it back."""
        is_month = isinstance(self.count, Month)
        month = month_of(now_s) if is_month else 0
        self.period = month if is_month else int(now_s // PERIOD_S)
        self.count.turn(month if is_month else second)
        self._measure()

    def _measure(self) -> None:
        self.count.capacity = self.share.capacity(self.size, self.period)

    async def make_room(self, amount: int, now_s: float) -> None:
        """Takes more from the store if necessary.

        Raises:
            LimitReached: there is no more.
        """
        if amount > self.size:
            raise too_large(self.limit, self.size, amount)
        self._measure()
        while not self.count.has_room(amount):
            before = self.count.capacity
            if before < self.size:
                await self.share.take(self.count.used, amount, self.size, self.period)
                self._measure()
            if self.count.capacity <= before and not self.count.has_room(amount):
                raise reached(self.limit, self.size, self._frees_in_s(amount, now_s), now_s)

    def _frees_in_s(self, amount: int, now_s: float) -> float:
        """If other machines have used it, this one does not know when; they have within a minute."""
        if isinstance(self.count, Month):
            return month_ends_in_s(now_s)
        if not isinstance(self.count, MinuteWindow):
            return _NEXT_SECOND_S
        if self._frees[0] != self.count.time:  # once a second, because a flood of requests may be refused
            needed = self.count.used() + amount - self.count.capacity
            self._frees = self.count.time, float(self.count.frees_in_s(needed) or _NEXT_SECOND_S)
        return self._frees[1]

    async def settle(self, *, is_touched: bool) -> None:
        """Brings what this machine holds in line with what it uses.

        Raises:
            Unavailable: the store is out of reach.
        """
        used, is_month = self.count.used(), isinstance(self.count, Month)
        is_used = is_touched or (used > 0 and not is_month)
        self._idle_ticks = 0 if is_used else self._idle_ticks + 1
        longest = _IDLE_TICKS_OF_MONTH if is_month else _IDLE_TICKS
        await self.share.settle(used, self.size, self.period, is_idle=self._idle_ticks > longest)


class _Meter:
    """One key: all of its limits."""

    def __init__(self, counts: KeyCounts, key_id: str, link: StoreLink, clock: Clock) -> None:
        self._clock = clock
        self._counts = counts
        self._shares = {
            limit: LimitShare(
                f"key {key_id} {limit}", counts.taken[limit], link, clock, is_spent=limit is Limit.CHARS_PER_MONTH
            )
            for limit in Limit
        }
        self._gauges: dict[Limit, _Gauge] = {}
        self._by_request: tuple[Count, ...] = ()
        self._by_chars: tuple[Count, ...] = ()
        self._open_count: Count | None = None
        self._is_touched = False
        self._quiet_ticks = 0
        self._open = 0
        self.second = -1
        """When something was counted last."""

        self.limits: KeyLimits | None = None

    def adopt(self, limits: KeyLimits) -> None:
        """These are the key's limits now. What was used before still counts, unless it had no such limit."""
        self.limits = limits
        before, self.second = self._gauges, -1
        self._gauges = {
            limit: before.get(limit) or _Gauge(limit, size, self._counts, self._shares[limit])
            for limit, size in limits.sizes()
        }
        for limit, size in limits.sizes():
            self._gauges[limit].size = size
        gauges = self._gauges.values()
        self._by_request = tuple(gauge.count for gauge in gauges if not gauge.is_by_chars)
        self._by_chars = tuple(gauge.count for gauge in gauges if gauge.is_by_chars)
        concurrent = self._gauges.get(Limit.CONCURRENT_REQUESTS)
        self._open_count = None if concurrent is None else concurrent.count

    def try_spend(self, chars: int, requests: int) -> bool:
        """Counts it if that is possible without waiting."""
        second = int(self._clock.monotonic_s()) % SECONDS
        if second != self.second:
            self._turn(second)
        for count in self._by_request:
            if requests > count.room and not count.has_room(requests):
                return False
        for count in self._by_chars:
            if chars > count.room and not count.has_room(chars):
                return False
        for count in self._by_request:
            count.record(requests)
        for count in self._by_chars:
            count.record(chars)
        self._open += requests
        self._is_touched = True
        return True

    async def spend(self, chars: int, requests: int) -> None:
        """Counts it, with more from the store if necessary.

        Raises:
            LimitReached: a limit has too little left; nothing was counted.
        """
        while not self.try_spend(chars, requests):
            now_s = self._clock.now_s()
            for gauge in self._gauges.values():
                gauge.count.room = 0  # it was found but not used, and others may use it meanwhile
            for gauge in tuple(self._gauges.values()):
                amount = chars if gauge.is_by_chars else requests
                if amount:
                    await gauge.make_room(amount, now_s)

    def refund(self, chars: int, requests: int, second: int) -> None:
        """Takes back what was counted in that second. The request itself may still be in progress."""
        for gauge in self._gauges.values():
            if not isinstance(gauge.count, Open):
                time = second if isinstance(gauge.count, MinuteWindow) else gauge.count.time
                gauge.count.take_back(chars if gauge.is_by_chars else requests, time)

    def leave(self) -> None:
        """A request has ended."""
        self._open -= 1
        if self._open_count is not None:
            self._open_count.take_back(1, self._open_count.time)

    async def settle(self) -> None:
        """See ``LimitShare.settle``; raises ``Unavailable`` as that does."""
        second = int(self._clock.monotonic_s()) % SECONDS
        is_touched, self._is_touched = self._is_touched, False
        self._quiet_ticks = 0 if is_touched or self._open else self._quiet_ticks + 1
        if self._quiet_ticks > _ASLEEP_AFTER_TICKS:
            return
        self._turn(second)
        for gauge in tuple(self._gauges.values()):
            await gauge.settle(is_touched=is_touched)

    async def close(self) -> None:
        """Gives back to the store what was not used. Raises ``Unavailable`` if that is out of reach."""
        self._turn(int(self._clock.monotonic_s()) % SECONDS)
        for gauge in self._gauges.values():
            await gauge.share.close(gauge.count.used(), gauge.period)

    def _turn(self, second: int) -> None:
        now_s = self._clock.now_s()
        for gauge in self._gauges.values():
            gauge.turn(second, now_s)
        self.second = second


class CountedRequest:
    """One request of a key with limits. Texts that belong to one request (a stream) count as one."""

    __slots__ = ("_chars", "_is_entered", "_meter", "_requests", "_second")

    def __init__(self, meter: _Meter) -> None:
        self._meter = meter
        self._is_entered = False
        self._chars = self._requests = self._second = 0

    async def spend(self, chars: int) -> None:
        """Counts a text of the request, which begins with the first.

        Raises:
            LimitReached: a limit of the key has too little left; nothing was counted.
        """
        requests = 0 if self._is_entered else 1
        self._chars = self._requests = 0
        if not self._meter.try_spend(chars, requests):
            await self._meter.spend(chars, requests)
        self._is_entered = True
        self._chars, self._requests, self._second = chars, requests, self._meter.second

    def refund(self) -> None:
        """There was no audio for the last text, so it counts nothing."""
        if self._chars or self._requests:
            self._meter.refund(self._chars, self._requests, self._second)
            self._chars = self._requests = 0

    def end(self) -> None:
        """The response is complete, or will not be."""
        if self._is_entered:
            self._is_entered = False
            self._meter.leave()


class KeyLimiter:
    """The limits of all keys in this process."""

    def __init__(self, counts: SharedCounts, store: Store, clock: Clock) -> None:
        self._counts = counts
        self._clock = clock
        self._link = StoreLink(store, counts.machine, clock)
        self._meters: dict[str, _Meter] = {}
        self._tasks = BackgroundTasks()

    def start(self) -> None:
        """Begins to share the limits with other machines."""
        self._tasks.start(self._follow(), "share the limits of keys")

    def begin(self, caller: Caller) -> CountedRequest:
        """A request of this caller, whose key has limits. End it."""
        assert caller.limits is not None, "without limits nothing is counted"
        meter = self._meters.get(caller.key_id)
        if meter is None:
            counts = self._counts.of(caller.limits_number)
            meter = self._meters[caller.key_id] = _Meter(counts, caller.key_id, self._link, self._clock)
        if meter.limits is not caller.limits:
            meter.adopt(caller.limits)
        return CountedRequest(meter)

    async def settle(self) -> None:
        """What is done every second. If the store does not respond, the next call tries again."""
        with suppress(Unavailable):
            if self._meters:
                await self._link.report()
        for meter in tuple(self._meters.values()):
            with suppress(Unavailable):
                await meter.settle()
            await asyncio.sleep(0)  # there may be many

    async def close(self) -> None:
        """Gives back to the store what was taken and not used, unless the store does not respond."""
        await self._tasks.close()
        with suppress(Unavailable):
            for meter in self._meters.values():
                await meter.close()
            if self._meters:
                await self._link.leave()

    async def _follow(self) -> None:
        while True:
            await self._clock.sleep(_TICK_S)
            await self.settle()
