"""Limits concurrency: a fixed number of places, and a queue of limited length."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import Overloaded
from segue.speech.service.line import NOBODY, FairLine, QueuedCaller

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_LEAST_RETRY_S = 1.0
_WEIGHT_OF_LATEST = 0.1
_SURE = 0.5
"""The part of the remaining time that the estimated wait may take, because the real wait may be twice as long.

Requests that are let into the queue should be served.
"""


@dataclass(frozen=True, slots=True)
class AdmissionLimits:
    """``running`` is the number of places.

    ``waiting`` is the length of the queue, in which a request waits ``longest_wait_s`` at most. ``room`` limits
    the sum of the visits' sizes, in a unit of the caller's choice; a single visit may exceed it.
    """

    running: int = 16
    waiting: int = 256
    longest_wait_s: float = math.inf
    room: float = math.inf


class Rank(Enum):
    """Priority: requests that are being heard, then those that someone waits for, then background calls."""

    BEGUN = "begun"
    WAITING = "waiting"
    SPARE = "spare"


class Visit(NamedTuple):
    """A request for a place. ``size`` counts towards ``room``; ``needs_s`` is the estimated time that it takes."""

    caller: QueuedCaller = NOBODY
    size: float = 0.0
    needs_s: float = 0.0
    rank: Rank = Rank.WAITING


ANY_VISIT = Visit()


class Admission:
    """A limited number of places, and a limited queue for them.

    The queue is fair to all callers (``FairLine``). Requests that are being heard already go first, because the
    others can still be refused. Background calls (spare) go last, and never take the last place.

    A request that could not be completed in time is refused immediately, because nobody would use a late response.
    """

    def __init__(self, limits: AdmissionLimits) -> None:
        self._limits = limits
        self._line, self._begun, self._spare = FairLine(), FairLine(), FairLine()
        self._taken = 0.0
        self._usual_stay_s = 0.0
        self.running = 0

    @property
    def waiting(self) -> int:
        return len(self._line) + len(self._begun)

    @property
    def has_spare(self) -> bool:
        """Whether a background call may start: there must be one more free place."""
        return not self.waiting and self.running < self._limits.running - 1

    @asynccontextmanager
    async def place(self, deadline: float, visit: Visit = ANY_VISIT) -> AsyncIterator[None]:
        """Holds one place.

        Waits for it until ``deadline`` on the loop's clock. The limit of the queue does not apply to requests that
        are being heard already.

        Raises:
            Overloaded: the queue is full, or too long to get a place in time.
        """
        loop = asyncio.get_running_loop()
        line = {Rank.BEGUN: self._begun, Rank.WAITING: self._line, Rank.SPARE: self._spare}[visit.rank]
        if self._is_open_to(line, visit):
            line.begun(visit.caller)
            self._take(visit.size)
        elif line is self._line:
            latest = min(deadline, loop.time() + self._limits.longest_wait_s)
            self._make_room(visit, latest - loop.time())
            await self._wait_in(line, visit, latest)
        else:
            await self._wait_in(line, visit, deadline)
        began = loop.time()
        try:
            yield
        finally:
            self._usual_stay_s += _WEIGHT_OF_LATEST * (loop.time() - began - self._usual_stay_s)
            self._leave(line, visit)

    def wait_s(self, caller: QueuedCaller) -> float:
        """How long one more request of this caller would probably wait."""
        if not self.waiting and self.running < self._limits.running:
            return 0.0
        ahead = len(self._begun) + self._line.ahead_of(caller)
        return (ahead + 1) * self._usual_stay_s / self._limits.running

    def _is_open_to(self, line: FairLine, visit: Visit) -> bool:
        if line is self._spare:
            return self.has_spare
        if line is self._begun:
            return self.running < self._limits.running
        return not self.waiting and self.running < self._limits.running and self._fits(visit.size)

    def _fits(self, size: float) -> bool:
        return not self._taken or self._taken + size <= self._limits.room

    def _take(self, size: float) -> None:
        self.running += 1
        self._taken += size

    def _make_room(self, visit: Visit, left_s: float) -> None:
        """Makes room in the queue for one more request, which must get its place within ``left_s``.

        In a full queue, the caller with the most requests loses one to a caller with fewer.

        Raises:
            Overloaded: the request would be too late, or no caller has more requests.
        """
        if self.wait_s(visit.caller) > _SURE * max(left_s - visit.needs_s, left_s / 2):
            raise self._overloaded(visit.caller)
        if len(self._line) < self._limits.waiting:
            return
        last = self._line.longest_but(visit.caller) if self._limits.waiting else None
        if last is None:
            raise self._overloaded(visit.caller)
        if not last.place.done():
            last.place.set_exception(self._overloaded(visit.caller))

    async def _wait_in(self, line: FairLine, visit: Visit, latest: float) -> None:
        turn = line.join(visit.caller, visit.size)
        try:
            async with asyncio.timeout_at(latest):
                await turn.place
        except BaseException as error:
            line.leave(visit.caller, turn)
            if _is_given(turn.place):
                self._leave(line, visit)  # the place was given just when the wait ended, so pass it on
            else:
                self._let_in()  # a small request may fit that waited behind a large one
            if isinstance(error, TimeoutError):
                raise self._overloaded(visit.caller) from None
            raise

    def _leave(self, line: FairLine, visit: Visit) -> None:
        line.ended(visit.caller)
        self.running -= 1
        self._taken -= visit.size
        if not self.running:
            self._taken = 0.0  # removes rounding errors
        self._let_in()

    def _let_in(self) -> None:
        while self.running < self._limits.running:
            turn = self._begun.next() or self._line.next(self._fits)
            if turn is None:
                break
            self._take(turn.size)
        while self.has_spare and (turn := self._spare.next()) is not None:
            self._take(turn.size)

    def _overloaded(self, caller: QueuedCaller) -> Overloaded:
        return Overloaded(
            f"too many requests: {self.running} are being synthesized and {self.waiting} wait; try again shortly",
            retry_after_s=max(_LEAST_RETRY_S, self.wait_s(caller)),
        )


def _is_given(place: asyncio.Future[None]) -> bool:
    return place.done() and not place.cancelled() and place.exception() is None
