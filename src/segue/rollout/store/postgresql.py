"""PostgreSQL: one database for replicas on several machines."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import asyncpg
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from segue.rollout.store.database import open_transactions_by

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.dialects.postgresql import Insert

_CONNECT_TIMEOUT_S = 5.0
_CALL_TIMEOUT_S = 10.0
_KEEP_ALIVE_S = 2.0
"""How long a silent connection is trusted, and how long it then has to respond to a query."""
_CONNECTIONS = 4
_CHANNEL = "segue_events"
_SCHEMA = "coalesce(current_schema(), '')"
"""Sent with each notification, because a channel belongs to the whole database but a store to one of its
schemas.
"""
_MIGRATION_LOCK = 0x5E60E

_WHAT_TO_DO = {
    "08": "the connection was lost; check that the server runs and can be reached",
    "28": "the server rejects this user; check the user and the password in SEGUE_STORE_URL",
    "3D": "the database does not exist; create it with createdb",
    "42501": "this user lacks a privilege; grant it access to the schema and its tables",
    "53100": "the server's disk is full; free space there",
    "53300": "the server has no free connection; raise its max_connections",
    "57": "the server is starting, stopping or has ended the call; Segue tries again",
}
_NO_ANSWER = "the server does not respond; check that it runs and can be reached"


class Postgresql:
    """Implements ``segue.rollout.store.database.DatabaseKind``.

    ``dsn`` is a libpq connection URI, including parameters.
    """

    errors: tuple[type[Exception], ...] = (
        SQLAlchemyError,
        asyncpg.PostgresError,
        asyncpg.InterfaceError,
        asyncpg.InternalClientError,
        OSError,
    )

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn
        self.engine = create_async_engine(
            "postgresql+asyncpg://",
            async_creator=self._connect,
            pool_size=_CONNECTIONS,
            pool_pre_ping=True,
            pool_timeout=_CALL_TIMEOUT_S,
        )
        open_transactions_by(self)

    def create(self) -> None: ...

    def begin(self, *, writes: bool) -> Sequence[str]:
        del writes  # rows are locked one by one
        return []

    def exclude_other_migrations(self) -> Sequence[str]:
        return [f"SELECT pg_advisory_xact_lock({_MIGRATION_LOCK})"]

    def tell(self) -> Sequence[str]:
        return [f"SELECT pg_notify('{_CHANNEL}', {_SCHEMA})"]

    def insert(self, table: Table) -> Insert:
        return insert(table)

    async def watch(self) -> AsyncGenerator[None]:
        told = asyncio.Event()
        connection = await self._connect()
        try:
            connection.add_termination_listener(lambda _: told.set())
            schema = await connection.fetchval(f"SELECT {_SCHEMA}")
            await connection.add_listener(_CHANNEL, lambda *said: told.set() if said[-1] == schema else None)
            yield
            while True:
                await self._wait_for_notification(told, connection)
                if told.is_set():
                    told.clear()
                    yield
        finally:
            await _close(connection)

    async def make_room(self, error: Exception) -> bool:  # noqa: ARG002 - the disk belongs to the server
        return False

    async def restock(self) -> None:
        pass

    def described(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        state = str(getattr(cause, "sqlstate", None) or "")
        what = _WHAT_TO_DO.get(state) or _WHAT_TO_DO.get(state[:2])
        if what is None:
            lost = isinstance(cause, OSError | asyncpg.InterfaceError) or not state
            what = _NO_ANSWER if lost else f"the call failed (SQLSTATE {state}); see the server's log"
        return f"the store at {self._where()} cannot be used, so nothing is recorded: {what}"

    async def _connect(self) -> asyncpg.Connection:
        return await asyncpg.connect(self._dsn, timeout=_CONNECT_TIMEOUT_S, command_timeout=_CALL_TIMEOUT_S)

    async def _wait_for_notification(self, told: asyncio.Event, connection: asyncpg.Connection) -> None:
        """Waits for a notification.

        Checks the connection with a query if none arrives, to detect a silently lost one.
        """
        try:
            async with asyncio.timeout(_KEEP_ALIVE_S):
                await told.wait()
        except TimeoutError:
            await _ping(connection)
        if connection.is_closed():
            raise ConnectionResetError("the listening connection was lost")

    def _where(self) -> str:
        parts = urlsplit(self._dsn)
        return f"{parts.netloc.rpartition('@')[2] or 'PostgreSQL'}{parts.path}"


async def _ping(connection: asyncpg.Connection) -> None:
    try:
        await connection.execute("SELECT 1", timeout=_KEEP_ALIVE_S)
    except TimeoutError:
        connection.terminate()
        raise


async def _close(connection: asyncpg.Connection) -> None:
    try:
        await connection.close(timeout=_KEEP_ALIVE_S)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        connection.terminate()
