"""Samples into files that players play, through PyAV; WAV and bare PCM by hand, for their exact sizes."""

from __future__ import annotations

import hashlib
import io
from typing import TYPE_CHECKING

from segue.audio.codecs import Writer, codec_for, rate_for
from segue.audio.pcm import to_s16
from segue.audio.resample import resample
from segue.audio.wav import wav_header
from segue.core.speech import AudioFormat, Container, EncodedAudio

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.audio.codecs import Codec
    from segue.audio.pcm import Samples

_ETAG_BYTES = 16


def encode(samples: Samples, rate_hz: int, wanted: AudioFormat) -> EncodedAudio:
    """Mono audio in the wanted container, at the rate that ``rate_for`` names.

    Raises:
        InternalFailure: the codec refused.
    """
    target_hz = rate_for(wanted, rate_hz)
    whole = resample(to_s16(samples), rate_hz, target_hz)
    if wanted.container is Container.PCM:
        data = whole.tobytes()
    elif wanted.container is Container.WAV:
        data = wav_header(whole.size, target_hz) + whole.tobytes()
    else:
        data = _through_codec(whole, target_hz, codec_for(wanted))
    return EncodedAudio(data, wanted.container, target_hz, whole.size / target_hz, etag_of(data))


def etag_of(data: bytes) -> str:
    """A digest, as hex."""
    return hashlib.blake2b(data, digest_size=_ETAG_BYTES).hexdigest()


def _through_codec(samples: NDArray[np.int16], rate_hz: int, codec: Codec) -> bytes:
    out = io.BytesIO()
    writer = Writer(out, codec, rate_hz)
    writer.write(samples)
    writer.close()
    return out.getvalue()
