"""A circuit breaker: decides when to stop calling an engine that keeps failing, and when to try it again.

The breaker is closed until ``failures_to_open`` failures in a row. Then it is open for ``cool_down_s``; the time
doubles with each failed probe, up to ``longest_cool_down_s``. After that it allows one probe at a time until one
succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from segue.kernel.ports.recorder import BreakerPhase


@dataclass(frozen=True, slots=True)
class BreakerRules:
    """When a breaker opens, and for how long. ``failures_to_open`` 0 disables the breaker."""

    failures_to_open: int = 5
    cool_down_s: float = 5.0
    longest_cool_down_s: float = 60.0


@dataclass(frozen=True, slots=True)
class Breaker:
    """The state of one breaker. Each method returns the next state."""

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
        """Whether one more failure opens the breaker."""
        return self.lets_pass and 0 < self.rules.failures_to_open <= self.failures + 1

    def probe_due(self, now_s: float) -> bool:
        return self.phase is BreakerPhase.OPEN and now_s >= self.opened_at_s + self.cool_down_s

    def probing(self) -> Breaker:
        return replace(self, phase=BreakerPhase.PROBING)

    def on_trial(self) -> Breaker:
        """Closed, so that the next call is made; if that fails, the breaker opens again."""
        return Breaker(self.rules, failures=max(0, self.rules.failures_to_open - 1))

    def succeeded(self) -> Breaker:
        return Breaker(self.rules)

    def failed(self, now_s: float) -> Breaker:
        """The state after a failure at ``now_s``. A failed probe opens the breaker again, for twice as long."""
        failures = self.failures + 1
        if self.phase is BreakerPhase.PROBING:
            longer = max(self.cool_down_s, min(self.cool_down_s * 2, self.rules.longest_cool_down_s))
            return Breaker(self.rules, BreakerPhase.OPEN, failures, now_s, longer)
        if self.opens_next:
            return Breaker(self.rules, BreakerPhase.OPEN, failures, now_s, self.rules.cool_down_s)
        return replace(self, failures=failures)
