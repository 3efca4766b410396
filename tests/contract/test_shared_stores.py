"""A store that processes share: who is first wins, everyone hears of it, and nothing is lost with a process."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing, asynccontextmanager, closing
from pathlib import Path
from typing import TYPE_CHECKING

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from segue.kernel.errors import Unavailable
from segue.rollout.ports.store import Event, Note
from segue.rollout.store.open import open_store
from segue.rollout.store.postgresql import Postgresql
from segue.rollout.store.sqlite import Sqlite
from segue.rollout.store.tables import METADATA
from segue.testing.store import an_event
from support.writer import written_by_others

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import Connection

    from segue.rollout.ports.store import Store

ACTORS = tuple(f"writer-{number}" for number in range(8))

BEFORE_MIGRATIONS = """
CREATE TABLE segue_events (
    stream VARCHAR(128) NOT NULL,
    revision INTEGER NOT NULL,
    at_s FLOAT NOT NULL,
    actor VARCHAR(256) NOT NULL,
    kind VARCHAR(64) NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (stream, revision)
)
"""
OLD_EVENT = "INSERT INTO segue_events VALUES ('rollout/test', 1, 5.5, 'ann', 'boot', '{}')"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Store]:
    store = open_store(url)
    await store.start()
    yield store
    await store.close()


async def run(url: str, *statements: str) -> None:
    """Statements from outside, by the driver itself."""
    if url.startswith("postgresql"):
        connection = await asyncpg.connect(url)
        for statement in statements:
            await connection.execute(statement)
        await connection.close()
    else:
        with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as file, file:
            for statement in statements:
                file.execute(statement)


async def test_of_eight_processes_that_start_at_once_one_wins_and_seven_name_it(store_url: str) -> None:
    said = await written_by_others(store_url, *ACTORS)

    winners = [actor for actor, lines in zip(ACTORS, said, strict=True) if lines == ["won 1"]]
    assert len(winners) == 1
    assert [lines for lines in said if lines != ["won 1"]] == [[f"lost 1 to {winners[0]}"]] * 7
    async with opened(store_url) as store:
        assert [event.actor for event in await store.events.read("rollout/test")] == winners


async def test_two_processes_never_both_win_a_revision(store_url: str) -> None:
    revisions = tuple(range(1, 31))
    by_ann, by_bob = await written_by_others(store_url, "ann", "bob", revisions=revisions)
    async with opened(store_url) as store:
        history = await store.events.read("rollout/test")

    assert [event.revision for event in history] == list(revisions)
    for ours, theirs, name in ((by_ann, by_bob, "ann"), (by_bob, by_ann, "bob")):
        won = [event.revision for event in history if event.actor == name]
        assert [line for line in ours if line.startswith("won")] == [f"won {revision}" for revision in won]
        assert [line for line in theirs if line.startswith("lost")] == [
            f"lost {revision} to {name}" for revision in won
        ]


async def test_what_another_process_writes_is_noticed_and_read(store_url: str) -> None:
    async with opened(store_url) as store, aclosing(store.events.changes()) as changes:
        await anext(changes)
        noticed = asyncio.ensure_future(anext(changes))
        said = await written_by_others(store_url, "bob")
        await asyncio.wait_for(noticed, 1.0)

        assert said == [["won 1"]]
        latest = await store.events.latest("rollout/test")
        assert latest is not None
        assert latest.actor == "bob"


async def test_what_was_written_survives_a_restart(store_url: str) -> None:
    async with opened(store_url) as store:
        await store.events.append(an_event(1))
    async with opened(store_url) as store:
        assert await store.events.latest("rollout/test") == an_event(1)


async def test_starting_twice_loses_nothing(store_url: str) -> None:
    async with opened(store_url) as store:
        await store.events.append(an_event(1))
        await store.start()
        assert await store.events.latest("rollout/test") == an_event(1)


async def test_a_store_used_before_it_is_started_starts_itself(store_url: str) -> None:
    store = open_store(store_url)
    await store.notes.put("look", Note(1.0, "1"))
    assert await store.notes.get("look") == Note(1.0, "1")
    await store.close()


async def test_a_closed_store_says_so_and_may_be_closed_again(store_url: str) -> None:
    async with opened(store_url) as store:
        pass
    await store.close()
    with pytest.raises(Unavailable, match="the store is closed"):
        await store.events.latest("rollout/test")


async def test_a_database_from_before_the_migrations_keeps_its_history(store_url: str, tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    await run(store_url, BEFORE_MIGRATIONS, OLD_EVENT)

    said = await written_by_others(store_url, *ACTORS[:4], revisions=(1, 2))

    assert sorted(line for lines in said for line in lines if line.startswith("won")) == ["won 2"]
    async with opened(store_url) as store:
        assert (await store.events.read("rollout/test"))[0] == Event("rollout/test", 1, 5.5, "ann", "boot", "{}")
        await store.notes.put("look", Note(1.0, "1"))
        assert await store.notes.get("look") == Note(1.0, "1")


async def test_a_database_changed_by_a_later_version_is_left_alone(store_url: str) -> None:
    async with opened(store_url) as store:
        await store.events.append(an_event(1))
    await run(store_url, "UPDATE segue_schema SET version_num = '9999'")
    store = open_store(store_url)

    with pytest.raises(Unavailable, match="changed by a later version of Segue"):
        await store.start()
    await store.close()


async def test_the_steps_make_the_tables_that_the_code_speaks_to(store_url: str) -> None:
    async with opened(store_url):
        kind = (
            Postgresql(store_url)
            if store_url.startswith("postgresql")
            else Sqlite(Path(store_url.removeprefix("sqlite:///")))
        )

    def differences(connection: Connection) -> list[object]:
        options = {"version_table": "segue_schema"}
        return list(compare_metadata(MigrationContext.configure(connection, opts=options), METADATA))

    async with kind.engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await kind.engine.dispose()
