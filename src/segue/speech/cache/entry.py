"""Serializes a cache entry with a checksum.

Layout: magic, length of the header (4 bytes, big-endian), header (JSON), audio, BLAKE2b-128 of everything before
it. Data that does not match is not an entry.
"""

from __future__ import annotations

import hashlib

import msgspec

from segue.speech.core.speech import Container, EncodedAudio
from segue.speech.ports.cache import CacheEntry

MAGIC = b"SEGUE\x01"
_DIGEST_BYTES = 16
_LENGTH_BYTES = 4


class _Header(msgspec.Struct, frozen=True):
    container: Container
    rate_hz: int
    duration_s: float
    etag: str
    voice: str
    model: str
    stored_at_s: float


_DECODER = msgspec.json.Decoder(_Header)


def pack(entry: CacheEntry) -> bytes:
    audio = entry.audio
    header = msgspec.json.encode(
        _Header(
            audio.container,
            audio.rate_hz,
            audio.duration_s,
            audio.etag,
            entry.voice,
            entry.model,
            entry.stored_at_s,
        )
    )
    parts = (MAGIC, len(header).to_bytes(_LENGTH_BYTES, "big"), header, audio.data)
    digest = hashlib.blake2b(digest_size=_DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    return b"".join((*parts, digest.digest()))


def unpack(stored: bytes) -> CacheEntry | None:
    """The entry, or None if any byte is missing, added or changed."""
    body, digest = memoryview(stored)[:-_DIGEST_BYTES], stored[-_DIGEST_BYTES:]
    if not stored.startswith(MAGIC) or hashlib.blake2b(body, digest_size=_DIGEST_BYTES).digest() != digest:
        return None
    start = len(MAGIC) + _LENGTH_BYTES
    end = start + int.from_bytes(body[len(MAGIC) : start], "big")
    try:
        header = _DECODER.decode(body[start:end])
    except msgspec.DecodeError:
        return None
    audio = EncodedAudio(bytes(body[end:]), header.container, header.rate_hz, header.duration_s, header.etag)
    return CacheEntry(audio, header.voice, header.model, header.stored_at_s)
