"""A process that writes to a store: ``URL ACTOR REVISION...``; it begins when its standard input is closed."""

from __future__ import annotations

import asyncio
import sys
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

from segue.rollout.ports.store import Conflict, Event
from segue.rollout.store.open import open_store

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@asynccontextmanager
async def _writing(url: str, actor: str, *revisions: int) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        url,
        actor,
        *map(str, revisions),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _ready(process: asyncio.subprocess.Process) -> None:
    assert process.stdout is not None
    assert await process.stdout.readline() == b"ready\n"


async def _written(process: asyncio.subprocess.Process) -> list[str]:
    said, _ = await process.communicate(b"")
    assert process.returncode == 0
    return said.decode().splitlines()


async def written_by_others(url: str, *actors: str, revisions: tuple[int, ...] = (1,)) -> list[list[str]]:
    """What became of each revision in a process for each actor, all let go at once: "won 1", "lost 1 to bob"."""
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(_writing(url, actor, *revisions)) for actor in actors]
        await asyncio.gather(*map(_ready, processes))
        return await asyncio.gather(*map(_written, processes))


async def main(url: str, actor: str, revisions: list[int]) -> None:
    _say("ready")
    sys.stdin.read()
    store = open_store(url)
    await store.start()
    for revision in revisions:
        try:
            await store.events.append(Event("rollout/test", revision, 1.0, actor, "routing_set", "{}"))
        except Conflict as conflict:
            _say(f"lost {revision} to {conflict.winner.actor}")
        else:
            _say(f"won {revision}")
    await store.close()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], [int(revision) for revision in sys.argv[3:]]))
