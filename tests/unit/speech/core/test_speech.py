"""The values that every room speaks in."""

from __future__ import annotations

import pytest

from segue.kernel.arms import Arm
from segue.speech.core.speech import (
    CONTENT_TYPES,
    AudioFormat,
    Container,
    Manner,
    Pcm,
    PhoneticAlphabet,
    Pronunciation,
    ResolvedRequest,
    SampleEncoding,
    Utterance,
)


def test_each_arm_has_another() -> None:
    assert Arm.BASELINE.other is Arm.CANDIDATE
    assert Arm.CANDIDATE.other is Arm.BASELINE


@pytest.mark.parametrize(("encoding", "sample_bytes"), [(SampleEncoding.S16, 2), (SampleEncoding.F32, 4)])
def test_samples_are_counted_by_their_size(encoding: SampleEncoding, sample_bytes: int) -> None:
    pcm = Pcm(bytes(100 * sample_bytes), 50, encoding)

    assert pcm.sample_count == 100
    assert pcm.duration_s == 2.0


@pytest.mark.parametrize("rate_hz", [0, -8000])
def test_there_is_no_sound_without_a_sample_rate(rate_hz: int) -> None:
    with pytest.raises(ValueError, match="sample rate"):
        Pcm(b"", rate_hz)


def test_an_engine_is_told_everything_but_volume_and_format() -> None:
    said = Pronunciation("ghoul", "ɡuːl", PhoneticAlphabet.IPA)
    manner = Manner(
        "piper",
        "1",
        "en_US-joe-medium",
        "en-US",
        AudioFormat(),
        rate_ratio=0.8,
        pitch_semitones=-6.0,
        volume_ratio=0.5,
        pronunciations=(said,),
    )

    assert ResolvedRequest(manner, "Hi.").utterance("ghoul") == Utterance(
        "Hi.", "en_US-joe-medium", "en-US", 0.8, -6.0, (said,), "ghoul"
    )


def test_every_container_has_a_content_type() -> None:
    assert set(CONTENT_TYPES) == set(Container)
