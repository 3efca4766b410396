"""WAV headers, read by other readers than ours."""

from __future__ import annotations

import struct

import numpy as np
import pytest

from segue.speech.audio.decode import decode
from segue.speech.audio.encode import encode
from segue.speech.audio.wav import FormatTag, wav_wrapped
from segue.speech.core.speech import AudioFormat, Container
from support.sound import a_tone

TELEPHONE = [(Container.ALAW, FormatTag.ALAW), (Container.MULAW, FormatTag.MULAW)]


@pytest.mark.parametrize("rate_hz", [8000, 24_000])
@pytest.mark.parametrize(("container", "tag"), [*TELEPHONE, (Container.PCM, FormatTag.PCM_S16)])
def test_wrapped_samples_play_as_the_bare_ones(container: Container, tag: FormatTag, rate_hz: int) -> None:
    bare = encode(a_tone(0.3, rate_hz=rate_hz), rate_hz, AudioFormat(container, rate_hz)).data
    wrapped = decode(wav_wrapped(bare, rate_hz, tag))

    assert wrapped.rate_hz == rate_hz
    assert np.array_equal(wrapped.samples, decode(bare, AudioFormat(container, rate_hz)).samples)


def test_wrapped_pcm_is_the_wav_file() -> None:
    tone = a_tone(0.3)
    bare, wav = (encode(tone, 16_000, AudioFormat(kind)).data for kind in (Container.PCM, Container.WAV))

    assert wav_wrapped(bare, 16_000) == wav


@pytest.mark.parametrize("tag", [FormatTag.ALAW, FormatTag.MULAW])
@pytest.mark.parametrize("size", [0, 400, 401])
def test_telephone_headers_have_true_sizes_the_fact_chunk_and_an_even_end(tag: FormatTag, size: int) -> None:
    data = wav_wrapped(b"\xd5" * size, 8000, tag)
    riff_bytes, form_bytes, kind, channels, rate_hz = struct.unpack_from("<4xI8xIHHI", data)
    fact, fact_samples, data_bytes = struct.unpack_from("<4s4xI4xI", data, 38)

    assert riff_bytes == len(data) - 8
    assert (form_bytes, kind, channels, rate_hz) == (18, tag, 1, 8000)
    assert (fact, fact_samples, data_bytes) == (b"fact", size, size)
    assert len(data) % 2 == 0


def test_half_a_sample_is_left_out() -> None:
    assert wav_wrapped(b"abc", 8000) == wav_wrapped(b"ab", 8000)
