"""A database as the tables' owners use it: whole calls, each with an end, and one kind of error."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from sqlalchemy import event

from segue.core.errors import Unavailable
from segue.store.migrate import TooNew, migrate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Sequence

    from sqlalchemy import Connection, Executable, Row, Select, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    Insert = PostgresqlInsert | SqliteInsert

T = TypeVar("T")


class Kind(Protocol):
    """What one kind of database does its own way."""

    @property
    def engine(self) -> AsyncEngine: ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """What its driver raises when a call fails, SQLAlchemy's own included."""
        ...

    def create(self) -> None:
        """Makes the database where that is ours to do."""
        ...

    def begin(self, *, writes: bool) -> Sequence[str]:
        """The statements that open a transaction; one that writes has to wait for others that do."""
        ...

    def exclude_other_migrations(self) -> Sequence[str]:
        """The statements that make others who would change the tables wait until the transaction's end."""
        ...

    def tell(self) -> Sequence[str]:
        """The statements that tell ``watch``, everywhere, that the transaction has added an event."""
        ...

    def insert(self, table: Table) -> Insert:
        """An insert that knows ``on_conflict_do_update``."""
        ...

    def watch(self) -> AsyncGenerator[None]:
        """Yields once at first and then when an event was added."""
        ...

    def described(self, error: Exception) -> str:
        """What happened and what to do about it, in words that hold no secret and no value."""
        ...


class Database:
    """One engine, and every call through it.

    A call once begun is finished, whoever stops waiting for it: a driver that is interrupted in the middle leaves
    a thread or a connection that answers to an event loop which may be gone.
    """

    def __init__(self, kind: Kind) -> None:
        self.kind = kind
        self._under_way: set[asyncio.Task[Any]] = set()
        self._up_to_date = False
        self._attempt: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Brings the tables up to date. A start that failed is tried again by the next call."""
        self._up_to_date = False
        await self.ready()

    async def ready(self) -> None:
        """Returns at once where the tables are known to be up to date; those who find otherwise try together."""
        if self._up_to_date:
            return
        if self._attempt is None or self._attempt.done():
            self._attempt = self._begun(self._bring_up_to_date())
        await asyncio.shield(self._attempt)

    async def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

        return await self._call(work, writes=False)

    async def write(self, *statements: Executable) -> int:
        """All of them or none. Returns how many rows the first has touched."""

        async def work(connection: AsyncConnection) -> int:
            counts = [(await connection.execute(statement)).rowcount for statement in statements]
            return int(counts[0])

        return await self.transact(work)

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]]) -> T:
        """Everything that ``work`` writes, or nothing of it."""
        return await self._call(work, writes=True)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raises the driver's errors as ``Unavailable``."""
        try:
            yield
        except TooNew:
            raise Unavailable(
                "the store was changed by a later version of Segue; the last known state goes on serving and "
                "nothing is recorded; run that version again, or give this one a store of its own"
            ) from None
        except self.kind.errors as error:
            raise Unavailable(self.kind.described(error)) from error

    async def close(self) -> None:
        """Waits for the calls under way, then closes every connection."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="close the store")
        await asyncio.shield(self._closing)

    async def _call(self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool) -> T:
        await self.ready()
        return await asyncio.shield(self._begun(self._transaction(work, writes=writes)))

    async def _transaction(self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool) -> T:
        with self.translated():
            async with self.kind.engine.connect() as connection:
                await connection.execution_options(**{_WRITES: writes})
                async with connection.begin():
                    return await work(connection)

    async def _bring_up_to_date(self) -> None:
        with self.translated():
            self.kind.create()
            await self._transaction(self._migrate, writes=True)
        self._up_to_date = True

    async def _migrate(self, connection: AsyncConnection) -> None:
        for statement in self.kind.exclude_other_migrations():
            await connection.exec_driver_sql(statement)
        await connection.run_sync(migrate)

    def _begun(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task of the store's own, for callers to wait for behind a shield."""
        if self._closing is not None:
            work.close()
            raise Unavailable("the store is closed: this process is stopping, and records nothing more")
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task

    async def _close(self) -> None:
        while self._under_way:
            await asyncio.wait(self._under_way)
        await self.kind.engine.dispose()


_WRITES = "segue_writes"


def open_transactions_by(kind: Kind) -> None:
    """Makes ``kind.engine`` open its transactions as the kind says."""

    @event.listens_for(kind.engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = bool(connection.get_execution_options().get(_WRITES, False))
        for statement in kind.begin(writes=writes):
            connection.exec_driver_sql(statement)
