"""Token buckets for a vendor's limits per minute."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

_MINUTE_S = 60.0
_BURST = 0.2
"""The part of a minute's allowance that may be spent at once.

The rest refills evenly, so that no interval of 60 seconds exceeds the allowance.
"""


@dataclass(slots=True)
class TokenBucket:
    """A bucket that is full at first, as if it had been full for a long time.

    Times are monotonic seconds; a clock that goes backwards refills nothing.

    An amount above the capacity overdraws a bucket if the bucket has been full for as long as the overdraft takes
    to refill. Half of the overdraft is then covered by the time before and half by the time after, so every
    interval of 60 seconds stays within the allowance. An amount above the whole allowance can never fit. It is let
    through alone, and the vendor decides.
    """

    per_minute: float
    filled_at_s: float
    capacity: float = field(init=False)
    tokens: float = field(init=False)
    full_for_s: float = field(init=False, default=math.inf)
    """How long the bucket has been full, in seconds of unused refilling; 0 if it is not full."""

    def __post_init__(self) -> None:
        self.capacity = self.tokens = max(1.0, self.per_minute * _BURST)

    @property
    def _per_second(self) -> float:
        return max(self.per_minute - self.capacity, self.per_minute * 0.1) / _MINUTE_S

    def wait_s(self, amount: float, now_s: float) -> float:
        """Seconds until ``amount`` may be taken; 0 if it may be taken now."""
        self._refill(now_s)
        until_full_s = (min(amount, self.capacity) - self.tokens) / self._per_second
        saving_up_s = (amount - self.capacity) / self._per_second - self.full_for_s
        return max(0.0, until_full_s) + max(0.0, saving_up_s)

    def take(self, amount: float, now_s: float) -> None:
        """Takes ``amount``. The bucket may become negative; later calls then wait longer."""
        self._refill(now_s)
        self.tokens -= amount
        self.full_for_s = 0.0

    def drain(self, wait_s: float, now_s: float) -> None:
        """The vendor has asked to wait: nothing can be taken until ``wait_s`` have passed."""
        self._refill(now_s)
        self.tokens = min(self.tokens, 1.0 - wait_s * self._per_second)
        self.full_for_s = 0.0

    def _refill(self, now_s: float) -> None:
        passed_s = max(0.0, now_s - self.filled_at_s)
        self.filled_at_s = max(self.filled_at_s, now_s)
        surplus = self.tokens + passed_s * self._per_second - self.capacity
        self.tokens = min(self.capacity, self.capacity + surplus)
        self.full_for_s += max(0.0, surplus) / self._per_second
