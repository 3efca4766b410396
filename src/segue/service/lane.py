"""One voice family of one engine, as the service uses it: guarded by a breaker, an allowance and a line."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.core.breaker import Breaker, BreakerPhase, BreakerRules
from segue.core.catalogue import Quota
from segue.core.errors import BreakerOpen, QuotaExhausted, SegueError
from segue.service.admission import Admission, AdmissionLimits
from segue.service.allowance import Allowance

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from segue.ports.clock import Clock
    from segue.ports.engine import Engine
    from segue.ports.recorder import LaneName, Recorder


@dataclass(frozen=True, slots=True)
class LaneLimits:
    """``replicas``: processes that share the vendor's quota. ``background``: calls at once for texts that nobody
    waits for.
    """

    admission: AdmissionLimits = field(default_factory=AdmissionLimits)
    breaker: BreakerRules = field(default_factory=BreakerRules)
    quota: Quota = field(default_factory=Quota)
    replicas: int = 1
    background: int = 1


class Lane:
    """Lets calls through to an engine, or says at once why not."""

    def __init__(
        self, name: LaneName, engine: Engine, limits: LaneLimits, clock: Clock, recorder: Recorder
    ) -> None:
        self.name = name
        self.engine = engine
        self.allowance = Allowance(name, limits.quota, clock, recorder, replicas=limits.replicas)
        self._admission = Admission(limits.admission)
        self._breaker = Breaker(limits.breaker)
        self.background = asyncio.Semaphore(limits.background)
        self._clock = clock
        self._recorder = recorder
        self._probe: asyncio.Task[None] | None = None
        self._doubt: asyncio.Task[None] | None = None

    @property
    def phase(self) -> BreakerPhase:
        return self._breaker.phase

    @asynccontextmanager
    async def admitted(
        self,
        chars: int,
        deadline: float,
        probe: Callable[[], Awaitable[object]],
        *,
        patient: bool = False,
        begun: bool = False,
    ) -> AsyncIterator[None]:
        """A place to call the engine from, by ``deadline`` on the loop's clock.

        ``probe`` is how to try the engine, should the breaker want to know. ``patient``: where the allowance is
        spent, it is waited for as long as the deadline allows, as the rest of a text that has begun must be.
        ``begun``: somebody hears that text already, and goes before those who hear nothing yet.

        Raises:
            BreakerOpen, QuotaExhausted, Overloaded: the engine was not asked.
        """
        self._check_breaker(probe)
        try:
            async with self._admission.place(deadline, begun=begun):
                self._report_load()
                self._check_breaker(probe)  # it may have opened while this one stood in line
                await self._spend(chars, deadline if patient else None)
                yield
        finally:
            self._report_load()  # with the place given back: a lane at rest has to say so

    def succeeded(self) -> None:
        """A call has. One that was under way when the breaker opened tells of the time before."""
        if self._breaker.failures and self._breaker.lets_pass:
            self._turn(self._breaker.succeeded())

    def failed(self, doubt: Callable[[], Awaitable[object]] | None = None) -> None:
        """A call has. One that was under way when the breaker opened is no probe that failed.

        ``doubt``: it may be the text that failed, and not the engine. Before the breaker opens over it, the engine
        is tried so; one caller's texts close it to nobody else.
        """
        if not self._breaker.lets_pass:
            return
        if doubt is None or not self._breaker.opens_next:
            self._turn(self._breaker.failed(self._clock.monotonic_s()))
        elif self._doubt is None or self._doubt.done():
            self._doubt = asyncio.create_task(self._clear_up(doubt), name=f"doubt {self.name}")

    async def close(self) -> None:
        tasks = [task for task in (self._probe, self._doubt) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _spend(self, chars: int, deadline: float | None) -> None:
        while True:
            try:
                self.allowance.spend(chars)
            except QuotaExhausted as spent:
                wait_s = spent.retry_after_s or 0.0
                if deadline is None or asyncio.get_running_loop().time() + wait_s > deadline:
                    raise
                await self._clock.sleep(wait_s)
            else:
                return

    def _check_breaker(self, probe: Callable[[], Awaitable[object]]) -> None:
        if self._breaker.lets_pass:
            return
        if self._breaker.probe_due(self._clock.monotonic_s()):
            self._turn(self._breaker.probing())
            self._probe = asyncio.create_task(self._try(probe), name=f"probe {self.name}")
        raise BreakerOpen(f"{self.name.engine}/{self.name.family} failed {self._breaker.failures} times in a row")

    async def _try(self, probe: Callable[[], Awaitable[object]]) -> None:
        """One call on nobody's behalf: no listener waits for an engine that may be dead."""
        try:
            await probe()
        except SegueError:
            self._turn(self._breaker.failed(self._clock.monotonic_s()))
        else:
            self._turn(self._breaker.succeeded())

    async def _clear_up(self, probe: Callable[[], Awaitable[object]]) -> None:
        """Of an engine that lets calls pass still."""
        try:
            await probe()
        except SegueError:
            self.failed()
        else:
            self.succeeded()

    def _turn(self, breaker: Breaker) -> None:
        changed = breaker.phase is not self._breaker.phase
        self._breaker = breaker
        if changed:
            self._recorder.breaker_changed(self.name, breaker.phase, breaker.failures)

    def _report_load(self) -> None:
        self._recorder.load_changed(self.name, self._admission.running, self._admission.waiting)
