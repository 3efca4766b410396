"""Signed URLs of stored audio: they cannot be guessed, and they expire."""

from __future__ import annotations

import hmac
import re
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock

AUDIO_PATH = "/api/v1/audio"
_SIGNATURE_BYTES = 16
_STEPS = 8
"""URLs of one audio that are issued within an eighth of their lifetime are equal, so that clients can cache it."""

_QUERY = re.compile(r"expires=([0-9]{1,12})&signature=([0-9a-f]{32})")


class Links:
    """Signs URLs with a key that all replicas share, and verifies them."""

    def __init__(self, clock: Clock, lasts_s: float, key: str) -> None:
        """``lasts_s`` is the minimum lifetime of a URL; ``key`` has 64 bytes at most."""
        self._clock = clock
        self._lasts_s = lasts_s
        self._key = key.encode()

    def sign_by(self, key: str) -> None:
        """Uses this key from now on; URLs signed with another key become invalid."""
        self._key = key.encode()

    def path_of(self, name: str) -> str:
        """Path and query of the audio ``name``, an id with its extension. Valid for up to an eighth longer."""
        step_s = max(1.0, self._lasts_s / _STEPS)
        expires_s = int((self._clock.now_s() + self._lasts_s) // step_s * step_s + step_s)
        return f"{AUDIO_PATH}/{name}?expires={expires_s}&signature={self._signature(name, expires_s)}"

    def lasts_s(self, name: str, query: bytes) -> float:
        """How long this URL of the audio remains valid; 0 or less if it is not valid."""
        found = _QUERY.fullmatch(query.decode("latin-1"))
        if found is None:
            return 0.0
        expires_s = int(found[1])
        if not hmac.compare_digest(self._signature(name, expires_s), found[2]):
            return 0.0
        return expires_s - self._clock.now_s()

    def _signature(self, name: str, expires_s: int) -> str:
        digest = blake2b(f"{name}?{expires_s}".encode(), digest_size=_SIGNATURE_BYTES, key=self._key)
        return digest.hexdigest()
