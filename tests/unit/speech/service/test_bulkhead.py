from __future__ import annotations

import asyncio

import pytest

from segue.kernel.errors import AnswerTooLong, BreakerOpen, InternalFailure, QuotaExhausted
from segue.kernel.ports.recorder import BreakerPhase, BulkheadName
from segue.speech.core.breaker import BreakerRules
from segue.speech.core.catalogue import Quota
from segue.speech.service.admission import ANY_VISIT, AdmissionLimits
from segue.speech.service.bulkhead import Bulkhead, BulkheadLimits
from segue.testing.clock import FakeClock
from segue.testing.engine import ScriptedEngine
from segue.testing.recorder import RememberingRecorder

NAME = BulkheadName("google", "chirp3-hd")


class Bench:
    """A bulkhead with everything around it in hand; the probe succeeds or fails as told."""

    def __init__(self, quota: Quota | None = None, running: int = 4) -> None:
        self.clock = FakeClock()
        self.recorder = RememberingRecorder()
        limits = BulkheadLimits(AdmissionLimits(running, 8), BreakerRules(3, 5.0, 20.0), quota or Quota())
        engine = ScriptedEngine()
        self.bulkhead = Bulkhead(NAME, engine, limits, self.clock, self.recorder, recovered=self._recovered)
        self.recoveries = 0
        self.probes = 0
        self.probe_fails = False

    async def probe(self) -> None:
        self.probes += 1
        if self.probe_fails:
            raise InternalFailure("still broken")

    def _recovered(self) -> None:
        self.recoveries += 1

    async def call(self, *, fails: bool = False, chars: int = 10) -> None:
        async with self.bulkhead.admitted(chars, asyncio.get_running_loop().time() + 5, self.probe):
            if fails:
                self.bulkhead.failed()
            else:
                self.bulkhead.succeeded()

    async def break_it(self) -> None:
        for _ in range(3):
            await self.call(fails=True)


async def settled() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_bulkhead_at_rest_says_that_nothing_runs() -> None:
    bench = Bench()
    async with bench.bulkhead.admitted(10, asyncio.get_running_loop().time() + 5, bench.probe):
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

    assert bench.bulkhead.phase is BreakerPhase.CLOSED


async def test_a_doubtful_failure_opens_it_only_where_the_engine_fails_by_itself() -> None:
    bench = Bench()
    for _ in range(2):
        bench.bulkhead.failed(bench.probe)
    assert bench.probes == 0

    bench.bulkhead.failed(bench.probe)
    await settled()
    assert (bench.probes, bench.bulkhead.phase) == (1, BreakerPhase.CLOSED)

    bench.probe_fails = True
    for _ in range(3):
        bench.bulkhead.failed(bench.probe)
    await settled()
    assert (bench.probes, bench.bulkhead.phase) == (2, BreakerPhase.OPEN)


async def test_many_doubts_at_once_ask_the_engine_once_and_certain_failures_do_not_wait() -> None:
    bench = Bench()
    bench.probe_fails = True
    for _ in range(9):
        bench.bulkhead.failed(bench.probe)
    assert bench.recorder.phases == []

    bench.bulkhead.failed()
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
    assert bench.bulkhead.phase is BreakerPhase.CLOSED
    await bench.call()


@pytest.mark.parametrize("fails", [False, True])
@pytest.mark.parametrize("cooled_s", [0.0, 5.0])
async def test_a_call_from_before_it_opened_is_no_probe(*, fails: bool, cooled_s: float) -> None:
    bench = Bench()
    async with bench.bulkhead.admitted(10, asyncio.get_running_loop().time() + 5, bench.probe):
        await bench.break_it()
        bench.clock.advance(cooled_s)
        with pytest.raises(BreakerOpen):
            await bench.call()
        before = list(bench.recorder.phases)
        if fails:
            bench.bulkhead.failed()
        else:
            bench.bulkhead.succeeded()

    assert bench.recorder.phases == before
    assert bench.bulkhead.phase is (BreakerPhase.PROBING if cooled_s else BreakerPhase.OPEN)
    await bench.bulkhead.close()


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
        async with bench.bulkhead.admitted(1, asyncio.get_running_loop().time() + 5, bench.probe):
            entered.set()
            await leave.wait()
            for _ in range(3):
                bench.bulkhead.failed()

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
    bench.bulkhead.allowance.refused_upstream(30.0)
    with pytest.raises(QuotaExhausted):
        await bench.call()
    bench.clock.advance(30.0)
    await bench.call()


async def test_no_more_streams_than_allowed() -> None:
    bench = Bench(Quota(concurrent_streams=2))
    allowance = bench.bulkhead.allowance
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
        async with bench.bulkhead.admitted(1, asyncio.get_running_loop().time() + 5, hang):
            pass
    await bench.bulkhead.close()


async def test_a_bulkhead_whose_probe_succeeds_says_so() -> None:
    bench = Bench()
    await bench.break_it()
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()

    assert bench.recoveries == 1


async def test_an_early_probe_closes_the_breaker_before_it_has_cooled_down() -> None:
    bench = Bench()
    await bench.break_it()
    with pytest.raises(BreakerOpen):
        await bench.call()
    bench.bulkhead.probe_early()
    await settled()

    assert (bench.probes, bench.bulkhead.phase) == (1, BreakerPhase.CLOSED)


async def test_an_early_probe_that_fails_changes_no_wait() -> None:
    bench = Bench()
    bench.probe_fails = True
    await bench.break_it()
    bench.clock.advance(4.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    bench.bulkhead.probe_early()
    await settled()
    assert (bench.probes, bench.bulkhead.phase, bench.recoveries) == (1, BreakerPhase.OPEN, 0)

    bench.clock.advance(1.0)  # the 5 s of the first wait are over
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()
    assert bench.probes == 2


async def test_no_early_probe_where_the_breaker_is_closed_or_no_request_was_refused() -> None:
    bench = Bench()
    bench.bulkhead.probe_early()
    await bench.break_it()
    bench.bulkhead.probe_early()
    await settled()

    assert (bench.probes, bench.bulkhead.phase) == (0, BreakerPhase.OPEN)


async def test_an_early_probe_is_made_by_the_first_request_where_none_was_refused_before() -> None:
    """The engine beside it was well before the same request came here."""
    bench = Bench()
    await bench.break_it()
    bench.bulkhead.probe_early()
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()

    assert (bench.probes, bench.bulkhead.phase) == (1, BreakerPhase.CLOSED)


async def test_an_early_probe_that_nobody_needed_is_forgotten_when_the_breaker_opens_anew() -> None:
    bench = Bench()
    await bench.break_it()
    bench.bulkhead.probe_early()
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()
    await bench.break_it()
    with pytest.raises(BreakerOpen):
        await bench.call()
    await settled()

    assert (bench.probes, bench.bulkhead.phase) == (1, BreakerPhase.OPEN)


async def test_there_is_one_probe_at_a_time() -> None:
    bench = Bench()
    await bench.break_it()
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    bench.bulkhead.probe_early()
    await settled()

    assert bench.probes == 1


class SlowEngine(ScriptedEngine):
    """Says that it needs half a second for a second of sound, at best."""

    real_time_factor = 0.5


def slow_bulkhead() -> Bulkhead:
    return Bulkhead(NAME, SlowEngine(), BulkheadLimits(), FakeClock(), RememberingRecorder())


async def nothing() -> None:
    """A probe that finds all well."""


async def test_what_a_slow_engine_says_that_it_cannot_make_in_time_is_refused_before_it_has_begun() -> None:
    deadline = asyncio.get_running_loop().time() + 15

    with pytest.raises(AnswerTooLong, match="about 60 s of audio, which takes google/chirp3-hd at least 30 s"):
        async with slow_bulkhead().entered(ANY_VISIT._replace(size=60.0), deadline, nothing):
            pytest.fail("it has begun")


async def test_what_a_slow_engine_may_make_in_time_is_begun() -> None:
    deadline = asyncio.get_running_loop().time() + 15

    async with slow_bulkhead().entered(ANY_VISIT._replace(size=25.0), deadline, nothing):
        pass


async def test_on_trial_the_next_request_is_made_and_decides() -> None:
    bench = Bench()
    await bench.break_it()
    bench.bulkhead.put_on_trial()
    await bench.call()

    assert (bench.probes, bench.bulkhead.phase) == (0, BreakerPhase.CLOSED)
    await bench.call(fails=True)
    assert bench.bulkhead.phase is BreakerPhase.CLOSED, "the call that succeeded ended the trial"


async def test_one_failure_on_trial_opens_the_breaker_again() -> None:
    bench = Bench()
    await bench.break_it()
    bench.bulkhead.put_on_trial()
    await bench.call(fails=True)

    with pytest.raises(BreakerOpen):
        await bench.call()


async def test_a_probe_from_before_the_trial_opens_nothing() -> None:
    bench = Bench()
    bench.probe_fails = True
    await bench.break_it()
    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        await bench.call()
    bench.bulkhead.put_on_trial()
    await settled()

    assert (bench.probes, bench.bulkhead.phase) == (1, BreakerPhase.CLOSED)


async def test_a_breaker_that_is_closed_needs_no_trial() -> None:
    bench = Bench()
    bench.bulkhead.put_on_trial()
    await bench.call(fails=True)
    await bench.call(fails=True)

    assert bench.bulkhead.phase is BreakerPhase.CLOSED
