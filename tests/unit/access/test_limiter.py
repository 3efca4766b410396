"""Limits of keys: exact for the workers of a machine, shared by machines through the store, and never none."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from segue.access.counts import SharedCounts, shared_counts
from segue.access.limiter import KeyLimiter
from segue.access.limits import KeyLimits, Limit, LimitReached
from segue.access.roles import Caller
from segue.kernel.errors import Unavailable
from segue.testing.clock import FakeClock
from segue.testing.store.memory import MemoryBudgets, MemoryStore

if TYPE_CHECKING:
    from collections.abc import Iterator

NOV_30 = datetime(2026, 11, 30, 23, 58, 0, tzinfo=UTC).timestamp()


class ShakyBudgets(MemoryBudgets):
    """Budgets that can be out of reach, or hang."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.gone = self.hangs = False

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:
        await self._answer()
        return await super().take(name, day, amount, most)

    async def taken(self, name: str, day: int) -> float:
        await self._answer()
        return await super().taken(name, day)

    async def _answer(self) -> None:
        self.calls += 1
        if self.hangs:
            await asyncio.Event().wait()
        if self.gone:
            raise Unavailable("the store is gone")


class House:
    """A store and a clock, and workers on any number of machines."""

    def __init__(self) -> None:
        self.clock = FakeClock(NOV_30)
        self.store = MemoryStore()
        self.store.budgets = self.budgets = ShakyBudgets()
        self._handles: list[int] = []

    def machine(self, workers: int = 1) -> list[KeyLimiter]:
        handle = shared_counts(workers)
        self._handles.append(handle)
        return [
            KeyLimiter(SharedCounts(handle, place, workers), self.store, self.clock) for place in range(workers)
        ]

    async def passes(self, seconds: float, *limiters: KeyLimiter) -> None:
        for _ in range(round(seconds)):
            self.clock.advance(1.0)
            for limiter in limiters:
                await limiter.settle()

    def close(self) -> None:
        for handle in self._handles:
            os.close(handle)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


def key(**limits: int) -> Caller:
    return Caller("app", (), key_id="a" * 12, limits=KeyLimits(**limits))


async def passed(caller: Caller, count: int, *limiters: KeyLimiter, chars: int = 1) -> int:
    """How many of this many requests pass, if they are sent to the workers in turn and end at once."""
    passes = 0
    for number in range(count):
        request = limiters[number % len(limiters)].begin(caller)
        try:
            await request.spend(chars)
        except LimitReached:
            continue
        request.end()
        passes += 1
    return passes


async def refused(caller: Caller, limiter: KeyLimiter, chars: int = 1) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        await limiter.begin(caller).spend(chars)
    return caught.value


async def test_of_three_thousand_requests_over_four_workers_a_thousand_pass(house: House) -> None:
    assert await passed(key(requests_per_minute=1000), 3_000, *house.machine(4)) == 1000


async def test_any_sixty_seconds_count_not_those_of_the_clock(house: House) -> None:
    caller, (worker,) = key(requests_per_minute=100), house.machine()
    assert await passed(caller, 60, worker) == 60
    await house.passes(30, worker)
    assert await passed(caller, 60, worker) == 40
    await house.passes(31, worker)

    assert await passed(caller, 100, worker) == 60, "of the 100, the first 60 are over a minute old"


async def test_an_error_says_which_limit_its_size_and_when_it_frees(house: House) -> None:
    caller, (worker,) = key(requests_per_minute=10), house.machine()
    assert await passed(caller, 10, worker) == 10
    await house.passes(20, worker)
    error = await refused(caller, worker)

    assert (error.limit, error.retry_after_s) == (Limit.REQUESTS_PER_MINUTE, 41.0)
    assert "10 requests a minute" in str(error)
    await house.passes(41, worker)
    assert await passed(caller, 20, worker) == 10


async def test_what_is_refused_counts_nothing(house: House) -> None:
    caller, (worker,) = key(requests_per_minute=10, chars_per_minute=100), house.machine()
    error = await refused(caller, worker, 101)
    assert (error.limit, error.retry_after_s) == (Limit.CHARS_PER_MINUTE, None)
    assert await passed(caller, 2, worker, chars=50) == 2
    for _ in range(20):
        await refused(caller, worker, 50)
    await house.passes(61, worker)

    assert await passed(caller, 20, worker) == 10


async def test_a_text_without_audio_counts_nothing(house: House) -> None:
    caller, (worker,) = key(requests_per_minute=1, chars_per_month=100), house.machine()
    request = worker.begin(caller)
    await request.spend(100)
    request.refund()
    request.end()

    assert await passed(caller, 2, worker, chars=100) == 1


async def test_the_texts_of_one_stream_are_one_request(house: House) -> None:
    caller, (worker,) = key(requests_per_minute=1, chars_per_minute=100), house.machine()
    request = worker.begin(caller)
    for _ in range(10):
        await request.spend(10)
    assert (await refused_on(request, 1)).limit is Limit.CHARS_PER_MINUTE


async def refused_on(request: object, chars: int) -> LimitReached:
    with pytest.raises(LimitReached) as caught:
        await request.spend(chars)  # type: ignore[attr-defined]
    return caught.value


async def test_requests_at_the_same_time_are_those_of_all_workers(house: House) -> None:
    caller, workers = key(concurrent_requests=3), house.machine(4)
    requests = [worker.begin(caller) for worker in workers]
    for request in requests[:3]:
        await request.spend(1)
    error = await refused_on(requests[3], 1)
    assert (error.limit, error.retry_after_s) == (Limit.CONCURRENT_REQUESTS, 1.0)
    requests[0].end()

    await requests[3].spend(1)


async def test_requests_that_wait_for_the_store_together_each_get_their_part(house: House) -> None:
    caller, (worker,) = key(concurrent_requests=5), house.machine()
    requests = [worker.begin(caller) for _ in range(8)]
    found = await asyncio.gather(*(request.spend(1) for request in requests), return_exceptions=True)

    assert [type(each) for each in found] == [type(None)] * 5 + [LimitReached] * 3


async def test_the_open_requests_of_a_worker_that_died_do_not_count_for_long(house: House) -> None:
    caller, (dead, alive) = key(concurrent_requests=1), house.machine(2)
    await dead.begin(caller).spend(1)
    await refused(caller, alive)
    await house.passes(7, alive)

    assert await passed(caller, 1, alive) == 1


async def test_a_request_that_lasts_for_minutes_stays_open(house: House) -> None:
    caller, (worker,) = key(concurrent_requests=1), house.machine()
    request = worker.begin(caller)
    await request.spend(1)
    await house.passes(400, worker)
    await refused(caller, worker)
    request.end()

    assert await passed(caller, 1, worker) == 1


async def test_machines_together_pass_no_more_than_the_limit(house: House) -> None:
    caller = key(requests_per_minute=1000)
    limiters = [*house.machine(2), *house.machine(2), *house.machine(1)]

    assert await passed(caller, 2_000, *limiters) == 1000


async def test_a_machine_without_traffic_leaves_its_share_to_the_others(house: House) -> None:
    caller, (first,), (second,) = key(requests_per_minute=100), house.machine(), house.machine()
    assert await passed(caller, 100, first) == 100
    assert await passed(caller, 10, second) == 0
    await house.passes(66, first, second)

    assert await passed(caller, 200, second) == 100
    assert await passed(caller, 10, first) == 0


async def test_what_a_machine_holds_outlasts_the_minute_in_which_it_took_it(house: House) -> None:
    caller, (first,), (second,) = key(requests_per_minute=100), house.machine(), house.machine()
    for _ in range(6):
        assert await passed(caller, 100, first) == 100
        await house.passes(50, first, second)
        assert await passed(caller, 10, first, second) == 0
        await house.passes(15, first, second)


async def test_what_a_dead_machine_had_taken_is_free_again_after_two_minutes(house: House) -> None:
    caller, (dead,), (alive,) = key(requests_per_minute=100), house.machine(), house.machine()
    assert await passed(caller, 100, dead) == 100
    await house.passes(1, dead)
    await house.passes(120, alive)

    assert await passed(caller, 200, alive) == 100


async def test_a_budget_is_for_a_month_of_the_calendar(house: House) -> None:
    caller, (first,), (second,) = key(chars_per_month=1000), house.machine(), house.machine()
    assert await passed(caller, 200, first, second, chars=10) == 100
    error = await refused(caller, first, 10)
    assert (error.limit, error.retry_after_s) == (Limit.CHARS_PER_MONTH, 120.0)
    assert "2026-11" in str(error)
    assert "2026-12-01 00:00 UTC" in str(error)
    await house.passes(119, first, second)
    assert await passed(caller, 1, first) == 0
    await house.passes(1, first, second)

    assert await passed(caller, 200, first, second, chars=10) == 100


async def test_a_budget_outlasts_a_restart_and_what_was_not_used_comes_back(house: House) -> None:
    caller, (first,) = key(chars_per_month=1000), house.machine()
    assert await passed(caller, 3, first, chars=111) == 3
    await first.close()
    (second,) = house.machine()

    assert await passed(caller, 1000, second) == 1000 - 333


async def test_a_killed_process_loses_at_most_a_block_of_the_budget(house: House) -> None:
    caller, (first,) = key(chars_per_month=1000), house.machine()
    assert await passed(caller, 3, first, chars=111) == 3
    (second,) = house.machine()

    assert 1000 - 333 - 5 <= await passed(caller, 1000, second) <= 1000 - 333


@pytest.mark.parametrize("trouble", ["gone", "hangs"])
async def test_without_the_store_each_machine_has_what_it_took_and_an_equal_part_of_the_rest(
    house: House, trouble: str
) -> None:
    caller, (first,), (second,) = key(requests_per_minute=100), house.machine(), house.machine()
    assert await passed(caller, 2, first, second) == 2
    await house.passes(12, first, second)
    setattr(house.budgets, trouble, True)
    with capture_logs() as logs:
        together = await passed(caller, 500, first, second)

    assert 60 <= together <= 100
    assert [line["event"] for line in logs] == ["key_limits_apart"] * 2
    await house.passes(130, first, second)
    assert await passed(caller, 500, first, second) == 100, "what was taken is no longer valid: 50 each"
    setattr(house.budgets, trouble, False)
    await house.passes(80, first, second)
    assert await passed(caller, 500, first, second) == 100


async def test_a_store_that_is_gone_at_the_start_stops_nobody(house: House) -> None:
    house.budgets.gone = True
    caller, (worker,) = key(requests_per_minute=100, chars_per_month=1000, concurrent_requests=1), house.machine()

    assert await passed(caller, 500, worker, chars=1) == 100


async def test_a_flood_does_not_reach_the_store(house: House) -> None:
    caller, workers = key(requests_per_minute=100), house.machine(4)
    await passed(caller, 2_000, *workers)

    assert house.budgets.calls < 40


async def test_a_changed_limit_counts_what_was_used_before(house: House) -> None:
    (worker,) = house.machine()
    assert await passed(key(requests_per_minute=100), 200, worker) == 100
    assert await passed(key(requests_per_minute=50), 10, worker) == 0
    assert await passed(key(requests_per_minute=120), 200, worker) == 20
    assert await passed(key(chars_per_minute=5), 200, worker) == 5
