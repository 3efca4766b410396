"""Retries notices with growing pauses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import stamina

from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from segue.rollout.ports.notice import Notice, Target


@dataclass(frozen=True, slots=True)
class RetryLimits:
    """How often a notice is tried, and the pauses in between, which double from the first to the longest."""

    attempts: int = 8
    first_wait_s: float = 1.0
    longest_wait_s: float = 60.0


class Retrying:
    """Implements ``segue.rollout.ports.notice.Target`` around another target.

    If a target says when to retry, that time is used, up to the longest pause.
    """

    def __init__(self, target: Target, patience: RetryLimits) -> None:
        self._target = target
        self._patience = patience

    @property
    def name(self) -> str:
        return self._target.name

    @property
    def kind(self) -> str:
        return self._target.kind

    async def send(self, notice: Notice) -> None:
        tries = stamina.retry_context(
            on=self._again,
            attempts=self._patience.attempts,
            timeout=None,
            wait_initial=self._patience.first_wait_s,
            wait_max=self._patience.longest_wait_s,
            wait_jitter=self._patience.first_wait_s,
        )
        async for attempt in tries:
            with attempt:
                await self._target.send(notice)

    def _again(self, error: Exception) -> bool | float:
        if not isinstance(error, Unavailable):
            return False
        asked_s = error.retry_after_s
        return True if asked_s is None else min(asked_s, self._patience.longest_wait_s)
