"""Free disk space, as the parts that write to the disk see it."""

from __future__ import annotations

from typing import Protocol


class Room(Protocol):
    """Says whether the disk has enough free space for optional data. Never waits."""

    @property
    def has_room(self) -> bool: ...

    @property
    def detail(self) -> str:
        """How much space is free, and what to do if it is too little."""
        ...


class EndlessRoom:
    """Implements ``Room`` for a disk that never fills up."""

    has_room = True
    detail = ""
