"""Samples in every container, read back."""

from __future__ import annotations

import io
import struct
import wave
from typing import TYPE_CHECKING

import av
import numpy as np
import pytest

from segue.kernel.errors import InternalFailure
from segue.speech.audio.codecs import OPUS_RATES_HZ
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_s16, to_samples
from segue.speech.audio.resample import resample
from segue.speech.audio.wav import wav_header
from segue.speech.core.speech import AudioFormat, Container, EncodedAudio, Pcm
from support.sound import a_tone, a_voice, in_turn, silence

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples

MP3_FRAME = 1152
MP3_FRAME_BELOW_32_KHZ = 576
PRE_SKIP_S = 0.02
VOICE_RATES_HZ = (16_000, 22_050, 24_000)


def encoded(container: Container, samples: Samples, rate_hz: int, wanted_hz: int | None = None) -> EncodedAudio:
    return encode(samples, rate_hz, AudioFormat(container, wanted_hz))


def decoded(audio: EncodedAudio) -> tuple[Samples, int]:
    """What a player would play, and at which rate."""
    with av.open(io.BytesIO(audio.data), "r") as box:
        rate_hz = box.streams.audio[0].rate
        resampler = av.AudioResampler(format="flt", layout="mono", rate=rate_hz)
        frames = [out for frame in box.decode(audio=0) for out in resampler.resample(frame)]
        return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]), rate_hz


def level(samples: Samples) -> float:
    return float(np.sqrt(np.mean(np.square(samples, dtype=np.float64))))


@pytest.mark.parametrize("rate_hz", [8000, *VOICE_RATES_HZ, 44_100])
def test_a_wav_header_is_exact_and_any_reader_reads_it(rate_hz: int) -> None:
    samples = a_voice(rate_hz=rate_hz)
    audio = encoded(Container.WAV, samples, rate_hz)

    with wave.open(io.BytesIO(audio.data)) as reader:
        assert (reader.getnchannels(), reader.getsampwidth(), reader.getframerate()) == (1, 2, rate_hz)
        assert reader.getnframes() == samples.size
        assert reader.readframes(samples.size) == to_s16(samples).tobytes()
    assert struct.unpack_from("<I", audio.data, 4)[0] == len(audio.data) - 8
    assert struct.unpack_from("<I", audio.data, 40)[0] == len(audio.data) - 44


def test_a_wav_header_is_forty_four_bytes_even_of_nothing() -> None:
    assert len(wav_header(0, 8000)) == 44


def test_bare_pcm_is_the_samples_and_nothing_else() -> None:
    samples = a_voice()

    assert encoded(Container.PCM, samples, 16_000).data == to_s16(samples).tobytes()


@pytest.mark.parametrize("rate_hz", VOICE_RATES_HZ)
def test_flac_loses_no_sample(rate_hz: int) -> None:
    samples = a_voice(rate_hz=rate_hz)
    played, played_hz = decoded(encoded(Container.FLAC, samples, rate_hz))

    assert played_hz == rate_hz
    assert to_s16(played).tolist() == to_s16(samples).tolist()


@pytest.mark.parametrize("rate_hz", [8000, *VOICE_RATES_HZ, 44_100, 48_000])
def test_mp3_plays_as_long_as_the_samples_but_for_the_coders_own_frames(rate_hz: int) -> None:
    samples = a_voice(rate_hz=rate_hz)
    audio = encoded(Container.MP3, samples, rate_hz)
    played, played_hz = decoded(audio)

    frame = MP3_FRAME if rate_hz >= 32_000 else MP3_FRAME_BELOW_32_KHZ
    assert played_hz == audio.rate_hz == rate_hz
    assert played.size / rate_hz == pytest.approx(audio.duration_s, abs=frame / rate_hz)


@pytest.mark.parametrize("rate_hz", VOICE_RATES_HZ)
def test_opus_plays_to_the_last_sample(rate_hz: int) -> None:
    samples = a_voice(rate_hz=rate_hz)
    audio = encoded(Container.OPUS, samples, rate_hz)
    played, played_hz = decoded(audio)

    assert played.size / played_hz == pytest.approx(audio.duration_s, abs=PRE_SKIP_S)


@pytest.mark.parametrize("container", [Container.MP3, Container.OPUS, Container.FLAC])
@pytest.mark.parametrize("duration_s", [0.5, 0.513, 1.0, 2.37])
def test_the_tail_is_kept(container: Container, duration_s: float) -> None:
    """The last syllable of a sentence is in the coder's last, half-filled frame."""
    samples = in_turn(silence(duration_s, 24_000), a_tone(0.03, rate_hz=24_000))
    played, played_hz = decoded(encoded(container, samples, 24_000))
    tail = played[int((duration_s + 0.002) * played_hz) : int((duration_s + 0.028) * played_hz)]

    assert level(tail) > 0.2


@pytest.mark.parametrize(
    ("container", "asked_hz", "given_hz"),
    [
        (Container.WAV, 8000, 8000),
        (Container.WAV, None, 22_050),
        (Container.PCM, 24_000, 24_000),
        (Container.FLAC, 48_000, 48_000),
        (Container.MP3, None, 22_050),
        (Container.MP3, 44_100, 44_100),
        (Container.MP3, 96_000, 24_000),
        (Container.OPUS, None, 48_000),
        (Container.OPUS, 16_000, 16_000),
        (Container.OPUS, 44_100, 48_000),
    ],
)
def test_the_rate_is_the_one_asked_for_or_the_nearest_the_container_knows(
    container: Container, asked_hz: int | None, given_hz: int
) -> None:
    samples = a_voice(rate_hz=22_050)
    audio = encoded(container, samples, 22_050, asked_hz)

    assert audio.rate_hz == given_hz
    assert audio.duration_s == pytest.approx(samples.size / 22_050, abs=0.001)


@pytest.mark.parametrize("rate_hz", OPUS_RATES_HZ)
def test_opus_is_made_at_every_rate_it_knows(rate_hz: int) -> None:
    assert encoded(Container.OPUS, a_voice(), 16_000, rate_hz).rate_hz == rate_hz


@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(22_050, 24_000), (22_050, 8000), (16_000, 48_000), (24_000, 44_100)]
)
def test_resampling_keeps_pitch_loudness_and_length(from_hz: int, to_hz: int) -> None:
    tone = to_s16(a_tone(1.0, 440.0, from_hz))
    moved = to_samples(Pcm(resample(tone, from_hz, to_hz).tobytes(), to_hz))

    spectrum = np.abs(np.fft.rfft(moved * np.hanning(moved.size)))
    loudest_hz = float(np.argmax(spectrum)) * to_hz / moved.size
    assert moved.size == pytest.approx(to_hz, abs=to_hz * 0.001)
    assert loudest_hz == pytest.approx(440.0, abs=2.0)
    assert level(moved) == pytest.approx(0.5 / np.sqrt(2), rel=0.02)


def test_resampling_to_the_same_rate_changes_nothing() -> None:
    samples = to_s16(a_voice())

    assert resample(samples, 16_000, 16_000) is samples


@pytest.mark.parametrize("container", Container)
def test_a_voice_beyond_full_scale_is_limited_in_every_container(container: Container) -> None:
    loud = a_tone(0.5, peak=3.0)

    assert encoded(container, loud, 16_000).data


@pytest.mark.parametrize("container", Container)
def test_the_same_samples_make_the_same_bytes_and_the_same_etag(container: Container) -> None:
    one, other = (encoded(container, a_voice(), 16_000) for _ in range(2))

    assert one.data == other.data
    assert one.etag == other.etag


def test_other_samples_have_another_etag() -> None:
    assert encoded(Container.WAV, a_voice("Hello."), 16_000).etag != encoded(Container.WAV, a_voice(), 16_000).etag


def test_a_rate_no_codec_takes_is_our_failure_with_its_name() -> None:
    with pytest.raises(InternalFailure, match="flac at 2000000 Hz"):
        encoded(Container.FLAC, a_voice(), 16_000, 2_000_000)
