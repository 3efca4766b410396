"""The number of connections of each worker, in shared memory, so that new ones are distributed evenly."""

from __future__ import annotations

import mmap
import os
import tempfile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import TypeAlias

    Numbers: TypeAlias = memoryview[int]

_EMPTY = -1
_NUMBER_BYTES = 4


def places_for(workers: int) -> int:
    """How many places this number of workers needs: a worker and its replacement run together, and others may be
    stopping.
    """
    return 2 * workers + 2


def shared_memory(places: int) -> int:
    """A file descriptor of shared memory with a number for each place. On Linux it does not depend on the disk."""
    if hasattr(os, "memfd_create"):
        handle = os.memfd_create("segue-connections")
    else:
        with tempfile.TemporaryFile() as file:
            handle = os.dup(file.fileno())
    os.write(handle, _EMPTY.to_bytes(_NUMBER_BYTES, "little", signed=True) * places)
    return handle


class Places:
    """The numbers of all workers; ``handle`` is a descriptor from ``shared_memory``."""

    def __init__(self, handle: int) -> None:
        self._memory = mmap.mmap(handle, os.fstat(handle).st_size)
        self._numbers: Numbers = memoryview(self._memory).cast("i")

    def free(self) -> int:
        """A place that no worker uses."""
        return next(place for place, count in enumerate(self._numbers) if count == _EMPTY)

    def take(self, place: int, count: int = 0) -> None:
        """Sets the number of connections of the worker in this place."""
        self._numbers[place] = count

    def give_back(self, place: int) -> None:
        self._numbers[place] = _EMPTY

    def is_lowest(self, place: int) -> bool:
        """Whether no other worker has fewer connections."""
        own = self._numbers[place]
        return all(count >= own for count in self._numbers if count != _EMPTY)
