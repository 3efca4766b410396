"""A database as its users see it: complete calls, each with a time limit, and one kind of error."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import structlog
from sqlalchemy import event

from segue.kernel.errors import Unavailable
from segue.rollout.store.migrate import TooNew, migrate

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine, Iterator, Sequence

    from sqlalchemy import Connection, Executable, Row, Select, Table
    from sqlalchemy.dialects.postgresql import Insert as PostgresqlInsert
    from sqlalchemy.dialects.sqlite import Insert as SqliteInsert
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    Insert = PostgresqlInsert | SqliteInsert

T = TypeVar("T")

_ANSWERS_WITHIN_S = 15.0
"""Longer than each kind of database waits on its own before it reports an error."""

_CLOSES_WITHIN_S = 5.0


class DatabaseKind(Protocol):
    """What differs between the kinds of database."""

    @property
    def engine(self) -> AsyncEngine: ...

    @property
    def errors(self) -> tuple[type[Exception], ...]:
        """The exceptions that its driver raises when a call fails, including SQLAlchemy's own."""
        ...

    def create(self) -> None:
        """Creates the database, if Segue is responsible for that."""
        ...

    def begin(self, *, writes: bool) -> Sequence[str]:
        """The statements that open a transaction; one that writes must wait for others that write."""
        ...

    def exclude_other_migrations(self) -> Sequence[str]:
        """The statements that make other migrations wait until the end of the transaction."""
        ...

    def tell(self) -> Sequence[str]:
        """The statements that notify ``watch`` in every process that the transaction has added an event."""
        ...

    def insert(self, table: Table) -> Insert:
        """An insert that supports ``on_conflict_do_update``."""
        ...

    def watch(self) -> AsyncGenerator[None]:
        """Yields once at first, and again whenever an event was added."""
        ...

    async def make_room(self, error: Exception) -> bool:
        """Releases reserved space if ``error`` says that the disk is full; returns whether a retry can help."""
        ...

    async def restock(self) -> None:
        """Reserves the space again, as far as there is any. Raises nothing."""
        ...

    def described(self, error: Exception) -> str:
        """What happened and what to do about it; the text contains no secrets and no values."""
        ...


class Database:
    """One engine, and every call through it.

    A call that has begun is finished even if its caller stops waiting. A driver that is interrupted would leave a
    thread or a connection that later calls into an event loop, which may be closed by then.
    """

    def __init__(self, kind: DatabaseKind) -> None:
        self.kind = kind
        self._under_way: set[asyncio.Task[Any]] = set()
        self._up_to_date = False
        self._attempt: asyncio.Task[None] | None = None
        self._closing: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Brings the tables up to date. If this fails, the next call tries again."""
        self._up_to_date = False
        await self.ready()

    async def ready(self) -> None:
        """Returns immediately if the tables are known to be up to date.

        Otherwise all callers share one attempt.
        """
        if self._up_to_date:
            return
        if self._attempt is None or self._attempt.done():
            self._attempt = self._begun(self._bring_up_to_date())
        await _in_time(self._attempt)

    async def rows(self, query: Select[Any]) -> Sequence[Row[Any]]:
        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            found: Sequence[Row[Any]] = (await connection.execute(query)).all()
            return found

        return await self._call(work, writes=False)

    async def write(self, *statements: Executable) -> int:
        """Runs all statements or none. Returns how many rows the first one changed."""

        async def work(connection: AsyncConnection) -> int:
            counts = [(await connection.execute(statement)).rowcount for statement in statements]
            return int(counts[0])

        return await self.transact(work)

    async def transact(self, work: Callable[[AsyncConnection], Awaitable[T]], *, urgent: bool = False) -> T:
        """Writes everything that ``work`` writes, or nothing.

        ``urgent``: it may use the reserved disk space, and is run again for that.
        """
        return await self._call(work, writes=True, urgent=urgent)

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Raises the driver's errors as ``Unavailable``."""
        try:
            yield
        except TooNew:
            raise Unavailable(
                "the store was changed by a later version of Segue, so nothing is recorded; run that version "
                "again, or use a separate store for this one"
            ) from None
        except self.kind.errors as error:
            raise Unavailable(self.kind.described(error)) from error

    async def close(self) -> None:
        """Waits for the calls in progress, then closes every connection."""
        if self._closing is None:
            self._closing = asyncio.create_task(self._close(), name="close the store")
        await asyncio.shield(self._closing)

    async def _call(
        self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool, urgent: bool = False
    ) -> T:
        await self.ready()
        return await _in_time(self._begun(self._transaction(work, writes=writes, urgent=urgent)))

    async def _transaction(
        self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool, urgent: bool
    ) -> T:
        with self.translated():
            result = await self._tried(work, writes=writes, urgent=urgent)
        if writes:
            await self.kind.restock()
        return result

    async def _tried(self, work: Callable[[AsyncConnection], Awaitable[T]], *, writes: bool, urgent: bool) -> T:
        """Runs it once; an urgent call once more for each piece of the reserve."""
        while True:
            try:
                async with self.kind.engine.connect() as connection:
                    await connection.execution_options(**{_WRITES: writes})
                    async with connection.begin():
                        return await work(connection)
            except self.kind.errors as error:
                if not urgent or not await self.kind.make_room(error):
                    raise

    async def _bring_up_to_date(self) -> None:
        with self.translated():
            self.kind.create()
            await self._transaction(self._migrate, writes=True, urgent=True)
        self._up_to_date = True

    async def _migrate(self, connection: AsyncConnection) -> None:
        for statement in self.kind.exclude_other_migrations():
            await connection.exec_driver_sql(statement)
        await connection.run_sync(migrate)

    def _begun(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """A task that belongs to the store; callers wait for it behind a shield."""
        if self._closing is not None:
            work.close()
            raise Unavailable("the store is closed because this process is stopping; nothing more is recorded")
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # callers that still wait get the error; of an abandoned call it is dropped

    async def _close(self) -> None:
        """Stops waiting for a hanging call after a while, so that an unresponsive disk does not block the
        shutdown.
        """
        until_s = asyncio.get_running_loop().time() + _CLOSES_WITHIN_S
        while self._under_way and (left_s := until_s - asyncio.get_running_loop().time()) > 0:
            await asyncio.wait(self._under_way, timeout=left_s)
        if self._under_way:
            log = structlog.get_logger("segue.store")
            log.error(
                "store_calls_left",
                calls=len(self._under_way),
                effect="it is unknown what these calls have written",
            )
        disposing = asyncio.create_task(self.kind.engine.dispose(), name="dispose of the store")
        await asyncio.wait({disposing}, timeout=_CLOSES_WITHIN_S)
        if disposing.done():
            disposing.result()


async def _in_time(task: asyncio.Task[T]) -> T:
    """The result of the call, which continues even if its caller stops waiting.

    Raises:
        Unavailable: there is no result in time.
    """
    await asyncio.wait({task}, timeout=_ANSWERS_WITHIN_S)
    if not task.done():
        raise Unavailable(
            f"the store has not responded within {_ANSWERS_WITHIN_S:g} s, so it is unknown whether anything was "
            "recorded; check its disk or server, then the history"
        )
    return task.result()


_WRITES = "segue_writes"


def open_transactions_by(kind: DatabaseKind) -> None:
    """Makes ``kind.engine`` open its transactions with the statements of ``kind``."""

    @event.listens_for(kind.engine.sync_engine, "begin")
    def _begin(connection: Connection) -> None:
        writes = bool(connection.get_execution_options().get(_WRITES, False))
        for statement in kind.begin(writes=writes):
            connection.exec_driver_sql(statement)
