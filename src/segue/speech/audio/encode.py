"""Encodes samples into files through PyAV. WAV and bare PCM are written here, so that their sizes are exact."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from segue.speech.audio.codecs import Writer, codec_for, rate_for
from segue.speech.audio.pcm import blocks, to_s16
from segue.speech.audio.resample import Resampler
from segue.speech.audio.wav import wav_header
from segue.speech.core.speech import AudioFormat, Container, EncodedAudio

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import numpy as np
    from numpy.typing import NDArray

    from segue.speech.audio.codecs import Codec
    from segue.speech.audio.pcm import Samples

_ETAG_BYTES = 16


def encode(samples: Samples, rate_hz: int, wanted: AudioFormat) -> EncodedAudio:
    """Mono audio in the requested container, at the rate from ``rate_for``.

    Raises:
        InternalFailure: the codec failed.
    """
    target_hz = rate_for(wanted, rate_hz)
    pieces = _resampled(samples, Resampler(rate_hz, target_hz))
    if wanted.container in (Container.PCM, Container.WAV):
        data, count = _bare(pieces, target_hz, with_header=wanted.container is Container.WAV)
    else:
        data, count = _through_codec(pieces, target_hz, codec_for(wanted))
    return EncodedAudio(data, wanted.container, target_hz, count / target_hz, etag_of(data))


def etag_of(data: bytes) -> str:
    """A digest of the data, in hex."""
    return hashlib.blake2b(data, digest_size=_ETAG_BYTES).hexdigest()


def _resampled(samples: Samples, resampler: Resampler) -> Iterator[NDArray[np.int16]]:
    for block in blocks(samples):
        yield resampler.push(to_s16(block))
    yield resampler.finish()


def _bare(pieces: Iterable[NDArray[np.int16]], rate_hz: int, *, with_header: bool) -> tuple[bytes, int]:
    """The bytes, and the number of samples in them."""
    kept = list(pieces)
    count = sum(piece.size for piece in kept)
    header = wav_header(count, rate_hz) if with_header else b""
    return b"".join((header, *(piece.data for piece in kept))), count


def _through_codec(pieces: Iterable[NDArray[np.int16]], rate_hz: int, codec: Codec) -> tuple[bytes, int]:
    """The bytes, and the number of samples in them."""
    out = io.BytesIO()
    writer = Writer(out, codec, rate_hz)
    for piece in pieces:
        writer.write(piece)
    writer.close()
    return out.getvalue(), writer.written_samples
