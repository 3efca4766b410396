"""What the stand-in's voices sound like: babble of a pitch of their own, in Google's encodings."""

from __future__ import annotations

import io
import struct
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, cast
from zlib import crc32

import av
import numpy as np
from google.cloud.texttospeech_v1 import AudioEncoding

from segue.testing.audio import babble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.google_cloud.voices import ServedVoice

_CENTS_PER_OCTAVE = 1200
_SEMITONES_PER_OCTAVE = 12
_REMEMBERED = 256
_SAMPLE_BYTES = 2


class Delivery(NamedTuple):
    """How a text is said."""

    voice: ServedVoice
    rate_hz: int
    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0


class Babbler:
    """Says texts, and remembers what it said: babbling takes longer than a test may."""

    def __init__(self) -> None:
        self.say = lru_cache(_REMEMBERED)(_samples)


def pitch_ratio(voice: ServedVoice) -> float:
    """Of a voice, against the babble's own: women's lie above men's, and hardly two are the same."""
    cents = crc32(voice.name.encode()) % _CENTS_PER_OCTAVE / 2
    return float((1.3 if voice.female else 0.7) * 2 ** (cents / _CENTS_PER_OCTAVE))


def encoded(samples: bytes, rate_hz: int, encoding: AudioEncoding, wav_chunk: bytes = b"") -> bytes:
    """A whole answer; ``wav_chunk`` is put between header and samples of LINEAR16."""
    if encoding == AudioEncoding.LINEAR16:
        return wav(samples, rate_hz, wav_chunk)
    if encoding == AudioEncoding.PCM:
        return samples
    container, codec = _CODECS[encoding]
    return _transcoded(samples, rate_hz, container, codec)


def streamed(samples: bytes, rate_hz: int, encoding: AudioEncoding) -> tuple[bytes, int]:
    """An answer to be sent in pieces, and its bytes per sample; G.711 goes without a header here."""
    if encoding in {AudioEncoding.PCM, AudioEncoding.AUDIO_ENCODING_UNSPECIFIED}:
        return samples, _SAMPLE_BYTES
    return _transcoded(samples, rate_hz, *_STREAM_CODECS[encoding]), 1


def pieces(data: bytes, step_bytes: int) -> Iterator[bytes]:
    for start in range(0, len(data), step_bytes):
        yield data[start : start + step_bytes]


def wav(samples: bytes, rate_hz: int, extra_chunk: bytes = b"") -> bytes:
    """A WAV file, with a chunk before its samples that players have to skip."""
    form = struct.pack("<HHIIHH", 1, 1, rate_hz, rate_hz * _SAMPLE_BYTES, _SAMPLE_BYTES, 8 * _SAMPLE_BYTES)
    chunks = _chunk(b"fmt ", form) + (_chunk(b"LIST", extra_chunk) if extra_chunk else b"")
    body = b"WAVE" + chunks + _chunk(b"data", samples)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def _chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)


def _samples(text: str, how: Delivery) -> bytes:
    ratio = pitch_ratio(how.voice) * 2 ** (how.pitch_semitones / _SEMITONES_PER_OCTAVE)
    return babble(text, rate_hz=how.rate_hz, rate_ratio=how.rate_ratio, pitch_ratio=ratio).data


_CODECS = {
    AudioEncoding.MULAW: ("wav", "pcm_mulaw"),
    AudioEncoding.ALAW: ("wav", "pcm_alaw"),
    AudioEncoding.MP3: ("mp3", "libmp3lame"),
    AudioEncoding.OGG_OPUS: ("ogg", "libopus"),
}
_STREAM_CODECS = {
    AudioEncoding.MULAW: ("mulaw", "pcm_mulaw"),
    AudioEncoding.ALAW: ("alaw", "pcm_alaw"),
    AudioEncoding.OGG_OPUS: ("ogg", "libopus"),
}


def _transcoded(samples: bytes, rate_hz: int, container: str, codec: str) -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container) as file:
        stream = cast("av.AudioStream", file.add_stream(codec, rate=rate_hz, layout="mono"))
        frame = av.AudioFrame.from_ndarray(
            np.frombuffer(samples, "<i2").reshape(1, -1), format="s16", layout="mono"
        )
        frame.sample_rate = rate_hz
        for item in (frame, None):
            file.mux(stream.encode(item))
    return buffer.getvalue()
