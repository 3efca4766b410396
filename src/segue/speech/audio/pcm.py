"""Samples as arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, TypeVar

import numpy as np

from segue.speech.audio.waited import check_waited
from segue.speech.core.speech import Pcm, SampleEncoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    Samples: TypeAlias = NDArray[np.float32]
    """Mono samples; full scale is -1 to 1."""

FULL_SCALE_S16 = 32768.0

BLOCK_SAMPLES = 65_536
"""3 s at 22,050 Hz. Long audio is processed in blocks, which limits the memory needed in addition to the audio."""

Number = TypeVar("Number", np.float32, np.int16)


def blocks(samples: NDArray[Number]) -> Iterator[NDArray[Number]]:
    """The samples in order, ``BLOCK_SAMPLES`` at a time, without copying.

    Raises:
        NobodyWaits: between blocks, if the result is not needed any more.
    """
    for begin in range(0, samples.size, BLOCK_SAMPLES):
        check_waited()
        yield samples[begin : begin + BLOCK_SAMPLES]


def collected(pieces: Iterable[Samples], most_samples: int) -> Samples:
    """All pieces in one array. Each is freed before the next is made. ``most_samples`` is at least their sum."""
    whole = np.empty(most_samples, np.float32)
    end = 0
    for piece in pieces:
        whole[end : end + piece.size] = piece
        end += piece.size
    return whole[:end]


def frame_energies(samples: Samples, frame_samples: int) -> NDArray[np.float64]:
    """The sum of squares of each whole frame, in double precision."""
    rows = samples[: samples.size // frame_samples * frame_samples].reshape(-1, frame_samples)
    at_once = max(1, BLOCK_SAMPLES // frame_samples)
    energies = np.empty(len(rows))
    for begin in range(0, len(rows), at_once):
        part = rows[begin : begin + at_once].astype(np.float64)
        np.einsum("ij,ij->i", part, part, out=energies[begin : begin + at_once])
    return energies


def to_samples(pcm: Pcm) -> Samples:
    """The samples as float32. An incomplete last sample is dropped."""
    if pcm.encoding is SampleEncoding.F32:
        return np.frombuffer(pcm.data[: pcm.sample_count * 4], dtype="<f4")
    return from_s16(np.frombuffer(pcm.data[: pcm.sample_count * 2], dtype="<i2"))


def from_s16(samples: NDArray[np.int16]) -> Samples:
    """16-bit integers as float32."""
    scaled = samples.astype(np.float32)
    scaled /= np.float32(FULL_SCALE_S16)
    return scaled


def to_s16(samples: Samples) -> NDArray[np.int16]:
    """Samples as 16-bit integers. Values beyond full scale are clipped."""
    scaled = samples * np.float32(FULL_SCALE_S16)
    np.rint(scaled, out=scaled)
    np.clip(scaled, -FULL_SCALE_S16, FULL_SCALE_S16 - 1, out=scaled)
    return scaled.astype(np.int16)


def join(pieces: Sequence[Pcm]) -> Pcm:
    """Pieces of one stream joined. Without pieces, an empty array at 1 Hz, which no inspection accepts."""
    if not pieces:
        return Pcm(b"", 1)
    first = pieces[0]
    return Pcm(b"".join(piece.data for piece in pieces), first.rate_hz, first.encoding)
