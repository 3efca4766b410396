from __future__ import annotations

import asyncio

import pytest

from segue.core.breaker import BreakerPhase, BreakerRules
from segue.core.catalogue import Quota
from segue.core.errors import BreakerOpen, InternalFailure, QuotaExhausted
from segue.ports.recorder import LaneName
from segue.service.admission import AdmissionLimits
from segue.service.lane import Lane, LaneLimits
from segue.testing.clock import FakeClock
from segue.testing.engine import ScriptedEngine
from segue.testing.recorder import RememberingRecorder

NAME = LaneName("google", "chirp3-hd")


class Bench:
    """A lane with everything around it in hand; the probe succeeds or fails as told."""

    def __init__(self, quota: Quota | None = None, running: int = 4) -> None:
        self.clock = FakeClock()
        self.recorder = RememberingRecorder()
        limits = LaneLimits(AdmissionLimits(running, 8), BreakerRules(3, 5.0, 20.0), quota or Quota())
        self.lane = Lane(NAME, ScriptedEngine(), limits, self.clock, self.recorder)
        self.probes = 0
        self.probe_fails = False

    async def probe(self) -> None:
        self.probes += 1
        if self.probe_fails:
            raise InternalFailure("still broken")

    async def call(self, *, fails: bool = False, chars: int = 10) -> None:
        async with self.lane.admitted(chars, asyncio.get_running_loop().time() + 5, self.probe):
            if fails:
                self.lane.failed()
            else:
                self.lane.succeeded()

    async def break_it(self) -> None:
        for _ in range(3):
            await self.call(fails=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_lane_at_rest_says_that_nothing_runs() -> None:
    bench = Bench()
    async with bench.lane.admitted(10, asyncio.get_running_loop().time() + 5, bench.probe):
        assert bench.recorder.loads[NAME] == (1, 0)

    assert bench.recorder.loads[NAME] == (0, 0)


async def test_after_enough_failures_in_a_row_calls_are_refused_at_once() -> None:
    bench = Bench()
    await bench.break_it()

    with pytest.raises(BreakerOpen):
        await bench.call()
    assert bench.recorder.phases == [BreakerPhase.OPEN]


async def test_a_success_in_between_starts_the_count_again() -> None:
    bench = Bench()
    for fails in (True, True, False, True, True):
        await bench.call(fails=fails)

    assert bench.lane.phase is BreakerPhase.CLOSED


async def test_a_doubtful_failure_opens_it_only_where_the_engine_fails_by_itself() -> None:
    bench = Bench()
    for _ in range(2):
        bench.lane.failed(bench.probe)
    assert bench.probes == 0

    bench.lane.failed(bench.probe)
    await settled()
    assert (bench.probes, bench.lane.phase) == (1, BreakerPhase.CLOSED)

    bench.probe_fails = True
    for _ in range(3):
        bench.lane.failed(bench.probe)
    await settled()
    assert (bench.probes, bench.lane.phase) == (2, BreakerPhase.OPEN)


async def test_many_doubts_at_once_ask_the_engine_once_and_certain_failures_do_not_wait() -> None:
    bench = Bench()
    bench.probe_fails = True
    for _ in range(9):
        bench.lane.failed(bench.probe)
    assert bench.recorder.phases == []

    bench.lane.failed()
    assert bench.recorder.phases == [BreakerPhase.OPEN]
    await settled()
    assert bench.probes == 1
    assert bench.recorder.phases == [BreakerPhase.OPEN]


async def test_once_cool_one_probe_is_made_and_no_listener_waits_for_it() -> None:
    bench = Bench()
    await bench.break_it()
    bench.clock.advance(5.0)
    for _ in range(3):
        with pytest.raises(BreakerOpen):
            await bench.call()
    await settled()

    assert bench.probes == 1
    assert bench.lane.phase is BreakerPhase.CLOSED
    await bench.call()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("cooled_s", [0.0, 5.0])
async def test_a_call_from_before_it_opened_is_no_probe(*, fails: bool, cooled_s: float) -> None:
    bench = Bench()
    async with bench.lane.admitted(10, asyncio.get_running_loop().time() + 5, bench.probe):
        await bench.break_it()
        bench.clock.advance(cooled_s)
        with pytest.raises(BreakerOpen):
            await bench.call()
        before = list(bench.recorder.phases)
        if fails:
            bench.lane.failed()
        else:
            bench.lane.succeeded()

    assert bench.recorder.phases == before
    assert bench.lane.phase is (BreakerPhase.PROBING if cooled_s else BreakerPhase.OPEN)
    await bench.lane.close()


async def test_a_probe_that_fails_doubles_the_wait() -> None:
    bench = Bench()
    await bench.break_it()
    bench.probe_fails = True
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()
    bench.clock.advance(9.9)
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()
    assert bench.probes == 1

    bench.clock.advance(0.1)
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()
    assert bench.probes == 2


async def test_those_in_line_when_it_opens_are_not_sent_to_a_dead_engine() -> None:
    bench = Bench(running=1)
    entered, leave = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with bench.lane.admitted(1, asyncio.get_running_loop().time() + 5, bench.probe):
            entered.set()
            await leave.wait()
            for _ in range(3):
                bench.lane.failed()

    holder = asyncio.ensure_future(hold())
    await entered.wait()
    waiting = asyncio.ensure_future(bench.call())
    await settled()
    leave.set()
    await holder

    with pytest.raises(BreakerOpen):
        await waiting


async def test_the_quota_of_requests_is_never_exceeded_in_any_minute() -> None:
    bench = Bench(Quota(requests_per_minute=60))
    given: list[float] = []
    refused = 0
    for _ in range(1200):
        try:
            await bench.call()
            given.append(bench.clock.monotonic_s())
        except QuotaExhausted:
            refused += 1
        bench.clock.advance(0.1)

    busiest = max(sum(start <= at < start + 60 for at in given) for start in given)
    assert 50 <= busiest <= 60
    assert bench.recorder.quotas["google", "chirp3-hd", "requests"] == refused > 0


async def test_the_quota_of_characters_counts_characters() -> None:
    bench = Bench(Quota(chars_per_minute=1000))
    await bench.call(chars=200)

    with pytest.raises(QuotaExhausted, match="characters"):
        await bench.call(chars=200)


async def test_what_the_vendor_refused_is_not_asked_again_before_its_time() -> None:
    bench = Bench()
    bench.lane.allowance.refused_upstream(30.0)
    with pytest.raises(QuotaExhausted):
        await bench.call()
    bench.clock.advance(30.0)
    await bench.call()


async def test_no_more_streams_than_allowed() -> None:
    bench = Bench(Quota(concurrent_streams=2))
    allowance = bench.lane.allowance
    with (
        allowance.stream(),
        allowance.stream(),
        pytest.raises(QuotaExhausted, match="streams"),
        allowance.stream(),
    ):
        pass
    with allowance.stream():
        pass


async def test_closing_ends_a_probe_under_way() -> None:
    bench = Bench()

    async def hang() -> None:
        await asyncio.Event().wait()

    await bench.break_it()
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        async with bench.lane.admitted(1, asyncio.get_running_loop().time() + 5, hang):
            pass
    await bench.lane.close()
