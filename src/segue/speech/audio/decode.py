"""Decodes files into samples as a player does, to check what was served."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.kernel.errors import BadAudio
from segue.speech.audio.codecs import TELEPHONE_RATE_HZ
from segue.speech.core.speech import AudioFormat, Container

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

_DEMUXERS = {Container.PCM: "s16le", Container.ALAW: "alaw", Container.MULAW: "mulaw", Container.AAC: "aac"}


class Decoded(NamedTuple):
    """Mono samples and their rate. ``codec`` is FFmpeg's name for the codec of the file."""

    samples: Samples
    rate_hz: int
    codec: str

    @property
    def duration_s(self) -> float:
        return self.samples.size / self.rate_hz


def decode(data: bytes, known: AudioFormat | None = None) -> Decoded:
    """All audio in a file of any common container. Several channels are mixed into one.

    Bare samples (PCM, A-law, mu-law) do not describe themselves, so they are read in the ``known`` format; A-law
    and mu-law at 8000 Hz unless it has a rate. AAC can be recognized from about 60 ms on; shorter AAC must be
    known. A file that names its own format is read in that format, whatever ``known`` is.

    Raises:
        BadAudio: it is not such a file, or it is truncated.
        ValueError: bare PCM of an unknown rate.
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
        raise BadAudio(
            f"the audio cannot be decoded ({len(data)} bytes): {error}", findings=("undecodable",)
        ) from None
    samples = np.concatenate(pieces) if pieces else np.zeros(0, np.float32)
    return Decoded(samples.astype(np.float32, copy=False), rate_hz, codec)


def _how_to_read(known: AudioFormat | None) -> tuple[str | None, dict[str, str]]:
    """FFmpeg's name for the container, if FFmpeg cannot detect it, and options that the bytes do not contain."""
    if known is None or known.container not in _DEMUXERS:
        return None, {}
    demuxer = _DEMUXERS[known.container]
    if known.container is Container.AAC:
        return demuxer, {}
    if known.container is Container.PCM and known.rate_hz is None:
        raise ValueError("bare PCM does not contain its sample rate; pass rate_hz")
    return demuxer, {"sample_rate": str(known.rate_hz or TELEPHONE_RATE_HZ), "ch_layout": "mono"}
