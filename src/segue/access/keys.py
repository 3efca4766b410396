"""API keys: their secrets, and what is kept of them.

A secret is ``sgk_<id>_<random>``: 12 hex digits that name the key, and 64 that are drawn at random. Only its
digest is kept. A plain hash is enough, because nobody can try 2^256 secrets, however fast the hash is. Password
hashes are slow because people choose passwords, and would cost each request some milliseconds.
"""

from __future__ import annotations

import hmac
import unicodedata
from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from segue.access.limits import KeyLimits
from segue.access.roles import PERMISSIONS, AccessRefusal, Api, Caller, Role

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Entropy

PREFIX = "sgk_"
ID_CHARS = 12
_SECRET_CHARS = len(PREFIX) + ID_CHARS + 1 + 64
ID_PATTERN = rf"[0-9a-f]{{{ID_CHARS}}}"
ID_PLACE = slice(len(PREFIX), len(PREFIX) + ID_CHARS)
"""Where a secret has its key's id."""

_DIGEST_BYTES = 32
_PERSON = b"segue api key"
"""Keeps these digests different from all others of the same bytes (BLAKE2, RFC 7693, 2.8)."""

_EMPTY = blake2b(digest_size=_DIGEST_BYTES, person=_PERSON)
"""Copied for each digest, which takes half the time of a new one."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """A key without its secret. Times are Unix seconds. ``characters`` and ``apis`` None: all of them.

    ``limits_number`` is the key's place among those that have ever had limits, in all processes; None: never.
    """

    id: str
    name: str
    role: Role
    digest: str
    created_at_s: float
    created_by: str
    characters: tuple[str, ...] | None = None
    apis: tuple[Api, ...] | None = None
    expires_at_s: float | None = None
    revoked_at_s: float | None = None
    revoked_by: str = ""
    created_by_source: str = ""
    revoked_by_source: str = ""
    limits: KeyLimits = KeyLimits()
    limits_number: int | None = None

    def fault(self, now_s: float) -> AccessRefusal | None:
        """Why the key is no longer valid; None if it is. It is no longer valid at the moment of its expiry."""
        if self.revoked_at_s is not None:
            return AccessRefusal.REVOKED
        if self.expires_at_s is not None and now_s >= self.expires_at_s:
            return AccessRefusal.EXPIRED
        return None

    def caller(self) -> Caller:
        """Who calls with this key."""
        number = self.limits_number if any(self.limits.sizes()) else None
        return Caller(
            self.name,
            PERMISSIONS[self.role],
            None if self.characters is None else frozenset(self.characters),
            self.apis,
            key_id="" if number is None else self.id,
            limits=None if number is None else self.limits,
            limits_number=number or 0,
        )


def folded(name: str) -> str:
    """The name as names are compared: regardless of case, spaces, and forms of the same character."""
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())


def drawn_secret(entropy: Entropy) -> str:
    """A new secret."""
    return f"{PREFIX}{entropy.token()[:ID_CHARS]}_{entropy.token()}{entropy.token()}"


def looks_like_one(text: bytes) -> bool:
    """Whether this has the form of a secret."""
    return len(text) == _SECRET_CHARS and text.startswith(PREFIX.encode()) and text[ID_PLACE.stop] == ord("_")


def digest_of(secret: bytes) -> bytes:
    """What is kept of a secret."""
    digest = _EMPTY.copy()
    digest.update(secret)
    return digest.digest()


def is_same(one: bytes, other: bytes) -> bool:
    """Compares two digests, in a time that does not depend on where they differ."""
    return hmac.compare_digest(one, other)
