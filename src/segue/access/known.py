"""The keys that this process knows, and who a secret belongs to."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from segue.access.keys import ID_PLACE, digest_of, folded, is_same, looks_like_one
from segue.access.roles import AccessRefusal, Caller
from segue.access.state import KeyState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.access.keys import Key
    from segue.kernel.ports.clock import Clock

DAY_S = 86_400.0


class _Entry(NamedTuple):
    key: Key
    digest: bytes
    caller: Caller


class KnownKeys:
    """Recognizes callers. The state is replaced as a whole and read without a lock.

    ``lasts_s``: how long the keys stay valid after the store last confirmed them. ``copied_at_s``: the time of day
    (Unix) of the copy in force; None if the keys are from the store, or unknown.
    """

    def __init__(self, clock: Clock, lasts_s: float = DAY_S) -> None:
        self._clock = clock
        self._lasts_s = lasts_s
        self._by_id: dict[bytes, _Entry] = {}
        self._names = frozenset[str]()
        self._confirmed_s: float | None = None
        self._until_s = -math.inf
        self.state = KeyState()
        self.copied_at_s: float | None = None

    def take(self, state: KeyState) -> None:
        """The store has just said that these are the keys."""
        self._confirm(0.0)
        if state is self.state and self.copied_at_s is None:
            return
        self._index(state.keys.values())
        self.state, self.copied_at_s = state, None

    def take_copy(self, keys: Iterable[Key], confirmed_at_s: float) -> None:
        """The store has said nothing since the start, but these were the keys at that time of day (Unix).

        Ignored once the store has said which keys there are, and for an older copy than the one in force.
        """
        if self.is_read or (self.copied_at_s is not None and confirmed_at_s <= self.copied_at_s):
            return
        self._confirm(max(0.0, self._clock.now_s() - confirmed_at_s))
        self._index(keys)
        self.copied_at_s = confirmed_at_s

    def drop_copy(self) -> None:
        """A copy may no longer be used; what the store said stays in force."""
        if self.copied_at_s is not None:
            self._index(())
            self.copied_at_s = None
            self._confirmed_s, self._until_s = None, -math.inf

    @property
    def is_read(self) -> bool:
        """Whether the store has said which keys there are since the start of this process."""
        return self._confirmed_s is not None and self.copied_at_s is None

    def _confirm(self, ago_s: float) -> None:
        self._confirmed_s = self._clock.monotonic_s() - ago_s
        self._until_s = self._confirmed_s + self._lasts_s

    def _index(self, keys: Iterable[Key]) -> None:
        self._by_id = {key.id.encode(): _Entry(key, bytes.fromhex(key.digest), key.caller()) for key in keys}
        self._names = frozenset(folded(entry.key.name) for entry in self._by_id.values())

    def age_s(self) -> float | None:
        """How long ago the store last confirmed the keys; None if it never has."""
        return None if self._confirmed_s is None else self._clock.monotonic_s() - self._confirmed_s

    @property
    def is_usable(self) -> bool:
        """Whether the keys were confirmed, and not too long ago."""
        return self._clock.monotonic_s() <= self._until_s

    def find(self, secret: bytes) -> Caller | AccessRefusal:
        """The caller with this secret, or why the secret is refused."""
        entry = self._by_id.get(secret[ID_PLACE])
        if entry is None:
            return self._unknown(secret)
        if not is_same(digest_of(secret), entry.digest):
            return AccessRefusal.UNKNOWN
        if self._clock.monotonic_s() > self._until_s:
            return AccessRefusal.UNREAD
        return entry.key.fault(self._clock.now_s()) or entry.caller

    def name_of(self, secret: bytes) -> str:
        """The name of the key with this secret, whether it is valid or not; empty if there is none."""
        entry = self._by_id.get(secret[ID_PLACE])
        return entry.key.name if entry is not None and is_same(digest_of(secret), entry.digest) else ""

    def has_name(self, name: str) -> bool:
        """Whether a key has this name, in whatever state."""
        return folded(name) in self._names

    def _unknown(self, secret: bytes) -> AccessRefusal:
        if not secret:
            return AccessRefusal.MISSING
        return AccessRefusal.UNREAD if looks_like_one(secret) and not self.is_usable else AccessRefusal.UNKNOWN
