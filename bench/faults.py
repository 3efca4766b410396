"""What others notice of attacks and faults; ``--write`` puts the tables into ``docs/faults.md`` and
``docs/overload.md``.

Under each, somebody asks once a second and a monitor asks for the service's health ten times a second. Ends with
status 1 where one of them noticed more than the bounds allow.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from multiprocessing import Manager, get_context
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import httpx

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from support.attacks import ATTACKS, capacity_per_s, times_capacity
from support.crowd import Answer, ask, fetch, good, quantile_s, refused, spoken
from support.process import Server, serving

if TYPE_CHECKING:
    from threading import Event

    from support.attacks import Attack

DOCS = Path(__file__).parents[1] / "docs"
HEALTH = "/api/v1/monitoring/health"
METRICS = "/api/v1/monitoring/metrics/prometheus"
BREAKER_OPEN = re.compile(r"^segue_breaker_open\{.*\} 1(?:\.0)?$", re.MULTILINE)
LIMIT_S = 20.0
HEALTH_WITHIN_S = 0.1
MOST_MB = 700.0
_HEALTH_EVERY_S = 0.1
_RECOVERED_S = 1.0
_LONGEST_RECOVERY_S = 60.0


class Noticed(NamedTuple):
    """Of one attack: what came of its requests, what others noticed, and what it took."""

    attack: str
    workers: int
    seconds: float
    answers: list[Answer]
    others: list[Answer]
    health: list[Answer]
    breakers_open: int
    peak_mb: float
    recovered_s: float

    @property
    def is_overload(self) -> bool:
        return self.attack.partition(" ")[2].startswith(OVERLOAD)

    @property
    def holds(self) -> bool:
        failed = len(self.others) - len(good(self.others))
        slow = quantile_s(self.health, 0.99) > HEALTH_WITHIN_S
        return not failed and not slow and self.peak_mb <= MOST_MB and len(good(self.health)) == len(self.health)

    def row(self) -> str:
        failed = len(self.others) - len(good(self.others))
        cells = (
            self.attack,
            f"{self.workers}",
            f"{len(good(self.answers)):,} of {len(self.answers):,}",
            f"{failed} of {len(self.others)}",
            f"{quantile_s(self.others, 0.99):.2f}",
            f"{quantile_s(self.health, 0.5) * 1000:.0f}, {quantile_s(self.health, 0.99) * 1000:.0f}",
            f"{self.peak_mb:.0f}",
            f"{self.recovered_s:.1f}",
            "yes" if self.holds else "**no**",
        )
        return f"| {' | '.join(cells)} |"

    def overload_row(self) -> str:
        """What the callers of an overload get: how many answers, and how soon they know."""
        answered, turned_away = good(self.answers), refused(self.answers)
        cells = (
            self.attack,
            f"{self.workers}",
            f"{len(answered) / self.seconds:.0f}",
            f"{quantile_s(answered, 0.5):.2f}, {quantile_s(answered, 0.99):.2f}",
            f"{len(turned_away) / self.seconds:.0f}",
            f"{quantile_s(turned_away, 0.5):.2f}, {quantile_s(turned_away, 0.99):.2f}",
            f"{len(self.answers) - len(answered) - len(turned_away)}",
            "closed" if not self.breakers_open else f"open in {self.breakers_open} looks",
        )
        return f"| {' | '.join(cells)} |"


OVERLOAD = "times what can be made"
_OVERLOAD_COLUMNS = (
    "offered",
    "workers",
    "answers a second",
    "their P50 and P99, s",
    "refusals a second",
    "their P50 and P99, s",
    "neither",
    "breakers",
)
OVERLOAD_HEAD = f"| {' | '.join(_OVERLOAD_COLUMNS)} |\n|{' --- |' * len(_OVERLOAD_COLUMNS)}"
_COLUMNS = (
    "attack",
    "workers",
    "its requests answered",
    "others' requests failed",
    "their P99, s",
    "health, median and P99, ms",
    "memory of a worker at most, MB",
    "seconds to recover",
    "within bounds",
)
HEAD = f"| {' | '.join(_COLUMNS)} |\n|{' --- |' * len(_COLUMNS)}"


async def watched(server: Server, name: str, attack: Attack, seconds: float, workers: int) -> Noticed:
    """Who watches does so from a process of its own: the attack takes all the time of this one."""
    over = asyncio.Event()
    memory = asyncio.create_task(_peak_mb(server.process.pid, over))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, Manager() as manager:
        enough = manager.Event()
        others = asyncio.get_running_loop().run_in_executor(pool, _look, server.url, enough)
        await asyncio.sleep(2.0)
        answers = await attack(server.url, seconds)
        recovered_s = await _recovered_s(server.url)
        enough.set()
        polite, health, breakers = await others
    over.set()
    return Noticed(name, workers, seconds, answers, polite, health, breakers, await memory, recovered_s)


async def _recovered_s(url: str) -> float:
    began_s = time.monotonic()
    while time.monotonic() - began_s < _LONGEST_RECOVERY_S:
        answer = await ask(url, spoken("after", f"Is it over? {time.monotonic()}"), LIMIT_S)
        if answer.is_good and answer.took_s < _RECOVERED_S:
            break
    return time.monotonic() - began_s


def _look(url: str, enough: Event) -> tuple[list[Answer], list[Answer], int]:
    """What somebody who asks once a second is answered, and what a monitor is, until it is enough; and how often
    a breaker was seen open.
    """

    async def all_of_them() -> tuple[list[Answer], list[Answer], int]:
        return await asyncio.gather(_polite(url, enough), _health(url, enough), _breakers_open(url, enough))

    return asyncio.run(all_of_them())


async def _polite(url: str, enough: Event) -> list[Answer]:
    tasks: list[asyncio.Task[Answer]] = []
    while not await asyncio.to_thread(enough.wait, 1.0):
        body = spoken("polite", f"Once a second, number {len(tasks)}.")
        tasks.append(asyncio.create_task(ask(url, body, LIMIT_S)))
    return await asyncio.gather(*tasks)


async def _health(url: str, enough: Event) -> list[Answer]:
    answers = []
    while not await asyncio.to_thread(enough.wait, _HEALTH_EVERY_S):
        answers.append(await fetch(url, HEALTH, LIMIT_S))
    return answers


async def _breakers_open(url: str, enough: Event) -> int:
    seen = 0
    async with httpx.AsyncClient(base_url=url, timeout=LIMIT_S) as client:
        while not await asyncio.to_thread(enough.wait, 1.0):
            with suppress(httpx.HTTPError):
                seen += BREAKER_OPEN.search((await client.get(METRICS)).text) is not None
    return seen


async def _peak_mb(pid: int, over: asyncio.Event) -> float:
    """Of the process or of any of its workers."""
    peak_mb = 0.0
    while not over.is_set():
        peak_mb = max([peak_mb, *(_rss_mb(each) for each in (pid, *_children(pid)))])
        await asyncio.sleep(0.2)
    return peak_mb


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _rss_mb(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6
    except OSError:
        return 0.0


async def play(server: Server, workers: int, seconds: float, only: str) -> list[Noticed]:
    per_s = await capacity_per_s(server.url)
    overloads = {f"{times} {OVERLOAD} ({per_s:.0f}/s)": times for times in (1, 2, 3, 10)}
    attacks = {name: times_capacity(times, per_s) for name, times in overloads.items()} | ATTACKS
    found = []
    for name, attack in attacks.items():
        if only in name:
            found.append(await watched(server, name, attack, seconds, workers))
            print(found[-1].row(), file=sys.stderr, flush=True)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each attack")
    parser.add_argument("--workers", type=int, nargs="*", default=[1, 4])
    parser.add_argument("--only", default="", help="attacks with this in their name")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    found: list[Noticed] = []
    for workers in options.workers:
        with tempfile.TemporaryDirectory() as folder:
            environ = {
                "SEGUE_WORKERS": str(workers),
                "CHIRP3_ROLLOUT_PERCENTAGE": "0",
                "SEGUE_LOG_LEVEL": "error",
                "SEGUE_FAULT_INJECTION": "false",
            }
            with serving(Path(folder) / "var", **environ) as server:
                found += asyncio.run(play(server, workers, options.seconds, options.only))
    table = "\n".join([HEAD, *(noticed.row() for noticed in found)])
    print(table)
    overload = "\n".join([OVERLOAD_HEAD, *(noticed.overload_row() for noticed in found if noticed.is_overload)])
    print(overload)
    if options.write:
        put_in(DOCS / "faults.md", "faults", table)
        put_in(DOCS / "overload.md", "overload", overload)
    return 0 if all(noticed.holds for noticed in found) else 1


def put_in(page: Path, name: str, table: str) -> None:
    """Between the page's marks of that name."""
    text, begin, end = page.read_text(encoding="utf-8"), f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    head, _, rest = text.partition(begin)
    page.write_text(f"{head}{begin}\n{table}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
