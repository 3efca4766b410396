"""Single-flight: identical concurrent work is done once and shared."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

T = TypeVar("T")


@dataclass(slots=True)
class _Flight(Generic[T]):
    task: asyncio.Task[T]
    waiters: int = field(default=0)


class SingleFlight(Generic[T]):
    """One task for all callers that ask for the same key at the same time.

    When the last of them has left, it is cancelled.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    def __len__(self) -> int:
        return len(self._flights)

    def __contains__(self, key: Hashable) -> bool:
        """Whether work for ``key`` is in progress, so that a caller who joins now starts none."""
        return key in self._flights

    async def join(self, key: Hashable, work: Callable[[], Coroutine[None, None, T]]) -> T:
        """The result of the work for ``key``. Starts ``work`` if none is in progress.

        A failure is raised to all callers; a cancellation affects only the caller that was cancelled.
        """
        flight = self._flights.get(key)
        if flight is None:
            task = asyncio.get_running_loop().create_task(work())
            flight = self._flights[key] = _Flight(task)
            task.add_done_callback(lambda _: self._landed(key, task))
        flight.waiters += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._landed(key, flight.task)
                flight.task.cancel()

    def _landed(self, key: Hashable, task: asyncio.Task[T]) -> None:
        current = self._flights.get(key)
        if current is not None and current.task is task:
            del self._flights[key]
        if task.done() and not task.cancelled():
            task.exception()  # read, so that asyncio does not report the exception as never retrieved
