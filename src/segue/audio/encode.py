"""Samples into files that players play, through PyAV; WAV and bare PCM by hand, for their exact sizes."""

from __future__ import annotations

import hashlib
import io
import struct
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from segue.audio.pcm import to_s16
from segue.core.errors import InternalFailure
from segue.core.speech import AudioFormat, Container, EncodedAudio

if TYPE_CHECKING:
    import av
    from numpy.typing import NDArray

    from segue.audio.pcm import Samples

OPUS_RATES_HZ = (8000, 12000, 16000, 24000, 48000)
_ETAG_BYTES = 16


class _Codec(NamedTuple):
    container: str
    codec: str
    bit_rate: int | None


_CODECS = {
    Container.MP3: _Codec("mp3", "libmp3lame", 64_000),
    Container.OPUS: _Codec("ogg", "libopus", 48_000),
    Container.FLAC: _Codec("flac", "flac", None),
    Container.AAC: _Codec("adts", "aac", 64_000),
    Container.ALAW: _Codec("alaw", "pcm_alaw", None),
    Container.MULAW: _Codec("mulaw", "pcm_mulaw", None),
}
_REPEATABLE = {"fflags": "+bitexact"}
"""The same samples make the same bytes: no random serial number in Ogg, no version of the library."""

_MP3_RATES_HZ = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def encode(samples: Samples, rate_hz: int, wanted: AudioFormat) -> EncodedAudio:
    """Mono audio in the wanted container, at the wanted rate or the samples' own where none is named.

    Raises:
        InternalFailure: the codec refused.
    """
    target_hz = _rate_for(wanted, rate_hz)
    whole = resample(to_s16(samples), rate_hz, target_hz)
    if wanted.container is Container.PCM:
        data = whole.tobytes()
    elif wanted.container is Container.WAV:
        data = wav_header(whole.size, target_hz) + whole.tobytes()
    else:
        data = _through_codec(whole, target_hz, _CODECS[wanted.container])
    etag = hashlib.blake2b(data, digest_size=_ETAG_BYTES).hexdigest()
    return EncodedAudio(data, wanted.container, target_hz, whole.size / target_hz, etag)


def wav_header(sample_count: int, rate_hz: int) -> bytes:
    """44 bytes: RIFF, one ``fmt`` chunk (PCM, mono, 16 bits), and the size of the samples to come."""
    size = sample_count * 2
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI",
        b"RIFF",
        36 + size,
        b"WAVE",
        b"fmt ",
        16,
        1,
        1,
        rate_hz,
        rate_hz * 2,
        2,
        16,
        b"data",
        size,
    )


def resample(samples: NDArray[np.int16], from_hz: int, to_hz: int) -> NDArray[np.int16]:
    """The same sound at another rate, to the last sample."""
    if from_hz == to_hz:
        return samples
    import av

    resampler = av.AudioResampler(format="s16", layout="mono", rate=to_hz)
    frames = [*resampler.resample(_frame(samples, from_hz)), *resampler.resample(None)]
    pieces = [frame.to_ndarray().reshape(-1) for frame in frames]
    return np.concatenate(pieces).astype(np.int16, copy=False) if pieces else samples[:0]


def _rate_for(wanted: AudioFormat, rate_hz: int) -> int:
    chosen = wanted.rate_hz or rate_hz
    if wanted.container is Container.OPUS and chosen not in OPUS_RATES_HZ:
        return 48000
    if wanted.container is Container.MP3 and chosen not in _MP3_RATES_HZ:
        return 24000
    return chosen


def _frame(samples: NDArray[np.int16], rate_hz: int) -> av.AudioFrame:
    import av

    frame = av.AudioFrame.from_ndarray(samples.reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = rate_hz
    return frame


def _through_codec(samples: NDArray[np.int16], rate_hz: int, codec: _Codec) -> bytes:
    import av

    out = io.BytesIO()
    try:
        with av.open(out, "w", format=codec.container, options=_REPEATABLE) as box:
            stream = cast("av.AudioStream", box.add_stream(codec.codec, rate=rate_hz, layout="mono"))
            if codec.bit_rate is not None:
                stream.bit_rate = codec.bit_rate
            for packet in stream.encode(_frame(samples, rate_hz)):
                box.mux(packet)
            for packet in stream.encode(None):
                box.mux(packet)
    except (av.FFmpegError, ValueError) as error:
        raise InternalFailure(f"encoding {codec.container} at {rate_hz} Hz failed: {error}") from error
    return out.getvalue()
