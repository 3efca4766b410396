from __future__ import annotations

import asyncio

import pytest

from segue.speech.service.coalesce import SingleFlight


class Work:
    """Counts how often it was begun and cancelled; ends when told."""

    def __init__(self, error: Exception | None = None) -> None:
        self.begun = 0
        self.cancelled = 0
        self.done = asyncio.Event()
        self.error = error

    async def __call__(self) -> str:
        self.begun += 1
        try:
            await self.done.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return "audio"


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_who_ask_for_the_same_share_one_flight() -> None:
    single_flight, work = SingleFlight[str](), Work()
    waiting = [asyncio.ensure_future(single_flight.join("key", work)) for _ in range(10)]
    await settled()
    work.done.set()

    assert await asyncio.gather(*waiting) == ["audio"] * 10
    assert work.begun == 1
    assert len(single_flight) == 0


async def test_other_keys_fly_apart() -> None:
    single_flight, work = SingleFlight[str](), Work()
    work.done.set()
    await asyncio.gather(single_flight.join("a", work), single_flight.join("b", work))

    assert work.begun == 2


async def test_a_failure_is_everyones() -> None:
    single_flight, work = SingleFlight[str](), Work(ValueError("broken"))
    waiting = [asyncio.ensure_future(single_flight.join("key", work)) for _ in range(3)]
    await settled()
    work.done.set()

    assert [type(result) for result in await asyncio.gather(*waiting, return_exceptions=True)] == [ValueError] * 3


async def test_one_who_leaves_does_not_stop_the_flight_for_the_others() -> None:
    single_flight, work = SingleFlight[str](), Work()
    first, second = (asyncio.ensure_future(single_flight.join("key", work)) for _ in range(2))
    await settled()
    first.cancel()
    await settled()
    work.done.set()

    assert await second == "audio"
    assert work.cancelled == 0


async def test_when_the_last_has_left_the_flight_stops_and_the_next_begins_afresh() -> None:
    single_flight, work = SingleFlight[str](), Work()
    waiting = [asyncio.ensure_future(single_flight.join("key", work)) for _ in range(2)]
    await settled()
    for task in waiting:
        task.cancel()
    await settled()
    assert work.cancelled == 1
    assert len(single_flight) == 0

    work.done.set()
    assert await single_flight.join("key", work) == "audio"
    assert work.begun == 2


async def test_who_joins_while_the_last_leaves_gets_a_flight_of_their_own() -> None:
    single_flight, work = SingleFlight[str](), Work()
    leaving = asyncio.ensure_future(single_flight.join("key", work))
    await settled()
    leaving.cancel()
    late = asyncio.ensure_future(single_flight.join("key", work))
    await settled()
    work.done.set()

    assert await late == "audio"
    with pytest.raises(asyncio.CancelledError):
        await leaving
