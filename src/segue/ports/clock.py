"""Time and chance, handed in."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    """``now_s`` is Unix time for records; ``monotonic_s`` is for measuring and never goes back."""

    def now_s(self) -> float: ...

    def monotonic_s(self) -> float: ...

    async def sleep(self, duration_s: float) -> None: ...


class Entropy(Protocol):
    """Names that are not to be guessed and draws that are not to be foreseen."""

    def token(self) -> str:
        """A fresh identifier: 32 hex digits."""
        ...
