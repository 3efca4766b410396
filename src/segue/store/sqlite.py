"""SQLite: one file beside the service, shared by its worker processes."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiosqlite
from sqlalchemy import URL, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from segue.store.database import open_transactions_by

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from sqlalchemy import Table
    from sqlalchemy.dialects.sqlite import Insert

_LOOK_EVERY_S = 0.05
_BUSY_TIMEOUT_S = 5.0
_CONNECTIONS = 2
_PRAGMAS = (f"busy_timeout={_BUSY_TIMEOUT_S * 1000:.0f}", "journal_mode=WAL", "synchronous=FULL")
_BUSY_LOOKS = round(_BUSY_TIMEOUT_S / _LOOK_EVERY_S)

_WHAT_TO_DO = {
    sqlite3.SQLITE_BUSY: f"another process has kept it locked for {_BUSY_TIMEOUT_S:g} s; end that process",
    sqlite3.SQLITE_LOCKED: "another connection has kept a table of it locked; try again",
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; see that the file is there and that this user may read it",
    sqlite3.SQLITE_PERM: "it cannot be opened; see that this user may read and write it",
    sqlite3.SQLITE_READONLY: "it cannot be written; see that this user may write the file and its folder",
    sqlite3.SQLITE_NOTADB: "it is not a database; put a backup in its place, or move it away to begin anew",
    sqlite3.SQLITE_CORRUPT: "it is damaged; put a backup in its place, or move it away to begin anew",
    sqlite3.SQLITE_IOERR: "the disk failed; look at the system's log",
}


class Sqlite:
    """Implements ``segue.store.database.Kind`` over a file in WAL mode, durable at every commit."""

    errors: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        url = URL.create("sqlite+aiosqlite", database=str(self._path))
        self.engine = create_async_engine(url, async_creator=self._connect, pool_size=_CONNECTIONS, max_overflow=0)
        event.listen(self.engine.sync_engine, "connect", self._remember_file)
        event.listen(self.engine.sync_engine, "checkout", self._same_file)
        open_transactions_by(self)

    def create(self) -> None:
        """The file alone: elsewhere it is opened only where it is, so that one that went missing is missed."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            self._path.touch()

    def begin(self, *, writes: bool) -> Sequence[str]:
        """One that writes takes the lock at once: only so is it kept waiting instead of refused."""
        return ["BEGIN IMMEDIATE" if writes else "BEGIN"]

    def exclude_other_migrations(self) -> Sequence[str]:
        return []  # the lock that every writing transaction takes

    def tell(self) -> Sequence[str]:
        return []  # SQLite counts commits by itself

    def insert(self, table: Table) -> Insert:
        return insert(table)

    async def watch(self) -> AsyncGenerator[None]:
        """Looks at a number on this thread, twenty times a second.

        Measured: 6 microseconds a look, 40 when something was committed; a driver's thread takes 800.
        """
        with closing(_Glance(self._path)) as glance:
            yield
            while True:
                await asyncio.sleep(_LOOK_EVERY_S)
                if glance.moved():
                    yield

    def described(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None and isinstance(cause, OSError):
            code = sqlite3.SQLITE_CANTOPEN
        what = _WHAT_TO_DO.get((code or 0) & 0xFF, f"it fails ({type(cause).__name__}); look at the file")
        return (
            f"the store {self._path} cannot be used; the last known state goes on serving and nothing is "
            f"recorded: {what}"
        )

    async def _connect(self) -> aiosqlite.Connection:
        """Opens the file before the driver's thread is there: that thread, where it fails to, waits for nobody."""
        file = await asyncio.to_thread(self._opened)
        connection = aiosqlite.Connection(lambda: file, iter_chunk_size=64)
        # As SQLAlchemy does where it connects by itself: a store that nobody closed must not keep the process.
        thread: Any = getattr(connection, "_thread", connection)
        thread.daemon = True
        return await connection

    def _opened(self) -> sqlite3.Connection:
        file = sqlite3.connect(_uri(self._path), uri=True, isolation_level=None, check_same_thread=False)
        try:
            for pragma in _PRAGMAS:
                file.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _remember_file(self, _connection: Any, record: Any) -> None:
        record.info["file"] = _identity(self._path)

    def _same_file(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """A connection to a file that was replaced, by a backup say, would write where nobody reads."""
        if record.info["file"] != _identity(self._path):
            raise DisconnectionError("another file is in its place")


class _Glance:
    """A connection that only looks, and never waits for a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(_uri(path), uri=True, timeout=0, isolation_level=None)
        self._file = _identity(path)
        self._commits = self._events = -1
        self._busy = 0
        self.moved()

    def moved(self) -> bool:
        """Whether an event was added since the last look.

        ``data_version`` moves at every commit of another connection; the table is asked only then.

        Raises:
            sqlite3.Error: the file cannot be read, is another by now, or was locked for as long as a call waits.
        """
        if self._file != _identity(self._path):
            raise sqlite3.OperationalError("another file is in its place")
        try:
            return self._look()
        except sqlite3.OperationalError as error:
            self._busy += 1
            if (error.sqlite_errorcode & 0xFF) != sqlite3.SQLITE_BUSY or self._busy > _BUSY_LOOKS:
                raise
            return False

    def close(self) -> None:
        self._connection.close()

    def _look(self) -> bool:
        commits = self._number("PRAGMA data_version")
        if commits == self._commits:
            self._busy = 0
            return False
        events = self._number("SELECT max(rowid) FROM segue_events")
        self._busy = 0
        moved = events != self._events
        self._commits, self._events = commits, events
        return moved

    def _number(self, query: str) -> int:
        return int(self._connection.execute(query).fetchone()[0] or 0)


def _uri(path: Path) -> str:
    return f"file:{quote(str(path))}?mode=rw"


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino
