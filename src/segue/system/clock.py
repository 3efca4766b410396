"""The real clock and the real source of randomness."""

from __future__ import annotations

import asyncio
import secrets
import time


class SystemClock:
    """Implements ``segue.kernel.ports.clock.Clock``."""

    def now_s(self) -> float:
        return time.time()

    def monotonic_s(self) -> float:
        return time.monotonic()

    async def sleep(self, duration_s: float) -> None:
        await asyncio.sleep(duration_s)


class SystemEntropy:
    """Implements ``segue.kernel.ports.clock.Entropy``."""

    def token(self) -> str:
        return secrets.token_hex(16)
