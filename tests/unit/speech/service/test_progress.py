"""Nothing finished lately, although it was asked for, is noticed; a caller's mistakes are not."""

from __future__ import annotations

import asyncio

import pytest

from segue.kernel.errors import BadAudio, DeadlineExceeded, Overloaded, SegueError
from segue.kernel.ports.health import HealthLevel
from segue.speech.service.progress import Progress
from segue.testing.clock import FakeClock


async def ended(progress: Progress, clock: FakeClock, after_s: float, error: SegueError | None = None) -> None:
    """An answer that took so long."""

    async def making() -> None:
        clock.advance(after_s)
        if error is not None:
            raise error

    try:
        await progress.watched(making())
    except SegueError as raised:
        assert raised is error  # noqa: PT017 - what was raised is handed on


async def test_answers_that_run_out_of_time_again_and_again_are_noticed() -> None:
    clock = FakeClock()
    progress = Progress(clock)
    for _ in range(2):
        await ended(progress, clock, 20.0, DeadlineExceeded("late"))
    twice = progress.health().level
    await ended(progress, clock, 19.0, DeadlineExceeded("late"))

    assert (twice, progress.health().level) == (HealthLevel.OK, HealthLevel.UNAVAILABLE)


async def test_those_who_still_wait_count_as_well() -> None:
    clock = FakeClock()
    progress = Progress(clock)
    never = asyncio.Event()
    waiting = [asyncio.create_task(progress.watched(never.wait())) for _ in range(3)]
    await asyncio.sleep(0)
    clock.advance(4.0)
    early = progress.health().level
    clock.advance(2.0)
    late = progress.health()
    never.set()
    await asyncio.gather(*waiting)

    assert (early, late.level) == (HealthLevel.OK, HealthLevel.UNAVAILABLE)
    assert "3 requests are in progress and none gets an answer" in late.detail
    assert progress.health().level is HealthLevel.OK


@pytest.mark.parametrize("error", [None, BadAudio("silence")])
async def test_one_that_is_finished_shows_that_it_goes_on(error: SegueError | None) -> None:
    clock = FakeClock()
    progress = Progress(clock)
    for _ in range(3):
        await ended(progress, clock, 10.0, DeadlineExceeded("late"))
    await ended(progress, clock, 0.1, error)

    assert progress.health().level is HealthLevel.OK


async def test_a_queue_that_is_full_does_not_show_that_it_goes_on() -> None:
    clock = FakeClock()
    progress = Progress(clock)
    for _ in range(3):
        await ended(progress, clock, 10.0, DeadlineExceeded("late"))
    await ended(progress, clock, 0.0, Overloaded("full"))

    assert progress.health().level is HealthLevel.UNAVAILABLE


async def test_what_was_long_ago_is_forgotten_so_that_it_is_tried_again() -> None:
    clock = FakeClock()
    progress = Progress(clock)
    for _ in range(3):
        await ended(progress, clock, 10.0, DeadlineExceeded("late"))
    clock.advance(61.0)

    assert progress.health().level is HealthLevel.OK


async def test_callers_who_wait_little_show_nothing() -> None:
    clock = FakeClock()
    progress = Progress(clock)
    for _ in range(10):
        await ended(progress, clock, 1.0, DeadlineExceeded("late"))

    assert progress.health().level is HealthLevel.OK
