"""When to stop asking an engine that keeps failing, and when to try it again.

Closed until ``failures_to_open`` failures in a row; then open for ``cool_down_s``, doubled with every probe
that fails up to ``longest_cool_down_s``; then one probe at a time until one succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class BreakerPhase(StrEnum):
    CLOSED = "closed"
    OPEN = "open"
    PROBING = "probing"


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """``failures_to_open`` 0 disables the breaker."""

    failures_to_open: int = 5
    cool_down_s: float = 5.0
    longest_cool_down_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one breaker; each method returns the next."""

    rules: BreakerRules
    phase: BreakerPhase = BreakerPhase.CLOSED
    failures: int = 0
    opened_at_s: float = 0.0
    cool_down_s: float = 0.0

    @property
    def lets_pass(self) -> bool:
        return self.phase is BreakerPhase.CLOSED

    @property
    def opens_next(self) -> bool:
        """Whether one more failure opens it."""
        return self.lets_pass and 0 < self.rules.failures_to_open <= self.failures + 1

    def probe_due(self, now_s: float) -> bool:
        return self.phase is BreakerPhase.OPEN and now_s >= self.opened_at_s + self.cool_down_s

    def probing(self) -> Breaker:
        return replace(self, phase=BreakerPhase.PROBING)

    def succeeded(self) -> Breaker:
        return Breaker(self.rules)

    def failed(self, now_s: float) -> Breaker:
        """After a failure at ``now_s``; a failed probe opens it again, for twice as long."""
        failures = self.failures + 1
        if self.phase is BreakerPhase.PROBING:
            longer = max(self.cool_down_s, min(self.cool_down_s * 2, self.rules.longest_cool_down_s))
            return Breaker(self.rules, BreakerPhase.OPEN, failures, now_s, longer)
        if self.opens_next:
            return Breaker(self.rules, BreakerPhase.OPEN, failures, now_s, self.rules.cool_down_s)
        return replace(self, failures=failures)
