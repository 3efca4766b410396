"""Files read back into samples: what a listener's player would do, for those who check what was served."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.audio.codecs import TELEPHONE_RATE_HZ
from segue.core.errors import BadAudio
from segue.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from segue.audio.pcm import Samples

_DEMUXERS = {Container.PCM: "s16le", Container.ALAW: "alaw", Container.MULAW: "mulaw", Container.AAC: "aac"}


class Decoded(NamedTuple):
    """Mono samples and their rate; ``codec`` is FFmpeg's name for what was in the file."""

    samples: Samples
    rate_hz: int
    codec: str

    @property
    def duration_s(self) -> float:
        return self.samples.size / self.rate_hz


def decode(data: bytes, known: AudioFormat | None = None) -> Decoded:
    """All of the sound in a file of any container that players know; several channels become one.

    Bare samples (PCM, A-law, mu-law) say nothing of themselves: they are read as the ``known`` format, A-law and
    mu-law at 8000 Hz unless it names a rate. AAC can be told by itself from about 60 ms on, shorter only if known.
    Files that name their own format are read as what they are, whatever was known.

    Raises:
        BadAudio: it is no such file, or it breaks off.
        ValueError: bare PCM, and no rate is known.
    """
    import av

    demuxer, options = _how_to_read(known)
    try:
        with av.open(io.BytesIO(data), "r", format=demuxer, options=options) as box:
            stream = box.streams.audio[0]
            to_mono = av.AudioResampler(format="flt", layout="mono", rate=stream.rate)
            frames = [part for frame in box.decode(stream) for part in to_mono.resample(frame)]
            pieces = [part.to_ndarray().reshape(-1) for part in (*frames, *to_mono.resample(None))]
            codec = stream.codec_context.name
            rate_hz = stream.rate
    except (av.FFmpegError, IndexError, ValueError) as error:
        raise BadAudio(f"{len(data)} bytes that no player can play: {error}", findings=("undecodable",)) from None
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return Decoded(samples.astype(np.float32, copy=False), rate_hz, codec)


def _how_to_read(known: AudioFormat | None) -> tuple[str | None, dict[str, str]]:
    """FFmpeg's name for the container, where it cannot find out by itself, and what the bytes do not tell."""
    if known is None or known.container not in _DEMUXERS:
        return None, {}
    demuxer = _DEMUXERS[known.container]
    if known.container is Container.AAC:
        return demuxer, {}
    if known.container is Container.PCM and known.rate_hz is None:
        raise ValueError("bare PCM does not tell its sample rate; name the rate_hz it was made at")
    return demuxer, {"sample_rate": str(known.rate_hz or TELEPHONE_RATE_HZ), "ch_layout": "mono"}
