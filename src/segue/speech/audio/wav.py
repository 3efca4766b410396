"""Writes WAV headers with exact sizes: 16-bit samples, A-law and mu-law, mono."""

from __future__ import annotations

import struct
from enum import IntEnum

UNKNOWN_SIZE = 0xFFFFFFFF
"""The size that a stream writes because it does not know it.

Players then read to the end, as for OpenAI's streams.
"""


class FormatTag(IntEnum):
    """The codes for samples in the ``fmt `` chunk (RFC 2361)."""

    PCM_S16 = 1
    ALAW = 6
    MULAW = 7


def wav_header(sample_count: int, rate_hz: int) -> bytes:
    """44 bytes: RIFF, one ``fmt`` chunk (PCM, mono, 16 bits), and the size of the samples."""
    data_bytes = sample_count * 2
    return _pcm_header(36 + data_bytes, data_bytes, rate_hz)


def streamed_wav_header(rate_hz: int) -> bytes:
    """44 bytes for 16-bit samples whose number is not known yet."""
    return _pcm_header(UNKNOWN_SIZE, UNKNOWN_SIZE, rate_hz)


def wav_wrapped(data: bytes, rate_hz: int, format_tag: FormatTag = FormatTag.PCM_S16) -> bytes:
    """A complete WAV file with bare samples in the encoding of the tag.

    A-law and mu-law get the longer ``fmt`` chunk and the ``fact`` chunk, which all formats except plain PCM must
    have.
    """
    if format_tag is FormatTag.PCM_S16:
        return wav_header(len(data) // 2, rate_hz) + data[: len(data) // 2 * 2]
    padding = bytes(len(data) % 2)
    form = struct.pack("<4sIHHIIHHH", b"fmt ", 18, format_tag, 1, rate_hz, rate_hz, 1, 8, 0)
    fact = struct.pack("<4sII", b"fact", 4, len(data))
    body = b"WAVE" + form + fact + struct.pack("<4sI", b"data", len(data)) + data + padding
    return struct.pack("<4sI", b"RIFF", len(body)) + body


def _pcm_header(riff_bytes: int, data_bytes: int, rate_hz: int) -> bytes:
    form = struct.pack("<4sIHHIIHH", b"fmt ", 16, FormatTag.PCM_S16, 1, rate_hz, rate_hz * 2, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", riff_bytes, b"WAVE") + form + struct.pack("<4sI", b"data", data_bytes)
