"""Time that passes when told to."""

from __future__ import annotations

import asyncio

from segue.testing.clock import CountingEntropy, FakeClock


async def test_time_stands_still_until_it_is_moved() -> None:
    clock = FakeClock(100.0)
    assert (clock.now_s(), clock.monotonic_s()) == (100.0, 100.0)

    clock.advance(2.5)
    assert (clock.now_s(), clock.monotonic_s()) == (102.5, 102.5)


async def test_sleepers_wake_in_the_order_of_their_times_and_not_before() -> None:
    clock, woken = FakeClock(), list[float]()

    async def sleeper(duration_s: float) -> None:
        await clock.sleep(duration_s)
        woken.append(duration_s)

    async with asyncio.TaskGroup() as group:
        for duration_s in (3.0, 1.0, 2.0, 10.0):
            group.create_task(sleeper(duration_s))
        await asyncio.sleep(0)
        clock.advance(2.9)
        await asyncio.sleep(0)
        assert woken == [1.0, 2.0]
        clock.advance(1e6)

    assert woken == [1.0, 2.0, 3.0, 10.0]


async def test_no_sleep_needs_no_moving_of_time() -> None:
    await FakeClock().sleep(0.0)


async def test_a_sleeper_that_was_cancelled_disturbs_nobody() -> None:
    clock = FakeClock()
    gone, stays = (asyncio.ensure_future(clock.sleep(1.0)) for _ in range(2))
    await asyncio.sleep(0)
    gone.cancel()
    await asyncio.sleep(0)
    clock.advance(1.0)

    await stays
    assert gone.cancelled()


def test_names_repeat_from_run_to_run_and_never_within_one() -> None:
    entropy = CountingEntropy()
    names = [entropy.token() for _ in range(3)]

    assert names[0] == CountingEntropy().token()
    assert len(set(names)) == 3
    assert all(len(name) == 32 for name in names)
