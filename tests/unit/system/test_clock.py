"""The real clock and the real dice."""

from __future__ import annotations

import time

from segue.system.clock import SystemClock, SystemEntropy


async def test_the_clock_is_the_machines_and_goes_forward() -> None:
    clock = SystemClock()
    before_s = clock.monotonic_s()
    await clock.sleep(0.001)

    assert clock.monotonic_s() > before_s
    assert abs(clock.now_s() - time.time()) < 5.0


def test_names_are_never_the_same_twice() -> None:
    entropy = SystemEntropy()
    names = {entropy.token() for _ in range(1000)}

    assert len(names) == 1000
    assert {len(name) for name in names} == {32}
