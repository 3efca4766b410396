"""A fair queue: a caller with many requests does not delay a caller with few."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


class QueuedCaller(NamedTuple):
    """The origin of a request: its address, and the unit that it names; empty if it names none."""

    address: str = ""
    unit: str = ""


NOBODY = QueuedCaller()


class Turn(NamedTuple):
    """A position in the queue.

    ``place`` is done when the request gets its place; ``size`` is the size of its visit.
    """

    place: asyncio.Future[None]
    size: float


@dataclass(slots=True)
class _Queue:
    """The running and waiting requests of one unit at one address. ``served`` numbers its latest service."""

    running: int = 0
    served: int = 0
    turns: deque[Turn] = field(default_factory=deque)

    @property
    def waiting(self) -> int:
        return len(self.turns)

    @property
    def idle(self) -> bool:
        return not self.running and not self.turns


@dataclass(slots=True)
class _Group:
    """All units of one address."""

    running: int = 0
    served: int = 0
    waiting: int = 0
    queues: dict[str, _Queue] = field(default_factory=dict)


T = TypeVar("T", _Group, _Queue)


class FairLine:
    """The requests that wait for a place.

    The next one is chosen by address, then by unit, then in order of arrival. At each level, the one with the
    fewest places goes first; among equals, the one that was served longest ago.

    Report each place that is taken with ``begun``, and later with ``ended``.
    """

    def __init__(self) -> None:
        self._groups: dict[str, _Group] = {}
        self._services = 0
        self._waiting = 0

    def __len__(self) -> int:
        return self._waiting

    def join(self, caller: QueuedCaller, size: float = 0.0) -> Turn:
        """Adds a request at the end of the caller's own queue."""
        group, queue = self._of(caller)
        turn = Turn(asyncio.get_running_loop().create_future(), size)
        queue.turns.append(turn)
        group.waiting += 1
        self._waiting += 1
        return turn

    def leave(self, caller: QueuedCaller, turn: Turn) -> None:
        """Removes a request. Does nothing if it is not in the queue any more."""
        group = self._groups.get(caller.address)
        queue = None if group is None else group.queues.get(caller.unit)
        if group is None or queue is None or turn not in queue.turns:
            return
        queue.turns.remove(turn)
        self._left(caller, group, queue)

    def next(self, fits: Callable[[float], bool] = lambda _: True) -> Turn | None:
        """Gives a place to the next request; None if none was let in.

        If the next request does not fit, nothing is let in, because otherwise small requests would pass it
        forever.
        """
        while self._waiting:
            address, group = _first(item for item in self._groups.items() if item[1].waiting)
            unit, queue = _first(item for item in group.queues.items() if item[1].turns)
            turn, caller = queue.turns[0], QueuedCaller(address, unit)
            wanted = not turn.place.done()
            if wanted and not fits(turn.size):
                return None
            queue.turns.popleft()
            if wanted:
                self.begun(caller)
            self._left(caller, group, queue)
            if wanted:
                turn.place.set_result(None)
                return turn
        return None

    def begun(self, caller: QueuedCaller) -> None:
        group, queue = self._of(caller)
        self._services += 1
        for one in (group, queue):
            one.running += 1
            one.served = self._services

    def ended(self, caller: QueuedCaller) -> None:
        group, queue = self._of(caller)
        group.running -= 1
        queue.running -= 1
        self._forget(caller, group, queue)

    def ahead_of(self, caller: QueuedCaller) -> int:
        """How many requests would be served before one more of this caller."""
        group = self._groups.get(caller.address) or _Group()
        own = group.queues.get(caller.unit) or _Queue()
        others = (queue.waiting for queue in group.queues.values() if queue is not own)
        here = own.waiting + sum(min(waiting, own.waiting + 1) for waiting in others)
        elsewhere = (other.waiting for other in self._groups.values() if other is not group)
        return here + sum(min(waiting, here + 1) for waiting in elsewhere)

    def longest_but(self, caller: QueuedCaller) -> Turn | None:
        """The last request in another caller's longest queue, if that is longer than the caller's own would be."""
        group = self._groups.get(caller.address) or _Group()
        longest = max(self._groups.values(), key=lambda one: one.waiting, default=group)
        if longest is not group and longest.waiting > group.waiting + 1:
            return max(longest.queues.values(), key=lambda one: one.waiting).turns[-1]
        own = group.queues.get(caller.unit) or _Queue()
        queue = max(group.queues.values(), key=lambda one: one.waiting, default=own)
        return queue.turns[-1] if queue.waiting > own.waiting + 1 else None

    def _of(self, caller: QueuedCaller) -> tuple[_Group, _Queue]:
        group = self._groups.setdefault(caller.address, _Group())
        return group, group.queues.setdefault(caller.unit, _Queue())

    def _left(self, caller: QueuedCaller, group: _Group, queue: _Queue) -> None:
        group.waiting -= 1
        self._waiting -= 1
        self._forget(caller, group, queue)

    def _forget(self, caller: QueuedCaller, group: _Group, queue: _Queue) -> None:
        """Removes callers without requests, because the number of callers is not limited."""
        if queue.idle:
            group.queues.pop(caller.unit, None)
        if not group.queues:
            self._groups.pop(caller.address, None)


def _first(items: Iterable[tuple[str, T]]) -> tuple[str, T]:
    return min(items, key=lambda item: (item[1].running, item[1].served))
