"""Interfaces for time and randomness."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """``now_s`` is Unix time for records. ``monotonic_s`` is for measuring and never goes back."""

    def now_s(self) -> float: ...

    def monotonic_s(self) -> float: ...

    async def sleep(self, duration_s: float) -> None: ...


class Entropy(Protocol):
    """A source of identifiers that cannot be guessed or predicted."""

    def token(self) -> str:
        """Returns a new identifier: 32 hex digits."""
        ...
