"""The queue of the shadow: bounded, in the background, and never a word to the listener."""

from __future__ import annotations

import asyncio

import pytest

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.assign import HELD_BACK, IN_SHARE, OUTSIDE_SHARE, Assignment, Routing
from segue.kernel.errors import BreakerOpen, InternalFailure, Overloaded, QuotaExhausted, SegueError
from segue.kernel.ports.recorder import BulkheadName, Skip
from segue.kernel.shadow_budget import ShadowBudget
from segue.speech.core.catalogue import Capabilities, Character, Voice
from segue.speech.core.speech import AudioFormat, Manner, SpeechRequest
from segue.speech.service.day_budget import DayBudget, NoBudgets
from segue.speech.service.router import RenderPlan, Rendition, Route
from segue.speech.service.shadow import Shadow
from segue.testing.clock import FakeClock
from segue.testing.recorder import RememberingRecorder

ALL = Routing(enabled=True, shadow_ppm=1_000_000, salt="test")
VOICE = Voice("en-US", "calm", "babble", "en-US", ("Latn",), "Babble", Capabilities())


class Work:
    """Holds every request until it is let go."""

    def __init__(self, clock: FakeClock) -> None:
        self.budget = DayBudget(NoBudgets(), "test", clock)
        self.begun: list[tuple[str, bool]] = []
        self.cancelled = 0
        self.skip: Skip | None = None
        self.error: Exception | None = None
        self.let_go = asyncio.Event()

    async def do(self, route: Route, *, streamed: bool) -> Skip | None:
        self.begun.append((route.request.text, streamed))
        try:
            await self.let_go.wait()
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        if self.error is not None:
            raise self.error
        return self.skip


class Bench:
    """The shadow with its work, clock and recorder in hand."""

    def __init__(self, at_once: int = 2, workers: int = 1) -> None:
        self.clock = FakeClock()
        self.recorder = RememberingRecorder()
        self.work = Work(self.clock)
        self.shadow = Shadow(self.work, self.clock, self.recorder, workers=workers)
        self.shadow.set_budget(ShadowBudget(at_once=at_once))

    async def passes(self) -> None:
        """The answers have left."""
        for _ in range(5):
            await asyncio.sleep(0)
        self.clock.advance(1.0)
        for _ in range(5):
            await asyncio.sleep(0)

    def texts(self) -> list[str]:
        return [text for text, _ in self.work.begun]


def a_route(
    text: str = "Hello.",
    *,
    assignment: Assignment = OUTSIDE_SHARE,
    arm: Arm = Arm.BASELINE,
    routing: Routing = ALL,
    background: bool = False,
    cached: bool = True,
) -> Route:
    request = SpeechRequest(
        text, "pip_boy", Unit("ann", UnitSource.USER), "r", "test", AudioFormat(), cache_enabled=cached
    )._replace(background=background)
    manner = Manner("calm", "1", VOICE.name, VOICE.locale, request.audio_format)
    render_plan = RenderPlan(arm, "calm", VOICE, BulkheadName("calm", "babble"), manner, (), (), b"")
    return Route(
        request,
        Character("pip_boy", "Pip-Boy", {}),
        assignment,
        routing,
        Rendition(render_plan, text, f"key of {text}"),
    )


async def test_a_request_is_made_once_its_answer_has_left() -> None:
    bench = Bench()
    bench.shadow.answered(a_route(), streamed=True)
    for _ in range(5):
        await asyncio.sleep(0)
    assert bench.work.begun == []

    await bench.passes()
    assert bench.work.begun == [("Hello.", True)]
    await bench.shadow.close()


@pytest.mark.parametrize(
    "route",
    [
        a_route(routing=Routing(enabled=True)),
        a_route(routing=Routing(enabled=False, shadow_ppm=1_000_000)),
        a_route(assignment=IN_SHARE),
        a_route(assignment=HELD_BACK),
        a_route(arm=Arm.CANDIDATE),
        a_route(background=True),
    ],
    ids=["no shadow", "switched off", "in share", "held back", "answered by the candidate", "a job"],
)
async def test_what_is_not_the_shadows_affair_is_not_even_counted(route: Route) -> None:
    bench = Bench()
    bench.shadow.answered(route)
    await bench.passes()

    assert bench.work.begun == []
    assert not bench.recorder.shadows_skipped


async def test_so_many_are_made_at_once_and_the_rest_wait() -> None:
    bench = Bench(at_once=2)
    for number in range(5):
        bench.shadow.answered(a_route(f"{number}"))
    await bench.passes()
    assert bench.texts() == ["0", "1"]

    bench.work.let_go.set()
    for _ in range(3):
        await bench.passes()
    assert bench.texts() == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(("workers", "makes"), [(1, 4), (2, 2), (3, 1), (8, 1)])
async def test_the_workers_of_a_replica_share_what_may_be_made_at_once(workers: int, makes: int) -> None:
    bench = Bench(at_once=4, workers=workers)
    for number in range(6):
        bench.shadow.answered(a_route(f"{number}"))
    await bench.passes()

    assert len(bench.work.begun) == makes
    await bench.shadow.close()


async def test_a_full_queue_drops_what_comes() -> None:
    bench = Bench(at_once=1)
    for number in range(70):
        bench.shadow.answered(a_route(f"{number}"))

    assert bench.recorder.shadows_skipped == {Skip.QUEUE_FULL: 5}
    await bench.shadow.close()


async def test_what_several_waited_for_is_made_once() -> None:
    bench = Bench()
    for _ in range(3):
        bench.shadow.answered(a_route())
    await bench.passes()
    assert bench.texts() == ["Hello."]
    assert bench.recorder.shadows_skipped == {Skip.SAME: 2}

    bench.work.let_go.set()
    await bench.passes()
    bench.shadow.answered(a_route())
    await bench.passes()
    assert bench.texts() == ["Hello.", "Hello."]


async def test_who_wants_it_fresh_is_made_each_time() -> None:
    bench = Bench()
    for _ in range(2):
        bench.shadow.answered(a_route(cached=False))
    await bench.passes()

    assert bench.texts() == ["Hello.", "Hello."]
    await bench.shadow.close()


async def test_why_a_request_was_skipped_is_counted() -> None:
    bench = Bench()
    bench.work.skip = Skip.BUSY
    bench.work.let_go.set()
    bench.shadow.answered(a_route())
    await bench.passes()

    assert bench.recorder.shadows_skipped == {Skip.BUSY: 1}


async def test_a_request_that_the_baseline_failed_is_made_too() -> None:
    bench = Bench()
    bench.shadow.failed(a_route(), InternalFailure("no audio"))
    await bench.passes()

    assert bench.texts() == ["Hello."]
    await bench.shadow.close()


@pytest.mark.parametrize("failure", [Overloaded("full"), BreakerOpen("open"), QuotaExhausted("spent")])
async def test_a_request_for_which_no_engine_was_asked_is_not(failure: SegueError) -> None:
    bench = Bench()
    bench.shadow.failed(a_route(), failure)
    await bench.passes()

    assert bench.work.begun == []


async def test_a_plan_may_allow_more_or_nothing_at_once() -> None:
    bench = Bench(at_once=0)
    bench.shadow.answered(a_route("one"))
    await bench.passes()
    assert bench.work.begun == []

    bench.shadow.set_budget(ShadowBudget(at_once=2))
    await bench.passes()
    assert bench.texts() == ["one"]
    await bench.shadow.close()


async def test_closing_stops_everything() -> None:
    bench = Bench(at_once=1)
    for number in range(3):
        bench.shadow.answered(a_route(f"{number}"))
    await bench.passes()
    await bench.shadow.close()
    bench.shadow.answered(a_route("late"))
    await bench.passes()

    assert bench.texts() == ["0"]
    assert bench.work.cancelled == 1
