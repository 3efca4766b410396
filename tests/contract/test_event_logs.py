"""Every history keeps the promises of ``segue.ports.store``: in memory, and in SQLite shared by processes."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

import pytest

from segue.ports.store import Conflict
from segue.store.open import open_event_log
from segue.testing.store import EventLogContract, MemoryEventLog, an_event

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.ports.store import EventLog

WRITER = """
import asyncio, sys
from segue.ports.store import Conflict, Event
from segue.store.open import open_event_log

async def main(url, actor, revisions):
    log = open_event_log(url)
    await log.start()
    for revision in revisions:
        try:
            await log.append(Event("rollout/test", revision, 1.0, actor, "routing_set", "{}"))
        except Conflict:
            print("lost", revision)
        else:
            print("won", revision)
    await log.close()

asyncio.run(main(sys.argv[1], sys.argv[2], map(int, sys.argv[3:])))
"""


async def written_by_another_process(url: str, actor: str, *revisions: int) -> list[str]:
    """What became of each revision: won or lost."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", WRITER, url, actor, *map(str, revisions), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    assert process.returncode == 0
    return said.decode().splitlines()


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/state/segue.db"


class TestMemoryEventLog(EventLogContract):
    @pytest.fixture
    async def log(self) -> AsyncIterator[EventLog]:
        log = MemoryEventLog()
        await log.start()
        yield log
        await log.close()


class TestSqliteEventLog(EventLogContract):
    @pytest.fixture
    async def log(self, url: str) -> AsyncIterator[EventLog]:
        log = open_event_log(url)
        await log.start()
        yield log
        await log.close()

    async def test_what_another_process_writes_is_noticed_and_read(self, log: EventLog, url: str) -> None:
        changes = log.changes()
        await anext(changes)
        noticed = asyncio.ensure_future(anext(changes))
        said = await written_by_another_process(url, "bob", 1)
        await asyncio.wait_for(noticed, 1.0)
        await changes.aclose()  # type: ignore[attr-defined]  # an async generator

        assert said == ["won 1"]
        latest = await log.latest("rollout/test")
        assert latest is not None
        assert latest.actor == "bob"

    async def test_two_processes_never_both_win_a_revision(self, log: EventLog, url: str) -> None:
        revisions = range(1, 16)
        by_ann, by_bob = await asyncio.gather(
            written_by_another_process(url, "ann", *revisions), written_by_another_process(url, "bob", *revisions)
        )
        history = await log.read("rollout/test")

        assert [event.revision for event in history] == list(revisions)
        won = {f"won {event.revision}": event.actor for event in history}
        assert {line for line in by_ann if line in won and won[line] == "ann"} == {
            line for line in by_ann if line.startswith("won")
        }
        assert not {line for line in by_ann if line.startswith("won")} & set(by_bob)

    async def test_what_was_written_survives_a_restart(self, log: EventLog, url: str) -> None:
        await log.append(an_event(1))
        await log.close()
        again = open_event_log(url)
        await again.start()

        assert await again.latest("rollout/test") == an_event(1)
        await again.close()

    async def test_starting_twice_loses_nothing(self, log: EventLog) -> None:
        await log.append(an_event(1))
        await log.start()

        assert await log.latest("rollout/test") == an_event(1)

    async def test_the_loser_sees_the_winner_even_when_more_has_happened_since(self, log: EventLog) -> None:
        for revision in (1, 2, 3):
            await log.append(an_event(revision, actor=f"writer-{revision}"))
        with pytest.raises(Conflict) as caught:
            await log.append(an_event(2, actor="late"))

        assert caught.value.winner == an_event(2, actor="writer-2")
