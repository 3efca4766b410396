"""Where audio is kept once made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio


@dataclass(frozen=True, slots=True)
class CacheEntry:
    """Audio and where it came from, enough to answer with it.

    ``stored_at_s`` is Unix time.
    """

    audio: EncodedAudio
    voice: str
    model: str
    stored_at_s: float


class AudioCache(Protocol):
    """Audio by key. An entry that cannot be trusted is a miss; a cache that fails is a cache that misses."""

    def peek(self, key: str) -> tuple[CacheEntry, str] | None:
        """What is at hand without waiting, and the name of its source."""
        ...

    async def get(self, key: str) -> tuple[CacheEntry, str] | None:
        """The entry and the name of its source (``memory``, ``file``, ``redis``), or None."""
        ...

    def hold(self, key: str, entry: CacheEntry) -> None:
        """Keeps the entry at hand, where that takes no waiting; ``put`` keeps it for good."""
        ...

    async def put(self, key: str, entry: CacheEntry) -> bool:
        """Keeps the entry; whether it now ``stands``."""
        ...

    async def stands(self, key: str) -> bool:
        """Whether every process of the service would get the entry, as far as can be told without reading it."""
        ...

    async def close(self) -> None: ...
