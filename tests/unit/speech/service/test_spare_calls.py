"""Calls that nobody waits for: what they must leave of a bulkhead and of a vendor's quota."""

from __future__ import annotations

import asyncio

import pytest

from segue.kernel.errors import BreakerOpen, InternalFailure, Overloaded, QuotaExhausted
from segue.kernel.ports.recorder import BreakerPhase, BulkheadName
from segue.speech.core.breaker import BreakerRules
from segue.speech.core.catalogue import Quota
from segue.speech.service.admission import AdmissionLimits, Rank, Visit
from segue.speech.service.bulkhead import Bulkhead, BulkheadLimits
from segue.testing.clock import FakeClock
from segue.testing.engine import ScriptedEngine
from segue.testing.recorder import RememberingRecorder

NAME = BulkheadName("bold", "babble")


class Bench:
    """A bulkhead with everything around it in hand."""

    def __init__(self, quota: Quota | None = None, running: int = 4) -> None:
        self.clock = FakeClock()
        self.recorder = RememberingRecorder()
        limits = BulkheadLimits(AdmissionLimits(running, 8), BreakerRules(2, 5.0, 20.0), quota or Quota())
        self.bulkhead = Bulkhead(NAME, ScriptedEngine(), limits, self.clock, self.recorder)

    async def probe(self) -> None:
        raise InternalFailure("still broken")

    async def spend(self, chars: int = 10, *, spare: bool = False) -> None:
        visit = Visit(rank=Rank.SPARE if spare else Rank.WAITING)
        async with self.bulkhead.admitted(chars, asyncio.get_running_loop().time() + 5, self.probe, visit):
            pass

    def check(self, chars: int = 10) -> None:
        self.bulkhead.check_spare(chars, self.probe)


async def test_half_of_the_requests_at_once_stay_for_listeners() -> None:
    bench = Bench(Quota(requests_per_minute=50))  # 10 at once
    for _ in range(5):
        await bench.spend(spare=True)
    with pytest.raises(QuotaExhausted):
        await bench.spend(spare=True)
    with pytest.raises(QuotaExhausted):
        bench.check()

    for _ in range(5):
        await bench.spend()
    assert not bench.recorder.quotas  # no listener met a spent quota


async def test_half_of_the_characters_at_once_stay_too() -> None:
    bench = Bench(Quota(chars_per_minute=500))  # 100 at once
    await bench.spend(10)
    bench.check(40)
    with pytest.raises(QuotaExhausted):
        bench.check(41)


async def test_the_last_stream_stays() -> None:
    bench = Bench(Quota(concurrent_streams=2))
    with bench.bulkhead.allowance.stream(spare=True):
        with pytest.raises(QuotaExhausted):
            bench.check()
        with pytest.raises(QuotaExhausted), bench.bulkhead.allowance.stream(spare=True):
            pass
        with bench.bulkhead.allowance.stream():
            pass
    assert not bench.recorder.quotas


async def test_a_bulkhead_that_is_nearly_full_is_left_alone() -> None:
    bench = Bench(running=2)
    bench.check()
    async with bench.bulkhead.admitted(10, asyncio.get_running_loop().time() + 5, bench.probe):
        with pytest.raises(Overloaded):
            bench.check()


async def test_a_bulkhead_of_one_place_has_none_to_spare() -> None:
    with pytest.raises(Overloaded):
        Bench(running=1).check()


async def test_an_open_breaker_turns_it_away_and_is_probed_by_it() -> None:
    bench = Bench()
    for _ in range(2):
        bench.bulkhead.failed()
    with pytest.raises(BreakerOpen):
        bench.check()

    bench.clock.advance(5.0)
    with pytest.raises(BreakerOpen):
        bench.check()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert bench.recorder.phases == [BreakerPhase.OPEN, BreakerPhase.PROBING, BreakerPhase.OPEN]
