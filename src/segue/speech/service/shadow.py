"""Shadow requests: the candidate also makes requests that the baseline has answered. No listener hears the result.

The results are evidence about the candidate before a listener hears it. They must not affect responses. A request
is passed on after it has been answered, nothing waits for the result, and it is dropped if there is no capacity.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Protocol

from segue.kernel.arms import Arm
from segue.kernel.errors import BreakerOpen, Overloaded, QuotaExhausted
from segue.kernel.ports.recorder import Skip
from segue.kernel.shadow_budget import ShadowBudget
from segue.speech.core.shadow import is_shadowed

if TYPE_CHECKING:
    from collections.abc import Hashable

    from segue.kernel.errors import SegueError
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.service.day_budget import DayBudget
    from segue.speech.service.router import Route

_MOST_WAITING = 64
_AFTER_S = 0.05
"""The response may still be on its way to the listener when the request is passed on; it is sent within this time.
"""

_NEVER_ASKED = (Overloaded, BreakerOpen, QuotaExhausted)


class Work(Protocol):
    """Makes one shadow request within its budget."""

    @property
    def budget(self) -> DayBudget: ...

    async def do(self, route: Route, *, streamed: bool) -> Skip | None:
        """Makes the request with the candidate, or returns why it was skipped."""
        ...


class _Waiting(NamedTuple):
    key: Hashable
    route: Route
    streamed: bool


class Shadow:
    """A queue of limited length for answered requests. Except for ``close``, no method waits.

    ``workers`` is the number of processes of this replica; they share the limit of concurrent shadow requests.
    """

    def __init__(self, work: Work, clock: Clock, recorder: Recorder, *, workers: int = 1) -> None:
        self._work = work
        self._clock = clock
        self._recorder = recorder
        self._workers = workers
        self._queue: deque[_Waiting] = deque()
        self._keys: set[Hashable] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._at_once = 0
        self._closed = False
        self.set_budget(ShadowBudget())

    def set_budget(self, budget: ShadowBudget) -> None:
        """Sets the budget from the plan."""
        self._at_once = max(1, budget.at_once // self._workers) if budget.at_once else 0
        self._work.budget.set_limit(budget.characters_a_day)
        self._begin()

    def answered(self, route: Route, *, streamed: bool = False) -> None:
        """The engine was called for this request, and the response is over, whatever its outcome.

        The outcome does not matter, because otherwise the candidate would only get texts that the baseline can
        say.
        """
        request = route.request
        if route.rendition.render_plan.arm is not Arm.BASELINE or request.background:
            return
        if not is_shadowed(route.routing, route.assignment.reason, request.unit.identity):
            return
        key: Hashable = route.rendition.key if request.cache_enabled else object()
        if key in self._keys:
            self._recorder.shadow_skipped(Skip.SAME)  # several requests shared one synthesis
        elif len(self._queue) >= _MOST_WAITING:
            self._recorder.shadow_skipped(Skip.QUEUE_FULL)
        else:
            self._keys.add(key)
            self._queue.append(_Waiting(key, route, streamed))
            self._begin()

    def failed(self, route: Route, failure: SegueError, *, streamed: bool = False) -> None:
        """The request got no response. If the engine was called, this has the same effect as ``answered``."""
        if not isinstance(failure, _NEVER_ASKED):
            self.answered(route, streamed=streamed)

    async def close(self) -> None:
        """Cancels requests in progress and discards those that wait."""
        self._closed = True
        self._queue.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _begin(self) -> None:
        while self._queue and len(self._tasks) < self._at_once and not self._closed:
            waiting = self._queue.popleft()
            task = asyncio.create_task(self._do(waiting), name="shadow")
            self._tasks.add(task)
            task.add_done_callback(self._over)

    def _over(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._begin()

    async def _do(self, waiting: _Waiting) -> None:
        try:
            await self._clock.sleep(_AFTER_S)
            skip = await self._work.do(waiting.route, streamed=waiting.streamed)
        finally:
            self._keys.discard(waiting.key)
        if skip is not None:
            self._recorder.shadow_skipped(skip)
