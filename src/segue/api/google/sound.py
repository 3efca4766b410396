"""Audio as Google wraps it: A-law and µ-law come in a WAV file where the answer is whole."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from segue.core.speech import Container

if TYPE_CHECKING:
    from segue.core.speech import EncodedAudio

_FORMAT_TAGS = {Container.ALAW: 6, Container.MULAW: 7}
"""Of the registry of RFC 2361."""


def content(audio: EncodedAudio) -> bytes:
    """The bytes of ``audio_content``."""
    tag = _FORMAT_TAGS.get(audio.container)
    return audio.data if tag is None else _in_wav(audio.data, audio.rate_hz, tag)


def _in_wav(data: bytes, rate_hz: int, tag: int) -> bytes:
    """One byte a sample, mono. Formats other than PCM have a longer ``fmt`` chunk, and a ``fact`` chunk."""
    form = struct.pack("<HHIIHHH", tag, 1, rate_hz, rate_hz, 1, 8, 0)
    chunks = [(b"fmt ", form), (b"fact", struct.pack("<I", len(data))), (b"data", data)]
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", len(part)) + part + b"\0" * (len(part) % 2) for name, part in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body
