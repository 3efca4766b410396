"""What becomes of an attempt whose caller leaves before it ends."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import BreakerPhase, BulkheadName
from segue.speech.core.breaker import BreakerRules
from segue.speech.core.speech import AudioFormat, Manner, SpeechRequest
from segue.speech.service.bulkhead import Bulkhead, BulkheadLimits
from segue.speech.service.levels import Levels
from segue.speech.service.router import RenderPlan, Rendition
from segue.speech.service.synthesis import Synthesis
from segue.speech.service.threads import Threads
from segue.testing.clock import FakeClock
from segue.testing.engine import ScriptedEngine
from segue.testing.recorder import RememberingRecorder

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = BulkheadName("bold", "babble")
ASKED = SpeechRequest(
    text="Hello there.",
    character_key="pip_boy",
    unit=Unit("ann", UnitSource.USER),
    request_id="r",
    dialect="test",
    audio_format=AudioFormat(),
    timeout_s=20.0,
)


@dataclass(slots=True)
class Bench:
    """An engine that hangs, behind a bulkhead that opens its breaker after two failures."""

    executor: ThreadPoolExecutor
    clock: FakeClock = field(default_factory=FakeClock)
    recorder: RememberingRecorder = field(default_factory=RememberingRecorder)
    engine: ScriptedEngine = field(default_factory=lambda: ScriptedEngine("bold"))

    async def left_after(self, *waited_s: float) -> Bulkhead:
        """The bulkhead after callers who left, each after so many seconds."""
        self.engine.always = 3600.0
        limits = BulkheadLimits(breaker=BreakerRules(failures_to_open=2))
        bulkhead = Bulkhead(NAME, self.engine, limits, self.clock, self.recorder)
        synthesis = Synthesis(lambda *_: bulkhead, Threads(self.executor), Levels(), self.clock, self.recorder)
        for patience_s in waited_s:
            self.engine.started.clear()
            waiting = asyncio.create_task(synthesis.make(self._rendition(), ASKED, "pip_boy", 20.0))
            await self.engine.started.wait()
            self.clock.advance(patience_s)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        return bulkhead

    def _rendition(self) -> Rendition:
        voice = self.engine.voice("en-US")
        manner = Manner("bold", "1", voice.name, voice.locale, ASKED.audio_format)
        return Rendition(RenderPlan(Arm.CANDIDATE, "bold", voice, NAME, manner, (), (), b""), ASKED.text, "key")


@contextmanager
def bench() -> Iterator[Bench]:
    with ThreadPoolExecutor(1) as executor:
        yield Bench(executor)


async def test_an_engine_that_hangs_until_its_callers_leave_has_failed_them() -> None:
    with bench() as scene:
        bulkhead = await scene.left_after(6.0, 6.0)

    assert [(tried.arm, tried.error) for tried in scene.recorder.attempts] == [
        (Arm.CANDIDATE, ErrorCode.DEADLINE)
    ] * 2
    assert [tried.duration_s for tried in scene.recorder.attempts] == pytest.approx([6.0, 6.0])
    assert bulkhead.phase is BreakerPhase.OPEN


async def test_a_caller_who_leaves_early_blames_nobody() -> None:
    with bench() as scene:
        bulkhead = await scene.left_after(0.5, 3.9, 1.0)

    assert scene.recorder.attempts == []
    assert bulkhead.phase is BreakerPhase.CLOSED
