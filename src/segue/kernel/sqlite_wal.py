"""Switches a SQLite file to write-ahead logging, even if other processes open it at the same moment."""

from __future__ import annotations

import sqlite3
import time

_FIRST_PAUSE_S = 0.001
_LONGEST_PAUSE_S = 0.05


def switch_on_wal(connection: sqlite3.Connection, within_s: float) -> None:
    """Sets ``journal_mode=WAL``, which the file keeps; retries while other connections hold its lock.

    SQLite's own busy timeout does not apply here: two connections that switch a new file at the same time would
    wait for each other, so SQLite refuses one of them at once (https://www.sqlite.org/c3ref/busy_handler.html).

    Raises:
        sqlite3.OperationalError: still locked after ``within_s`` seconds, or the file cannot be used.
    """
    until_s = time.monotonic() + within_s
    pause_s = _FIRST_PAUSE_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() >= until_s:
                raise
        else:
            return
        time.sleep(pause_s)
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
