"""A day's budget of characters, shared by workers that come and go."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog
from structlog.testing import capture_logs

from segue.kernel.errors import Unavailable
from segue.kernel.ports.recorder import Skip
from segue.speech.service.day_budget import DayBudget, NoBudgets
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore

if TYPE_CHECKING:
    from segue.kernel.ports.budgets import Budgets

DAY = 11
NOON_S = (DAY + 0.5) * 86_400.0


class ShutBudgets:
    """A store that is out of reach until ``open``."""

    def __init__(self) -> None:
        self.inner = MemoryStore().budgets
        self.open = False
        self.asked = 0

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        self.asked += 1
        if not self.open:
            raise Unavailable("no store")
        return await self.inner.take(name, day, amount, most)

    async def taken(self, name: str, day: int) -> float:
        return await self.inner.taken(name, day)

    async def forget(self, name: str, before_day: int) -> None:
        await self.inner.forget(name, before_day)


class CountingBudgets:
    """Counts what is asked of another."""

    def __init__(self) -> None:
        self.inner = MemoryStore().budgets
        self.asked = 0

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        self.asked += 1
        await asyncio.sleep(0)
        return await self.inner.take(name, day, amount, most)

    async def taken(self, name: str, day: int) -> float:
        return await self.inner.taken(name, day)

    async def forget(self, name: str, before_day: int) -> None:
        await self.inner.forget(name, before_day)


def a_worker(budgets: Budgets, chars_a_day: float = 1000.0, clock: FakeClock | None = None) -> DayBudget:
    budget = DayBudget(budgets, "test/shadow", clock or FakeClock(NOON_S))
    budget.set_limit(chars_a_day)
    return budget


async def spent(budget: DayBudget, chars: int, times: int) -> int:
    """How many characters it let be spent."""
    return sum([chars for _ in range(times) if await budget.spend(chars) is None])


async def test_a_budget_is_spent_to_its_end_and_no_further() -> None:
    worker = a_worker(MemoryStore().budgets)

    assert await spent(worker, 30, 50) == 990
    assert await worker.spend(30) is Skip.BUDGET
    assert await worker.spend(10) is None
    assert await worker.spend(1) is Skip.BUDGET


async def test_two_workers_share_it() -> None:
    budgets = MemoryStore().budgets
    workers = [a_worker(budgets), a_worker(budgets)]

    together = sum(await asyncio.gather(*(spent(worker, 7, 200) for worker in workers)))
    assert 1000 - 2 * 12 <= together <= 1000


async def test_requests_at_once_in_one_worker_do_not_pass_it() -> None:
    worker = a_worker(CountingBudgets())

    answers = await asyncio.gather(*(worker.spend(30) for _ in range(50)))
    assert answers.count(None) == 33


async def test_the_store_is_asked_for_blocks_and_not_again_once_it_is_spent() -> None:
    budgets = CountingBudgets()
    worker = a_worker(budgets, 20_000.0)

    assert await spent(worker, 10, 100) == 1000
    assert budgets.asked == 10
    worker.set_limit(1000.0)
    assert await worker.spend(10) is Skip.BUDGET
    asked = budgets.asked
    assert await worker.spend(10) is Skip.BUDGET
    assert budgets.asked == asked


async def test_a_worker_that_starts_again_goes_on_where_the_day_stands() -> None:
    budgets = MemoryStore().budgets
    await spent(a_worker(budgets), 500, 1)

    assert await spent(a_worker(budgets), 100, 20) == 500


async def test_a_new_day_begins_at_midnight_utc() -> None:
    clock, budgets = FakeClock(NOON_S), MemoryStore().budgets
    worker = a_worker(budgets, clock=clock)
    await spent(worker, 100, 20)
    clock.advance(86_400.0 / 2 - 1.0)
    assert await worker.spend(100) is Skip.BUDGET

    clock.advance(1.0)
    assert await spent(worker, 100, 20) == 1000
    assert await budgets.taken("test/shadow", DAY) == 1000.0


async def test_another_limit_holds_for_what_was_spent_before() -> None:
    worker = a_worker(MemoryStore().budgets)
    await spent(worker, 100, 6)
    worker.set_limit(500.0)
    assert await worker.spend(1) is Skip.BUDGET

    worker.set_limit(700.0)
    assert await worker.spend(100) is None
    assert await worker.spend(100) is Skip.BUDGET


async def test_without_a_limit_or_a_store_nothing_is_spent() -> None:
    assert await DayBudget(MemoryStore().budgets, "test", FakeClock(NOON_S)).spend(1) is Skip.BUDGET
    assert await a_worker(NoBudgets()).spend(1) is Skip.BUDGET


async def test_a_store_that_is_gone_stops_it_is_said_once_and_is_asked_again_later() -> None:
    structlog.reset_defaults()
    clock, budgets = FakeClock(NOON_S), ShutBudgets()
    with capture_logs() as logged:
        worker = a_worker(budgets, clock=clock)
        for _ in range(3):
            assert await worker.spend(10) is Skip.STORE
            assert await worker.spend(10) is Skip.STORE
            clock.advance(10.0)
    assert budgets.asked == 3
    assert [(line["event"], line["error"]) for line in logged] == [("shadow_stopped", "no store")]

    budgets.open = True
    assert await worker.spend(10) is None


async def test_a_budget_is_spent_over_the_day_and_an_hour_ahead_at_most() -> None:
    clock = FakeClock(DAY * 86_400.0)
    worker = a_worker(MemoryStore().budgets, chars_a_day=2_400_000.0, clock=clock)

    morning = await spent(worker, 10_000, 240)
    clock.advance(12 * 3600.0)
    noon = await spent(worker, 10_000, 240)

    assert (morning, noon) == (100_000, 1_200_000)


async def test_a_text_longer_than_an_hours_part_can_be_spoken_at_once() -> None:
    worker = a_worker(MemoryStore().budgets, chars_a_day=12_000.0, clock=FakeClock(DAY * 86_400.0))

    assert await spent(worker, 5_000, 2) == 5_000
