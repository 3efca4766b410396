"""The files in which workers share their counts, with disk space reserved before it is written to.

The client library maps its files into memory and lets them grow without reserving space. On a full disk the next
new page then causes a SIGBUS, which ends the worker without a message. Here space is reserved first
(``posix_fallocate``). Series for which there is no space are kept in this worker's memory, and written to the file
as soon as there is space again.
"""

from __future__ import annotations

import mmap
import os
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import values
from prometheus_client.mmap_dict import MmapedDict

_FIRST_BYTES = 256 * 1024
"""Space reserved for a new file; a worker has one for each kind of metric, about ten in all."""

_ENTRY_BYTES = 48
"""The size of an entry without its key, rounded up: its length, padding, a value and its time."""

_LONGEST_UTF8_BYTES = 4


class ReservedDict(MmapedDict):
    """The library's ``MmapedDict`` for writing, never larger than the space reserved for it. Not thread-safe."""

    def __init__(self, filename: str) -> None:
        self._path = Path(filename)
        self._in_memory: dict[str, tuple[float, float]] = {}
        self._is_open = False
        self._is_reported = False
        self._opened()

    @property
    def unwritten(self) -> int:
        """How many series are in this worker's memory only, because there was no space for them."""
        return len(self._in_memory)

    def read_value(self, key: str) -> tuple[float, float]:
        if not self._has_place(key):
            return self._in_memory.setdefault(key, (0.0, 0.0))
        value: tuple[float, float] = super().read_value(key)  # type: ignore[no-untyped-call]
        return value

    def write_value(self, key: str, value: float, timestamp: float) -> None:
        if self._has_place(key):
            super().write_value(key, value, timestamp)  # type: ignore[no-untyped-call]
        else:
            self._in_memory[key] = (value, timestamp)

    def close(self) -> None:
        if self._is_open:
            self._is_open = False
            super().close()  # type: ignore[no-untyped-call]

    def _opened(self) -> bool:
        """Opens the file once there is space for it; until then it does not exist for readers either."""
        if self._is_open:
            return True
        try:
            if not self._path.exists():
                _reserved(self._path)
            super().__init__(str(self._path))  # type: ignore[no-untyped-call]
        except OSError as error:
            self._report(error)
            return False
        self._is_open = True
        return True

    def _has_place(self, key: str) -> bool:
        if self._is_open and key in self._positions:
            return True
        if not self._opened() or not self._has_room(len(key) * _LONGEST_UTF8_BYTES + _ENTRY_BYTES):
            return False
        self._init_value(key)  # type: ignore[no-untyped-call]
        if key in self._in_memory:
            super().write_value(key, *self._in_memory.pop(key))  # type: ignore[no-untyped-call]
        return True

    def _has_room(self, entry_bytes: int) -> bool:
        """Whether the entry fits into the file; the file is enlarged if necessary and possible."""
        larger = self._capacity
        while self._used + entry_bytes > larger:
            larger *= 2
        if larger == self._capacity:
            return True
        try:
            os.posix_fallocate(self._f.fileno(), 0, larger)
            self._m = mmap.mmap(self._f.fileno(), larger)
        except OSError as error:
            self._report(error)
            return False
        self._capacity = larger
        return True

    def _report(self, error: OSError) -> None:
        if not self._is_reported:
            self._is_reported = True
            structlog.get_logger("segue.telemetry").error(
                "metrics_without_room",
                file=str(self._path),
                reason=error.strerror,
                effect="new series of this worker are missing from the metrics; free disk space to get them back",
            )


def _reserved(path: Path) -> None:
    """Creates the file, filled with zeros on the disk; it appears complete or not at all."""
    fresh = path.with_suffix(".reserving")
    try:
        with fresh.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, _FIRST_BYTES)
        fresh.rename(path)
    except OSError:
        fresh.unlink(missing_ok=True)
        raise


def reserve_room() -> None:
    """Makes the client library in this process keep its counts in reserved files from now on."""
    library: Any = values
    library.MmapedDict = ReservedDict
