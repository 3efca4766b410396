from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.core.errors import Overloaded
from segue.service.admission import Admission, AdmissionLimits

if TYPE_CHECKING:
    from collections.abc import Callable


def soon() -> float:
    return asyncio.get_running_loop().time() + 5.0


class Visitor:
    """Someone who holds a place until told to leave."""

    def __init__(self, admission: Admission, deadline: Callable[[], float] = soon) -> None:
        self.inside = asyncio.Event()
        self.leave = asyncio.Event()
        self.task = asyncio.ensure_future(self._visit(admission, deadline()))

    async def _visit(self, admission: Admission, deadline: float) -> None:
        async with admission.place(deadline):
            self.inside.set()
            await self.leave.wait()


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_no_more_run_than_allowed_and_the_rest_come_in_turn() -> None:
    admission = Admission(AdmissionLimits(running=2, waiting=5))
    visitors = [Visitor(admission) for _ in range(4)]
    await settled()
    assert [visitor.inside.is_set() for visitor in visitors] == [True, True, False, False]
    assert (admission.running, admission.waiting) == (2, 2)

    visitors[0].leave.set()
    await settled()
    assert [visitor.inside.is_set() for visitor in visitors] == [True, True, True, False]

    for visitor in visitors:
        visitor.leave.set()
    await asyncio.gather(*(visitor.task for visitor in visitors))
    assert (admission.running, admission.waiting) == (0, 0)


async def test_a_full_line_turns_away_at_once() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=0))
    first = Visitor(admission)
    await settled()
    with pytest.raises(Overloaded) as caught:
        async with admission.place(soon()):
            pass
    assert caught.value.retry_after_s == 1.0
    first.leave.set()
    await first.task


async def test_who_waits_longer_than_they_can_is_turned_away() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=5))
    first = Visitor(admission)
    await settled()
    with pytest.raises(Overloaded):
        async with admission.place(asyncio.get_running_loop().time() + 0.01):
            pass
    assert admission.waiting == 0
    first.leave.set()
    await first.task


async def test_who_gives_up_waiting_leaves_no_gap() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=5))
    first, second, third = Visitor(admission), Visitor(admission), Visitor(admission)
    await settled()
    second.task.cancel()
    await settled()
    first.leave.set()
    await settled()
    assert third.inside.is_set()
    third.leave.set()
    await asyncio.gather(first.task, third.task)
    assert admission.running == 0


async def test_a_place_given_to_someone_just_cancelled_is_passed_on() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=5))
    first, second, third = Visitor(admission), Visitor(admission), Visitor(admission)
    await settled()
    first.leave.set()
    await first.task  # the place goes to the second, who has not run yet
    second.task.cancel()
    await settled()
    assert third.inside.is_set()
    third.leave.set()
    await third.task
    assert admission.running == 0
