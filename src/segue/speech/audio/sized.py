"""Writes the sizes that a stream had to leave open, once the whole stream is available."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from segue.speech.audio.wav import wav_header
from segue.speech.core.speech import Container

if TYPE_CHECKING:
    from collections.abc import Sequence

HEAD_BYTES = 64
"""The number of bytes at the start of a file that may contain its sizes."""

_WAV_RATE_AT, _WAV_HEADER_BYTES = 24, 44
_FLAC_COUNT_AT = 18
"""The offset of the sample count.

After ``fLaC``, the block's header and ten bytes of STREAMINFO come 20 bits of rate, 3 of channels, 5 of depth, and
36 of the number of samples (RFC 9639, 8.2).
"""

_FLAC_COUNT_BITS = 36


def sized(head: bytes, container: Container, file_bytes: int, sample_count: int) -> bytes:
    """The first bytes of a mono stream, as in a file with the correct sizes.

    ``head`` is at least ``HEAD_BYTES`` long, or the whole stream. The number of bytes does not change. Containers
    other than WAV and FLAC have no such field and are returned unchanged.
    """
    if container is Container.WAV and len(head) >= _WAV_HEADER_BYTES:
        (rate_hz,) = struct.unpack_from("<I", head, _WAV_RATE_AT)
        return wav_header((file_bytes - _WAV_HEADER_BYTES) // 2, rate_hz) + head[_WAV_HEADER_BYTES:]
    if container is Container.FLAC and head[:4] == b"fLaC" and sample_count < 1 << _FLAC_COUNT_BITS:
        end = _FLAC_COUNT_AT + 8
        packed = int.from_bytes(head[_FLAC_COUNT_AT:end], "big") >> _FLAC_COUNT_BITS << _FLAC_COUNT_BITS
        return head[:_FLAC_COUNT_AT] + (packed | sample_count).to_bytes(8, "big") + head[end:]
    return head


def joined_and_sized(parts: Sequence[bytes], container: Container, sample_count: int) -> bytes:
    """All parts of a stream as one file."""
    data = b"".join(parts)
    return sized(data[:HEAD_BYTES], container, len(data), sample_count) + data[HEAD_BYTES:]
