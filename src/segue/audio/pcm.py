"""Samples as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segue.core.speech import Pcm, SampleEncoding

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.float32]
    """Mono, full scale is -1..1."""

FULL_SCALE_S16 = 32768.0


def to_samples(pcm: Pcm) -> Samples:
    """The samples as float32; a trailing part of a sample is left out."""
    if pcm.encoding is SampleEncoding.F32:
        return np.frombuffer(pcm.data[: pcm.sample_count * 4], dtype="<f4")
    return from_s16(np.frombuffer(pcm.data[: pcm.sample_count * 2], dtype="<i2"))


def from_s16(samples: NDArray[np.int16]) -> Samples:
    """16-bit integers as float32."""
    return samples.astype(np.float32) / np.float32(FULL_SCALE_S16)


def to_s16(samples: Samples) -> NDArray[np.int16]:
    """Samples as 16-bit integers; what is beyond full scale is limited to it."""
    scaled = np.rint(samples * np.float32(FULL_SCALE_S16))
    limited: NDArray[np.int16] = np.clip(scaled, -FULL_SCALE_S16, FULL_SCALE_S16 - 1).astype(np.int16)
    return limited


def join(pieces: Sequence[Pcm]) -> Pcm:
    """Pieces of one stream as one; no pieces are no samples at 1 Hz, which no inspection lets through."""
    if not pieces:
        return Pcm(b"", 1)
    first = pieces[0]
    return Pcm(b"".join(piece.data for piece in pieces), first.rate_hz, first.encoding)
