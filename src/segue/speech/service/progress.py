"""Detects a stuck process: requests keep arriving, but none is completed.

A service can be stuck although its engines report that they are healthy, for example because of a thread that
hangs or a queue that does not move. Requests then time out repeatedly, and nothing is completed.
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from segue.kernel.errors import BadAudio, DeadlineExceeded, InvalidRequest
from segue.kernel.ports.health import HealthLevel, PartHealth

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from segue.kernel.ports.clock import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class ProgressRules:
    """When a process is stuck.

    ``least`` requests waited ``long_s`` or longer within the last ``lately_s``, and none was completed.
    """

    long_s: float = 5.0
    lately_s: float = 60.0
    least: int = 3


class Progress:
    """Watches the responses that are being made for listeners. Use it from one thread."""

    def __init__(self, clock: Clock, rules: ProgressRules | None = None) -> None:
        self._clock = clock
        self._rules = rules or ProgressRules()
        self._begun_s: dict[object, float] = {}
        self._in_vain_s: deque[float] = deque(maxlen=self._rules.least)
        self._finished_s = clock.monotonic_s()

    async def watched(self, making: Awaitable[T]) -> T:
        """Waits for the response and records its outcome."""
        token, began_s = object(), self._clock.monotonic_s()
        self._begun_s[token] = began_s
        try:
            made = await making
        except (DeadlineExceeded, asyncio.CancelledError):
            if self._clock.monotonic_s() - began_s >= self._rules.long_s:
                self._in_vain_s.append(self._clock.monotonic_s())
            raise
        except (BadAudio, InvalidRequest):
            self._finish()  # the engine responded, so the process is not stuck
            raise
        finally:
            del self._begun_s[token]
        self._finish()
        return made

    @property
    def is_stuck(self) -> bool:
        """Whether nothing has been completed recently although there were requests."""
        now_s, rules = self._clock.monotonic_s(), self._rules
        waiting = [max(began_s, self._finished_s) for began_s in self._begun_s.values()]
        waits_long = sum(now_s - since_s >= rules.long_s for since_s in waiting)
        in_vain = sum(now_s - ended_s <= rules.lately_s for ended_s in self._in_vain_s)
        return waits_long + in_vain >= rules.least

    def health(self) -> PartHealth:
        if not self.is_stuck:
            return PartHealth("synthesis", HealthLevel.OK, f"{len(self._begun_s)} responses in progress")
        idle_s = self._clock.monotonic_s() - self._finished_s
        detail = (
            f"{len(self._begun_s)} requests are in progress and none gets an answer; the last one that did was "
            f"{idle_s:.0f} s ago: the engines answer slowly or not at all, or this process is stuck; check the "
            "engines and the log, and restart the process if the engines answer"
        )
        return PartHealth("synthesis", HealthLevel.UNAVAILABLE, detail)

    def _finish(self) -> None:
        self._finished_s = self._clock.monotonic_s()
        self._in_vain_s.clear()
