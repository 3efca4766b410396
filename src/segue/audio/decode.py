"""Files read back into samples: what a listener's player would do, for those who check what was served."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.core.errors import BadAudio

if TYPE_CHECKING:
    from segue.audio.pcm import Samples


class Decoded(NamedTuple):
    """Mono samples and their rate; ``codec`` is FFmpeg's name for what was in the file."""

    samples: Samples
    rate_hz: int
    codec: str

    @property
    def duration_s(self) -> float:
        return self.samples.size / self.rate_hz


def decode(data: bytes) -> Decoded:
    """All of the sound in a file of any container that players know; several channels become one.

    Raises:
        BadAudio: it is no such file, or it breaks off.
    """
    import av

    try:
        with av.open(io.BytesIO(data), "r") as box:
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
