"""A worker that spends from a key's limit: ``URL HANDLE PLACE PLACES LIMIT REQUESTS``.

It begins when its input is closed, and prints how many of its requests passed.
"""

from __future__ import annotations

import asyncio
import os
import sys

from segue.access.counts import SharedCounts, shared_counts
from segue.access.limiter import KeyLimiter
from segue.access.limits import KeyLimits, LimitReached
from segue.access.roles import Caller
from segue.rollout.store.open import open_store
from segue.system.clock import SystemClock


async def passed_by_machine(url: str, workers: int, limit: int, requests: int) -> list[int]:
    """How many of its requests each worker of a machine let pass, all let go at once."""
    handle, pipe = shared_counts(workers), asyncio.subprocess.PIPE
    running = []
    for place in range(workers):
        words = map(str, (url, handle, place, workers, limit, requests))
        command = (sys.executable, __file__, *words)
        running.append(await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, pass_fds=[handle]))
    os.close(handle)
    for process in running:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(process.communicate(b"") for process in running))
    return [int(out) for out, _ in said]


async def main(url: str, handle: int, place: int, places: int, limit: int, requests: int) -> None:
    store = open_store(url)
    await store.start()
    limiter = KeyLimiter(SharedCounts(handle, place, places), store, SystemClock())
    caller = Caller("app", (), key_id="a" * 12, limits=KeyLimits(requests_per_minute=limit))
    _say("ready")
    sys.stdin.read()
    passed = 0
    for _ in range(requests):
        request = limiter.begin(caller)
        try:
            await request.spend(1)
        except LimitReached:
            continue
        passed += 1
        request.end()
    _say(str(passed))
    await store.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
