"""So many at once, so many waiting, and no more."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_RETRY_AFTER_S = 1.0


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """``running`` at once, ``waiting`` in line behind them."""

    running: int = 16
    waiting: int = 256


class Admission:
    """A bounded number of places and a bounded line for them, first come, first served; but who has begun to hear
    something goes before all who have not, for those can still be told to come later.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._line: deque[asyncio.Future[None]] = deque()
        self._begun: deque[asyncio.Future[None]] = deque()
        self.running = 0

    @property
    def waiting(self) -> int:
        return len(self._line) + len(self._begun)

    @asynccontextmanager
    async def place(self, deadline: float, *, begun: bool = False) -> AsyncIterator[None]:
        """Holds one place, waited for until ``deadline`` on the loop's clock. ``begun``: somebody hears what comes
        before already; the line is never too full for them.

        Raises:
            Overloaded: the line is full, or too long to reach its end in time.
        """
        try:
            async with asyncio.timeout_at(deadline):
                await self._enter(self._begun if begun else self._line)
        except TimeoutError:
            raise self._overloaded() from None
        try:
            yield
        finally:
            self._leave()

    async def _enter(self, line: deque[asyncio.Future[None]]) -> None:
        if self.running < self._limits.running:
            self.running += 1
            return
        if line is self._line and self.waiting >= self._limits.waiting:
            raise self._overloaded()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        line.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled():
                self._leave()  # the place came together with the cancellation: pass it on
            else:
                line.remove(turn)
            raise

    def _overloaded(self) -> Overloaded:
        return Overloaded(
            f"{self.running} syntheses run and {self.waiting} wait; try again shortly",
            retry_after_s=_RETRY_AFTER_S,
        )

    def _leave(self) -> None:
        """Hands the place to the first in line who still wants it."""
        while self._begun or self._line:
            turn = (self._begun or self._line).popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.running -= 1
