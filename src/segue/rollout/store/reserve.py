"""Reserved disk space, released piece by piece if an order finds the disk full."""

from __future__ import annotations

import errno
import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

RESERVE_BYTES = 4 * 1024 * 1024
PIECE_BYTES = 512 * 1024
"""Released at a time: an order needs some tens of kilobytes, in SQLite's journal as well as in its file."""

_STEP_BYTES = 32 * 1024


class Reserve:
    """A file beside the database, shared by processes. Methods block, and can be called in any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._is_full = False

    @property
    def is_full(self) -> bool:
        """Whether the reserve was complete when this process last checked."""
        return self._is_full

    def fill(self) -> None:
        """Reserves what is missing, as far as there is space. Raises OSError if the file cannot be created."""
        with self._opened() as (file, size_bytes):
            starts = range(size_bytes, RESERVE_BYTES, _STEP_BYTES)
            self._is_full = all(_taken(file, start, min(_STEP_BYTES, RESERVE_BYTES - start)) for start in starts)

    def give_up(self) -> bool:
        """Frees a piece of the reserve; returns whether there was any left.

        Raises OSError if the file cannot be opened.
        """
        with self._opened() as (file, size_bytes):
            os.ftruncate(file, max(0, size_bytes - PIECE_BYTES))
            self._is_full = False
            return size_bytes > 0

    @contextmanager
    def _opened(self) -> Iterator[tuple[int, int]]:
        """The file and its size, locked against other processes."""
        file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file, os.fstat(file).st_size
        finally:
            os.close(file)


def _taken(file: int, start: int, count: int) -> bool:
    try:
        os.posix_fallocate(file, start, count)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        os.ftruncate(file, start)
        return False
    return True
