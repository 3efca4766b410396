"""The part of each limit that this machine may use: units that it takes from the store before it uses them.

The store counts what all machines together have taken, for each limit and minute, and never gives more than the
limit. A machine keeps what it has used within the last minute and a little more, and gives back the rest. Before
the minute ends, it takes what it keeps for the next one too. So what a machine that has died had taken is free
again after two minutes. Of a budget for a month, what was taken is used.
"""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import structlog

from segue.kernel.errors import SegueError, Unavailable
from segue.rollout.ports.store import Replica

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from segue.access.counts import CountRow
    from segue.kernel.ports.budgets import Budgets
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.store import Replicas, Store

T = TypeVar("T")

PERIOD_S = 60
_RENEW_BEFORE_END_S = 20
_BLOCKS = 4
_MONTH_BLOCKS = 200
_WAITS_S = 0.5
"""How long a request waits for the store."""

_ASK_AGAIN_AFTER_S = 10.0
"""How long the store is not called after it did not respond."""

_REFUSED_FOR_S = 0.5
"""How long the store is not asked again after it had nothing left."""

_STREAM = "key limits"
_REPORT_EVERY_S = 5.0
_ALIVE_S = 30.0
_ANY_AMOUNT = 1e18


class StoreLink:
    """Calls the store, waits a limited time for it, and knows how many machines share it."""

    def __init__(self, store: Store, machine: str, clock: Clock) -> None:
        self.budgets: Budgets = store.budgets
        self._replicas: Replicas = store.replicas
        self._machine = machine
        self._clock = clock
        self._silent_until_s = -math.inf
        self._report_at_s = -math.inf
        self._log = structlog.get_logger("segue.access")
        self.machines = 1
        self.is_lost = False

    @property
    def is_silent(self) -> bool:
        """Whether the store did not respond a moment ago, so that nobody should wait for it."""
        return self._clock.monotonic_s() < self._silent_until_s

    async def call(self, work: Coroutine[Any, Any, T]) -> T:
        """The store's response; if it comes too late, it is ignored.

        Raises:
            Unavailable: there is none in time.
        """
        task = asyncio.ensure_future(work)
        task.add_done_callback(_ignored)
        try:
            await asyncio.wait({task}, timeout=_WAITS_S)
            if not task.done():
                raise Unavailable(f"the store has not responded within {_WAITS_S:g} s")
            result = task.result()
        except SegueError as error:
            self._lose(error)
            raise
        self._find()
        return result

    async def report(self) -> None:
        """Tells the other machines that this one is there, and counts them; every few seconds.

        Raises:
            Unavailable: the store is out of reach.
        """
        if self.is_silent or self._clock.monotonic_s() < self._report_at_s:
            return
        now_s = self._clock.now_s()
        self._report_at_s = self._clock.monotonic_s() + _REPORT_EVERY_S
        await self.call(self._replicas.report(_STREAM, Replica(self._machine, 0, now_s, now_s)))
        found = await self.call(self._replicas.alive(_STREAM, now_s - _ALIVE_S))
        self.machines = max(1, len(found))

    async def leave(self) -> None:
        """This process ends. If it was not the machine's last, the others report the machine again.

        Raises:
            Unavailable: the store is out of reach.
        """
        await self.call(self._replicas.leave(_STREAM, self._machine))

    def _lose(self, error: SegueError) -> None:
        self._silent_until_s = self._clock.monotonic_s() + _ASK_AGAIN_AFTER_S
        self._report_at_s = -math.inf
        if not self.is_lost:
            self._log.warning(
                "key_limits_apart",
                error=str(error),
                machines=self.machines,
                effect="until the store responds, this machine does not know what API keys use on other machines, "
                "and estimates how much of its limits each key may use here; keys may be refused early, or use "
                "more than their limits in total",
            )
        self.is_lost = True

    def _find(self) -> None:
        if self.is_lost:
            self._log.info("key_limits_together", effect="limits of keys are shared through the store again")
        self.is_lost = False


def _ignored(task: asyncio.Future[Any]) -> None:
    if not task.cancelled():
        task.exception()


class _Returning(NamedTuple):
    """What is to be given back, of each of these periods."""

    amount: int
    periods: range


_NOTHING = _Returning(0, range(0))


class LimitShare:
    """What the workers of this machine may use of one limit. ``row`` has what each of them has taken.

    ``is_spent``: what was taken counts as used, and the period is a month; otherwise it is renewed.
    """

    def __init__(self, name: str, row: CountRow, link: StoreLink, clock: Clock, *, is_spent: bool) -> None:
        self._name = name
        self._row = row
        self._link = link
        self._clock = clock
        self._is_spent = is_spent
        self._one_at_a_time = asyncio.Lock()
        self._refused = (math.inf, -math.inf)
        self._known: tuple[int, int] | None = None
        self._returning = _NOTHING
        self._forgotten = 0
        self._look_at_s = -math.inf

    def capacity(self, size: int, period: int) -> int:
        """How much this machine may use of a limit of this size."""
        held = min(self._row.total(period), size)
        if not self._link.is_lost:
            return held
        if self._known is None or self._known[0] != period:
            return max(held, size // self._link.machines, 1)
        return held + max(0, size - max(held, self._known[1])) // self._link.machines

    async def take(self, used: Callable[[], int], amount: int, size: int, period: int) -> None:
        """Takes more from the store if ``amount`` needs it and the limit has it.

        ``used`` is called when it is this call's turn: those before it may have used what they took.
        """
        async with self._one_at_a_time:
            missing = used() + amount - self._row.total(period)
            if missing <= 0 or self._link.is_silent or self._was_refused(missing):
                return
            try:
                taken = await self._taken(missing, size, period)
            except Unavailable:
                return
            if taken:
                self._hold(taken, period)
            else:
                self._refused = missing, self._clock.monotonic_s() + _REFUSED_FOR_S

    async def settle(self, used: int, size: int, period: int, *, is_idle: bool) -> None:
        """Gives back what is not needed, and renews the rest. Call it every second.

        Raises:
            Unavailable: the store is out of reach.
        """
        if self._link.is_silent:
            return
        async with self._one_at_a_time:
            await self._return(period)
            block = self._block(size)
            excess = self._row.total(period) - used - (0 if is_idle else block)
            if is_idle or excess >= block:
                self._lower(excess, period)
            if not self._is_spent:
                await self._renew(period)
            if self._link.machines > 1 and not is_idle:
                await self._look(period)

    async def close(self, used: int, period: int) -> None:
        """Gives back what was not used.

        Raises:
            Unavailable: the store is out of reach.
        """
        await self._return(period)
        self._lower(self._row.total(period) - used, period)
        await self._return(period)

    def _was_refused(self, missing: int) -> bool:
        least, until_s = self._refused
        return missing >= least and self._clock.monotonic_s() < until_s

    def _block(self, size: int) -> int:
        parts = _MONTH_BLOCKS if self._is_spent else _BLOCKS * self._link.machines
        return max(1, -(-size // parts))

    async def _taken(self, missing: int, size: int, period: int) -> int:
        """How much the store has given: a block if it has that much left, at least what is missing; or 0."""
        budgets = self._link.budgets
        before = int(await self._link.call(budgets.taken(self._name, period)))
        self._known = period, before
        amount = min(max(missing, self._block(size)), size - before)
        if amount < missing:
            return 0
        for some in dict.fromkeys((amount, missing)):
            if await self._link.call(budgets.take(self._name, period, some, size)):
                for later in range(period + 1, self._row.time() + 1):
                    await self._link.call(budgets.take(self._name, later, some, _ANY_AMOUNT))
                self._known = period, before + some
                return some
        return 0

    async def _look(self, period: int) -> None:
        """Reads from time to time how much all machines have taken, in case the store is lost."""
        now_s = self._clock.monotonic_s()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + _REPORT_EVERY_S
            self._known = period, int(await self._link.call(self._link.budgets.taken(self._name, period)))

    def _hold(self, taken: int, period: int) -> None:
        until = max(period, self._row.time())
        self._row.write(until, self._row.own(period) + taken)

    def _lower(self, excess: int, period: int) -> None:
        """Takes it from what this worker holds, and remembers to give it back.

        The other workers may have read the higher number a moment ago, so it is given back at the next call.
        """
        amount = min(excess, self._row.own(period))
        if amount > 0:
            self._returning = _Returning(amount, range(period, self._row.time() + 1))
            self._row.write(self._row.time(), self._row.value() - amount)

    async def _return(self, period: int) -> None:
        returning, self._returning = self._returning, _NOTHING
        for one in returning.periods:
            if one >= period:
                await self._link.call(self._link.budgets.take(self._name, one, -returning.amount, _ANY_AMOUNT))

    async def _renew(self, period: int) -> None:
        """Takes what this worker holds for the next period too, if this one ends soon."""
        held = self._row.own(period)
        is_soon = self._clock.now_s() % PERIOD_S >= PERIOD_S - _RENEW_BEFORE_END_S
        if held and self._row.time() == period and is_soon:
            await self._link.call(self._link.budgets.take(self._name, period + 1, held, _ANY_AMOUNT))
            self._row.write(period + 1, self._row.own(period))
        if self._forgotten < period and self._row.time() >= period:
            self._forgotten = period
            await self._link.call(self._link.budgets.forget(self._name, period - 1))
