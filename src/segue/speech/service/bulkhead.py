"""The access to one voice family of one engine, with a breaker, an allowance and a queue."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from segue.kernel.errors import AnswerTooLong, BreakerOpen, Overloaded, QuotaExhausted, SegueError
from segue.kernel.ports.recorder import BreakerPhase
from segue.speech.core.breaker import Breaker, BreakerRules
from segue.speech.core.catalogue import Quota
from segue.speech.service.admission import ANY_VISIT, Admission, AdmissionLimits, Rank, Visit
from segue.speech.service.allowance import Allowance
from segue.speech.service.pace import Pace

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from segue.kernel.arms import Arm
    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import BulkheadName, Recorder
    from segue.speech.ports.engine import Engine


LARGE_S = 60.0
"""Seconds of audio above which a response counts as large."""


@dataclass(frozen=True, slots=True)
class BulkheadLimits:
    """``admission`` limits calls.

    ``answers`` limits whole responses, and streams until they are heard. ``large`` limits those of them with more
    than ``LARGE_S`` of audio. ``replicas`` is the number of processes that share the vendor's quota.
    ``background`` is the number of concurrent background calls.
    """

    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    breaker: BreakerRules = field(default_factory=BreakerRules)
    quota: Quota = field(default_factory=Quota)
    replicas: int = 1
    background: int = 1
    answers: AdmissionLimits = field(default_factory=AdmissionLimits)
    large: AdmissionLimits = field(default_factory=AdmissionLimits)


Probe: TypeAlias = "Callable[[], Awaitable[object]]"
"""Tries an engine with a call that no listener waits for. Raises SegueError if the engine does not work."""


class Bulkhead:
    """Lets calls through to an engine, or refuses them immediately with the reason.

    ``recovered`` is called when a probe has closed the breaker. ``arms`` are those whose calls it has had.
    """

    def __init__(
        self,
        name: BulkheadName,
        engine: Engine,
        limits: BulkheadLimits,
        clock: Clock,
        recorder: Recorder,
        *,
        recovered: Callable[[], None] | None = None,
    ) -> None:
        self.name = name
        self.engine = engine
        self.arms: set[Arm] = set()
        self.allowance = Allowance(name, limits.quota, clock, recorder, replicas=limits.replicas)
        self._admission = Admission(limits.admission)
        self._answers = Admission(limits.answers)
        self._large = Admission(limits.large)
        self._pace = Pace.at_best(getattr(engine, "real_time_factor", 0.0))
        self._breaker = Breaker(limits.breaker)
        self.background = asyncio.Semaphore(limits.background)
        self._clock = clock
        self._recorder = recorder
        self._recovered = recovered
        self._latest_probe: Probe | None = None
        self._early = False
        """Belongs to the latest request that the breaker refused."""
        self._probing: asyncio.Task[None] | None = None
        self._doubt: asyncio.Task[None] | None = None

    @property
    def phase(self) -> BreakerPhase:
        return self._breaker.phase

    @asynccontextmanager
    async def entered(self, visit: Visit, deadline: float, probe: Probe) -> AsyncIterator[None]:
        """Holds a turn for a response, from its first call to its last byte.

        Turns limit how many responses are started, so that all of them can be completed, and so that requests wait
        before any work is done for them. ``visit.size`` is the response's seconds of audio, 0 for a stream.

        Raises:
            BreakerOpen, Overloaded, AnswerTooLong: the response was not started; it would not be complete by
                ``deadline``.
        """
        self._check_breaker(probe)
        now, sound_s = asyncio.get_running_loop().time, visit.size
        began, quickest_s = now(), self._pace.quickest_s(sound_s)
        if quickest_s > deadline - began:
            raise AnswerTooLong(
                f"the text has about {sound_s:.0f} s of audio, which takes {self.name.engine}/{self.name.family} "
                f"at least {quickest_s:.0f} s, but only {max(0.0, deadline - began):.0f} s are left; "
                "request a stream or a job, or send the text in parts"
            )
        visit = visit._replace(needs_s=self._pace.usual_s(sound_s))
        async with AsyncExitStack() as stack:
            if sound_s > LARGE_S:  # limited, so that they take neither all memory nor all turns
                await stack.enter_async_context(self._large.place(deadline, visit))
            await stack.enter_async_context(self._answers.place(deadline, visit._replace(size=0.0)))
            self._report_load()
            began = now()
            yield
            self._pace.learn(sound_s, now() - began)

    @asynccontextmanager
    async def admitted(
        self,
        chars: int,
        deadline: float,
        probe: Probe,
        visit: Visit = ANY_VISIT,
        *,
        patient: bool = False,
    ) -> AsyncIterator[None]:
        """Holds a place for one call to the engine, by ``deadline`` on the loop's clock.

        ``probe`` tries the engine if the breaker needs it. ``patient``: if the allowance is used up, the call
        waits for it until the deadline; the rest of a text that has begun needs this. A visit of rank ``BEGUN``
        belongs to a text that is being heard and goes first. One of rank ``SPARE`` is a background call, and takes
        neither the last place nor the last of the allowance.

        Raises:
            BreakerOpen, QuotaExhausted, Overloaded: the engine was not called.
        """
        self._check_breaker(probe)
        try:
            async with self._admission.place(deadline, visit):
                self._report_load()
                self._check_breaker(probe)  # it may have opened while this request waited
                await self._spend(chars, deadline if patient else None, spare=visit.rank is Rank.SPARE)
                yield
        finally:
            self._report_load()  # after the place is given back, so that an idle bulkhead reports 0

    def check_spare(self, chars: int, probe: Probe) -> None:
        """Raises BreakerOpen, Overloaded or QuotaExhausted if a background call would not be let through now."""
        self._check_breaker(probe)
        if self._answers.waiting or not self._admission.has_spare:
            raise Overloaded(f"{self._admission.running} syntheses are running; no capacity for a background call")
        self.allowance.check_spare(chars)

    def succeeded(self) -> None:
        """Reports a call that succeeded. A call from before the breaker opened does not count."""
        if self._breaker.failures and self._breaker.lets_pass:
            self._turn(self._breaker.succeeded())

    def failed(self, doubt: Probe | None = None) -> None:
        """Reports a call that failed. A call from before the breaker opened does not count as a failed probe.

        ``doubt``: the failure may be due to the text and not the engine. Before the breaker opens for it, the
        engine is tried with this probe, so that one caller's texts cannot block the engine for others.
        """
        if not self._breaker.lets_pass:
            return
        if doubt is None or not self._breaker.opens_next:
            self._turn(self._breaker.failed(self._clock.monotonic_s()))
        elif self._doubt is None or self._doubt.done():
            self._doubt = asyncio.create_task(self._clear_up(doubt), name=f"doubt {self.name}")

    def probe_early(self) -> None:
        """Tries the engine before the cool-down is over, if its breaker is open.

        If a request has been refused, the probe is made now, otherwise when the first one is. If it fails, the
        breaker stays open for the rest of its time.
        """
        if self._breaker.phase is not BreakerPhase.OPEN:
            return
        if self._latest_probe is None:
            self._early = True
        else:
            self._begin_probe(self._latest_probe, self._breaker)

    def put_on_trial(self) -> None:
        """Calls the engine again for requests, if its breaker is open. The first failure opens the breaker again.

        Unlike ``probe_early``, no request is refused meanwhile, so none is counted as the engine's failure before
        the engine has been called.
        """
        if not self._breaker.lets_pass:
            self._turn(self._breaker.on_trial())

    async def close(self) -> None:
        tasks = [task for task in (self._probing, self._doubt) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _spend(self, chars: int, deadline: float | None, *, spare: bool) -> None:
        while True:
            try:
                self.allowance.spend(chars, spare=spare)
            except QuotaExhausted as spent:
                wait_s = spent.retry_after_s or 0.0
                if deadline is None or asyncio.get_running_loop().time() + wait_s > deadline:
                    raise
                await self._clock.sleep(wait_s)
            else:
                return

    def _check_breaker(self, probe: Probe) -> None:
        if self._breaker.lets_pass:
            return
        self._latest_probe = probe
        if self._breaker.probe_due(self._clock.monotonic_s()):
            self._begin_probe(probe)
        elif self._early:
            self._begin_probe(probe, self._breaker)
        raise BreakerOpen(
            f"{self.name.engine}/{self.name.family} failed {self._breaker.failures} times in a row and is not "
            "called for a while"
        )

    def _begin_probe(self, probe: Probe, if_it_fails: Breaker | None = None) -> None:
        self._turn(self._breaker.probing())
        self._probing = asyncio.create_task(self._try(probe, if_it_fails), name=f"probe {self.name}")

    async def _try(self, probe: Probe, if_it_fails: Breaker | None) -> None:
        """Makes one call that no listener waits for, because the engine may be dead."""
        try:
            await probe()
        except SegueError:
            # Otherwise the engine was put on trial since, and another probe may be in progress.
            if self._probing is asyncio.current_task() and self._breaker.phase is BreakerPhase.PROBING:
                self._turn(if_it_fails or self._breaker.failed(self._clock.monotonic_s()))
        else:
            self._latest_probe = None
            self._turn(self._breaker.succeeded())
            if self._recovered is not None:
                self._recovered()

    async def _clear_up(self, probe: Probe) -> None:
        """Probes an engine whose breaker is still closed."""
        try:
            await probe()
        except SegueError:
            self.failed()
        else:
            self.succeeded()

    def _turn(self, breaker: Breaker) -> None:
        self._early = False
        changed = breaker.phase is not self._breaker.phase
        self._breaker = breaker
        if changed:
            self._recorder.breaker_changed(self.name, breaker.phase, breaker.failures)

    def _report_load(self) -> None:
        waiting = self._admission.waiting + self._answers.waiting + self._large.waiting
        self._recorder.load_changed(self.name, self._admission.running, waiting)
