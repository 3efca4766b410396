from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Overloaded
from segue.speech.service.admission import Admission, AdmissionLimits, Rank, Visit
from segue.speech.service.line import QueuedCaller

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


class Spare(Visitor):
    """A call that nobody waits for."""

    async def _visit(self, admission: Admission, deadline: float) -> None:
        async with admission.place(deadline, Visit(rank=Rank.SPARE)):
            self.inside.set()
            await self.leave.wait()


async def test_a_spare_call_never_takes_the_last_place() -> None:
    admission = Admission(AdmissionLimits(running=2, waiting=5))
    first, second = Spare(admission), Spare(admission)
    await settled()
    assert (first.inside.is_set(), second.inside.is_set(), admission.running) == (True, False, 1)

    first.leave.set()
    await settled()
    assert second.inside.is_set()
    second.leave.set()
    await settled()
    assert admission.running == 0


async def test_a_spare_call_goes_after_everyone_who_came_later() -> None:
    admission = Admission(AdmissionLimits(running=3, waiting=5))
    there = [Visitor(admission) for _ in range(3)]
    await settled()
    spare, later = Spare(admission), Visitor(admission)
    await settled()
    assert admission.waiting == 1

    there[0].leave.set()
    await settled()
    assert (spare.inside.is_set(), later.inside.is_set()) == (False, True)

    there[1].leave.set()
    await settled()
    assert not spare.inside.is_set()  # it would take the last place

    there[2].leave.set()
    await settled()
    assert spare.inside.is_set()
    for visitor in (spare, later):
        visitor.leave.set()
    await settled()
    assert (admission.running, admission.has_spare) == (0, True)


async def test_spare_calls_do_not_fill_the_line() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=1))
    there = Visitor(admission)
    await settled()
    spares = [Spare(admission) for _ in range(3)]
    await settled()
    waiting = Visitor(admission)
    await settled()
    assert (admission.waiting, waiting.task.done()) == (1, False)

    for visitor in (there, waiting):
        visitor.leave.set()
    for spare in spares:
        spare.task.cancel()
    await asyncio.gather(*(spare.task for spare in spares), return_exceptions=True)
    await settled()
    assert admission.running == 0


async def test_a_spare_call_that_waits_too_long_is_told_so() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=1))
    with pytest.raises(Overloaded):
        async with admission.place(asyncio.get_running_loop().time() + 0.01, Visit(rank=Rank.SPARE)):
            pass
    assert admission.running == 0


async def test_who_gives_up_while_a_place_is_passed_on_breaks_nothing() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=5))
    there = Visitor(admission)
    await settled()
    impatient, patient = Visitor(admission), Visitor(admission)
    await settled()
    there.leave.set()
    impatient.task.cancel()
    await asyncio.gather(impatient.task, return_exceptions=True)
    await settled()

    assert impatient.task.cancelled()
    assert patient.inside.is_set()
    patient.leave.set()
    await patient.task
    assert admission.running == 0


class Measured(Visitor):
    """Makes so much."""

    def __init__(self, admission: Admission, size: float) -> None:
        self._size = size
        super().__init__(admission)

    async def _visit(self, admission: Admission, deadline: float) -> None:
        async with admission.place(deadline, Visit(size=self._size)):
            self.inside.set()
            await self.leave.wait()


async def test_what_is_made_at_once_fits_the_room_and_one_alone_may_be_larger() -> None:
    admission = Admission(AdmissionLimits(running=9, waiting=9, room=10.0))
    large, small, smaller = Measured(admission, 12.0), Measured(admission, 1.0), Measured(admission, 0.5)
    await settled()
    assert (large.inside.is_set(), small.inside.is_set()) == (True, False)

    large.leave.set()
    await settled()
    assert small.inside.is_set()
    assert smaller.inside.is_set()
    for visitor in (small, smaller):
        visitor.leave.set()
    await asyncio.gather(large.task, small.task, smaller.task)
    assert (admission.running, admission.waiting) == (0, 0)


async def test_who_waits_behind_something_too_large_that_left_is_let_in() -> None:
    admission = Admission(AdmissionLimits(running=9, waiting=9, room=10.0))
    there, large, small = Measured(admission, 6.0), Measured(admission, 9.0), Measured(admission, 1.0)
    await settled()
    assert not small.inside.is_set()
    large.task.cancel()
    await settled()
    assert small.inside.is_set()
    for visitor in (there, small):
        visitor.leave.set()
    await asyncio.gather(there.task, small.task)


async def test_who_would_wait_too_long_is_told_so_at_once_and_for_how_long() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=99, longest_wait_s=1.0))
    for _ in range(30):
        async with admission.place(soon()):
            await asyncio.sleep(0.01)
    there = Visitor(admission)
    line = [Visitor(admission) for _ in range(99)]
    await settled()
    refused = [visitor for visitor in line if visitor.task.done()]

    assert 10 < len(refused) < 90
    told = refused[-1].task.exception()
    assert isinstance(told, Overloaded)
    assert told.retry_after_s is not None
    assert told.retry_after_s >= 1.0
    for visitor in (there, *line):
        visitor.leave.set()
    await asyncio.gather(*(visitor.task for visitor in (there, *line)), return_exceptions=True)
    assert admission.running == 0


async def test_no_one_is_let_in_whose_answer_would_come_too_late() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=9))
    async with admission.place(soon()):
        await asyncio.sleep(0.05)
    there = Visitor(admission)
    await settled()
    deadline = asyncio.get_running_loop().time() + 0.012
    with pytest.raises(Overloaded):
        async with admission.place(deadline, Visit(needs_s=0.011)):
            pass
    assert asyncio.get_running_loop().time() < deadline
    there.leave.set()
    await there.task


async def test_in_a_full_line_the_longest_gives_way() -> None:
    admission = Admission(AdmissionLimits(running=1, waiting=3))
    greedy, other = QueuedCaller("1.1.1.1", "greedy"), QueuedCaller("2.2.2.2", "other")

    class Named(Visitor):
        def __init__(self, caller: QueuedCaller) -> None:
            self._caller = caller
            super().__init__(admission)

        async def _visit(self, admission: Admission, deadline: float) -> None:
            async with admission.place(deadline, Visit(self._caller)):
                self.inside.set()
                await self.leave.wait()

    crowd = [Named(greedy) for _ in range(4)]
    await settled()
    late = Named(other)
    await settled()
    assert isinstance(crowd[-1].task.exception(), Overloaded)
    assert admission.waiting == 3

    crowd[0].leave.set()
    await settled()
    assert late.inside.is_set()
    for visitor in (*crowd, late):
        visitor.leave.set()
    await asyncio.gather(*(visitor.task for visitor in (*crowd, late)), return_exceptions=True)
    assert (admission.running, admission.waiting) == (0, 0)
