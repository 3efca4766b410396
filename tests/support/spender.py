"""A process that spends from a day's budget: ``URL LIMIT CHARS TIMES``; it begins when its input is closed."""

from __future__ import annotations

import asyncio
import sys

from segue.rollout.store.open import open_store
from segue.speech.service.day_budget import DayBudget
from segue.testing.clock import FakeClock

NAME = "test/shadow"
DAY = 20_000


async def spent_by_processes(url: str, processes: int, chars_a_day: int, chars: int, times: int) -> list[int]:
    """How many characters each of the processes was allowed to spend, all let go at once."""
    words = map(str, (chars_a_day, chars, times))
    command = (sys.executable, __file__, url, *words)
    pipe = asyncio.subprocess.PIPE
    running = [await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe) for _ in range(processes)]
    for process in running:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"ready\n"
    said = await asyncio.gather(*(process.communicate(b"") for process in running))
    return [int(out) for out, _ in said]


async def main(url: str, chars_a_day: int, chars: int, times: int) -> None:
    store = open_store(url)
    await store.start()
    budget = DayBudget(store.budgets, NAME, FakeClock((DAY + 0.5) * 86_400.0))
    budget.set_limit(chars_a_day)
    _say("ready")
    sys.stdin.read()
    granted = [await budget.spend(chars) is None for _ in range(times)]
    await store.close()
    _say(str(chars * sum(granted)))


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], *map(int, sys.argv[2:])))
