"""The interface of the audio cache."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from segue.speech.core.speech import EncodedAudio


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Audio and where it came from, with all that a response needs.

    ``stored_at_s`` is Unix time.
    """

    audio: EncodedAudio
    voice: str
    model: str
    stored_at_s: float


class AudioCache(Protocol):
    """Audio by key. An entry that cannot be verified is a miss, and so is an entry that cannot be read."""

    def peek(self, key: str) -> tuple[CacheEntry, str] | None:
        """The entry, if it is available without waiting, and the name of its source."""
        ...

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        """The entry and the name of its source (``memory``, ``file``, ``bucket``), or None."""
        ...

    def hold(self, key: str, entry: CacheEntry) -> None:
        """Stores the entry where that needs no waiting. ``put`` stores it permanently."""
        ...

    async def put(self, key: str, entry: CacheEntry) -> bool:
        """Stores the entry. Returns whether it is now durable (``stands``)."""
        ...

    async def stands(self, key: str) -> bool:
        """Whether every process of the service can get the entry, as far as that is known without reading it."""
        ...

    async def drop(self, key: str) -> bool:
        """Deletes the entry for every process of the service. Returns False if that cannot be confirmed."""
        ...

    async def dropped_at_s(self, key: str) -> float:
        """When the key was last dropped (Unix time); 0 if it never was, or if that is unknown.

        An entry that was stored before that time is not served by its URL any more, even if a process has it in
        memory.
        """
        ...

    async def close(self) -> None: ...
