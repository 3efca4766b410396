"""A clock that tests advance, and entropy that is reproducible."""

from __future__ import annotations

import asyncio
import heapq
import itertools


class FakeClock:
    """Implements ``segue.kernel.ports.clock.Clock``. Both clocks start at ``now_s`` and move by ``advance``;
    ``set_by`` changes the wall clock only.
    """

    def __init__(self, now_s: float = 1_000_000.0) -> None:
        self._now_s = now_s
        self._set_by_s = 0.0
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_s(self) -> float:
        return self._now_s + self._set_by_s

    def monotonic_s(self) -> float:
        return self._now_s

    @property
    def sleepers(self) -> int:
        """The number of tasks that are sleeping."""
        return len(self._sleepers)

    async def sleep(self, duration_s: float) -> None:
        if duration_s <= 0:
            await asyncio.sleep(0)
            return
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now_s + duration_s, next(self._order), woken))
        await woken

    def set_by(self, difference_s: float) -> None:
        """Sets ``now_s`` forward or back, without time passing."""
        self._set_by_s += difference_s

    def advance(self, duration_s: float) -> None:
        """Lets time pass, and wakes the sleepers whose time has come."""
        self._now_s += duration_s
        while self._sleepers and self._sleepers[0][0] <= self._now_s:
            _, _, woken = heapq.heappop(self._sleepers)
            if not woken.done():
                woken.set_result(None)


class CountingEntropy:
    """Implements ``segue.kernel.ports.clock.Entropy``: 1, 2, 3 ..."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def token(self) -> str:
        return f"{next(self._numbers):032x}"
