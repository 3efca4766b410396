"""This worker's part of a daily budget that all workers share."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING

import structlog

from segue.kernel.errors import Unavailable
from segue.kernel.ports.recorder import Skip
from segue.kernel.units import DAY_S, day_of
from segue.speech.core.shadow import spendable_chars

if TYPE_CHECKING:
    from segue.kernel.ports.budgets import Budgets
    from segue.kernel.ports.clock import Clock

_BLOCKS_A_DAY = 200
"""The budget is taken from the store in this many blocks a day.

There are few writes, and little is lost when a worker stops.
"""

_ASK_AGAIN_AFTER_S = 10.0
"""How long the store is not called after it did not respond."""


class NoBudgets:
    """Implements ``segue.rollout.ports.store.Budgets`` without a store: nothing may be spent."""

    async def take(self, name: str, day: int, amount: float, most: float) -> bool:  # noqa: ARG002
        return False

    async def taken(self, name: str, day: int) -> float:  # noqa: ARG002
        return 0.0

    async def forget(self, name: str, before_day: int) -> None: ...


class DayBudget:
    """Takes blocks of characters from the shared budget in advance, and spends them.

    A block counts as spent when it is taken, so all workers together never exceed ``chars_a_day``. The rest of a
    block is lost when the worker stops or the day (UTC) ends. If the store does not respond, nothing is spent.

    The budget is spread over the day: at any time, at most the part of the day that has passed plus one hour's
    budget may be spent. Shadow requests therefore come from the whole day and not only from its first hours.
    """

    def __init__(self, budgets: Budgets, name: str, clock: Clock) -> None:
        self._budgets = budgets
        self._name = name
        self._clock = clock
        self._chars_a_day = 0.0
        self._day = -1
        self._left = 0.0
        self._refused_chars = math.inf
        self._refused_until_s = 0.0
        self._silent_until_s = -math.inf
        self._store_answers = True
        self._one_at_a_time = asyncio.Lock()
        self._log = structlog.get_logger("segue.service")

    def set_limit(self, chars_a_day: float) -> None:
        """Sets the number of characters per day, including those already spent today."""
        if chars_a_day != self._chars_a_day:
            self._chars_a_day, self._day = chars_a_day, -1

    async def spend(self, chars: int) -> Skip | None:
        """Spends this number of characters, or returns why it may not."""
        async with self._one_at_a_time:
            self._turn_day()
            if self._left < chars:
                refusal = await self._take(chars)
                if refusal is not None:
                    return refusal
            self._left -= chars
            return None

    def _turn_day(self) -> None:
        today = day_of(self._clock.now_s())
        if today != self._day:
            self._day, self._left, self._refused_chars = today, 0.0, math.inf

    async def _take(self, chars: int) -> Skip | None:
        """Takes one more block, or just enough for this text."""
        missing, now_s = chars - self._left, self._clock.now_s()
        if missing >= self._refused_chars and now_s < self._refused_until_s:
            return Skip.BUDGET
        if self._clock.monotonic_s() < self._silent_until_s:
            return Skip.STORE
        try:
            granted = await self._granted(max(missing, self._chars_a_day / _BLOCKS_A_DAY), missing)
        except Unavailable as error:
            return self._store_gone(error)
        self._store_answers = True
        if not granted:
            self._refused_chars, self._refused_until_s = missing, now_s + DAY_S / _BLOCKS_A_DAY
            return Skip.BUDGET
        self._left += granted
        return None

    async def _granted(self, block: float, missing: float) -> float:
        most = spendable_chars(self._chars_a_day, self._clock.now_s())
        for amount in dict.fromkeys((block, missing)):
            if await self._budgets.take(self._name, self._day, amount, most):
                return amount
        return 0.0

    def _store_gone(self, error: Unavailable) -> Skip:
        self._silent_until_s = self._clock.monotonic_s() + _ASK_AGAIN_AFTER_S
        if self._store_answers:
            self._log.warning(
                "shadow_stopped", error=str(error), effect="no shadow requests until the store responds"
            )
        self._store_answers = False
        return Skip.STORE
