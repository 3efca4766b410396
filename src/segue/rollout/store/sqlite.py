"""SQLite: one file beside the service, shared by its worker processes."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import aiosqlite
import structlog
from sqlalchemy import URL, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DisconnectionError, SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from segue.kernel.sqlite_wal import switch_on_wal
from segue.rollout.store.apart import in_thread_apart
from segue.rollout.store.database import open_transactions_by
from segue.rollout.store.reserve import PIECE_BYTES, Reserve

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Sequence

    from sqlalchemy import Table
    from sqlalchemy.dialects.sqlite import Insert

_LOOK_EVERY_S = 0.05
_BUSY_TIMEOUT_S = 5.0
_CONNECTIONS = 2
_PRAGMAS = (f"busy_timeout={_BUSY_TIMEOUT_S * 1000:.0f}", "synchronous=FULL")
_RESTOCK_EVERY_S = 1.0
_NO_ROOM = (sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN)
"""Error codes of a full disk: in a write, in the shared memory beside the file, in opening the journal."""

_BUSY_LOOKS = round(_BUSY_TIMEOUT_S / _LOOK_EVERY_S)

_WHAT_TO_DO = {
    sqlite3.SQLITE_BUSY: f"another process has kept it locked for {_BUSY_TIMEOUT_S:g} s; end that process",
    sqlite3.SQLITE_LOCKED: "another connection has locked one of its tables; try again",
    sqlite3.SQLITE_FULL: "the disk is full; make room",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened; check that the file exists and that this user may read it",
    sqlite3.SQLITE_PERM: "it cannot be opened; check that this user may read and write it",
    sqlite3.SQLITE_READONLY: "it cannot be written; check that this user may write the file and its folder",
    sqlite3.SQLITE_NOTADB: "it is not a database; restore a backup, or move it away to start without history",
    sqlite3.SQLITE_CORRUPT: "it is damaged; restore a backup, or move it away to start without history",
    sqlite3.SQLITE_IOERR: "the disk failed; see the system's log",
}


class Sqlite:
    """Implements ``segue.rollout.store.database.DatabaseKind`` with a file in WAL mode, durable at every
    commit.
    """

    errors: tuple[type[Exception], ...] = (SQLAlchemyError, sqlite3.Error, OSError)

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        self._reserve = Reserve(self._path.with_name(self._path.name + ".reserve"))
        self._restock_at_s = 0.0
        url = URL.create("sqlite+aiosqlite", database=str(self._path))
        self.engine = create_async_engine(url, async_creator=self._connect, pool_size=_CONNECTIONS, max_overflow=0)
        event.listen(self.engine.sync_engine, "connect", self._remember_file)
        event.listen(self.engine.sync_engine, "checkout", self._same_file)
        open_transactions_by(self)

    def create(self) -> None:
        """Creates the file here only: connections open an existing file, so that a missing one is noticed.

        It contains secrets (the salt, the key of audio URLs), so other users of the machine must not read it.
        SQLite gives its files beside it the same permissions.
        """
        self._path.parent.mkdir(parents=True, exist_ok=True)
        if not self._path.exists():
            self._path.touch(mode=0o600)
        for suffix in ("", "-wal", "-shm"):
            with suppress(OSError):  # gone, or another user's
                file = self._path.with_name(self._path.name + suffix)
                file.chmod(file.stat().st_mode & 0o770)

    def begin(self, *, writes: bool) -> Sequence[str]:
        """A transaction that writes takes the lock at its start; only then does SQLite wait instead of failing."""
        return ["BEGIN IMMEDIATE" if writes else "BEGIN"]

    def exclude_other_migrations(self) -> Sequence[str]:
        return []  # every writing transaction locks the file anyway

    def tell(self) -> Sequence[str]:
        return []  # SQLite counts commits on its own

    def insert(self, table: Table) -> Insert:
        return insert(table)

    async def watch(self) -> AsyncGenerator[None]:
        """Checks a number twenty times a second, in a separate thread that reports only changes.

        A hanging disk therefore does not block the event loop. Measured: 6 microseconds per check, 40 after a
        commit; a driver's thread takes 800.
        """
        told: asyncio.Queue[Exception | None] = asyncio.Queue()
        stop = threading.Event()
        looking = partial(_keep_looking, self._path, stop, partial(_notify, asyncio.get_running_loop(), told))
        threading.Thread(target=looking, name="store-watch", daemon=True).start()
        try:
            while True:
                error = await told.get()
                if error is not None:
                    raise error
                yield
        finally:
            stop.set()

    async def make_room(self, error: Exception) -> bool:
        cause = getattr(error, "orig", None) or error
        if getattr(cause, "sqlite_errorcode", 0) & 0xFF not in _NO_ROOM:
            return False
        return await in_thread_apart(self._gave_up)

    def _gave_up(self) -> bool:
        """Releases a piece of the reserve if the disk has less free space than that."""
        try:
            disk = os.statvfs(self._path.parent)
            if disk.f_bavail * disk.f_frsize >= PIECE_BYTES:
                return False
            gave_up = self._reserve.give_up()
        except OSError:
            return False
        if gave_up:
            structlog.get_logger("segue.store").warning(
                "store_reserve_used", effect="an order was written to a full disk; free disk space"
            )
        return gave_up

    async def restock(self) -> None:
        now_s = asyncio.get_running_loop().time()
        if self._reserve.is_full or now_s < self._restock_at_s:
            return
        self._restock_at_s = now_s + _RESTOCK_EVERY_S
        with suppress(OSError):
            await in_thread_apart(self._reserve.fill)

    def described(self, error: Exception) -> str:
        cause = getattr(error, "orig", None) or error
        code = getattr(cause, "sqlite_errorcode", None)
        if code is None and isinstance(cause, OSError):
            code = sqlite3.SQLITE_CANTOPEN
        what = _WHAT_TO_DO.get(
            (code or 0) & 0xFF, f"the call failed ({type(cause).__name__}: {cause}); check the file"
        )
        return f"the store {self._path} cannot be used, so nothing is recorded: {what}"

    async def _connect(self) -> aiosqlite.Connection:
        """Opens the file before the driver's thread exists, because a failure in that thread leaves a caller
        waiting.
        """
        file = await in_thread_apart(self._opened)
        connection = aiosqlite.Connection(lambda: file, iter_chunk_size=64)
        # SQLAlchemy does the same when it connects: a store that was not closed must not keep the process alive.
        thread: Any = getattr(connection, "_thread", connection)
        thread.daemon = True
        return await connection

    def _opened(self) -> sqlite3.Connection:
        file = sqlite3.connect(_uri(self._path), uri=True, isolation_level=None, check_same_thread=False)
        try:
            switch_on_wal(file, _BUSY_TIMEOUT_S)
            for pragma in _PRAGMAS:
                file.execute(f"PRAGMA {pragma}")
        except sqlite3.Error:
            file.close()
            raise
        return file

    def _remember_file(self, _connection: Any, record: Any) -> None:
        record.info["file"] = _identity(self._path)

    def _same_file(self, _connection: Any, record: Any, _proxy: Any) -> None:
        """Drops connections to a file that was replaced, for example by a backup.

        They would write to the old file.
        """
        if record.info["file"] != _identity(self._path):
            raise DisconnectionError("the file was replaced by another one")


def _keep_looking(path: Path, stop: threading.Event, tell: Callable[[Exception | None], None]) -> None:
    """Reports once at first and after every change; after an error it reports that and ends."""
    try:
        with closing(_Glance(path)) as glance:
            tell(None)
            while not stop.wait(_LOOK_EVERY_S):
                if glance.moved():
                    tell(None)
    except (sqlite3.Error, OSError) as error:
        tell(error)


def _notify(
    loop: asyncio.AbstractEventLoop, told: asyncio.Queue[Exception | None], news: Exception | None
) -> None:
    with suppress(RuntimeError):  # the loop has ended, so there is no watcher
        loop.call_soon_threadsafe(told.put_nowait, news)


class _Glance:
    """A connection that only reads, and never waits for a lock."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = sqlite3.connect(_uri(path), uri=True, timeout=0, isolation_level=None)
        self._file = _identity(path)
        self._commits = self._events = -1
        self._busy = 0
        self.moved()

    def moved(self) -> bool:
        """Whether an event was added since the last check.

        ``data_version`` changes at every commit of another connection; only then is the table read.

        Raises:
            sqlite3.Error: the file cannot be read, was replaced, or was locked for as long as a call waits.
        """
        if self._file != _identity(self._path):
            raise sqlite3.OperationalError("the file was replaced by another one")
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
