"""Keys of known requests."""

from __future__ import annotations

from dataclasses import replace

from segue.speech.core.keys import cache_key
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Manner,
    PhoneticAlphabet,
    Pronunciation,
    ResolvedRequest,
)

KNOWN = ResolvedRequest(
    Manner(
        engine="espeak",
        engine_version="espeak-ng-1.52.0",
        voice="en-us+m7",
        language="en-us",
        audio_format=AudioFormat(Container.MP3),
        rate_ratio=1.1,
        pitch_semitones=-4.0,
        pronunciations=(Pronunciation("segue", "ˈsɛɡweɪ", PhoneticAlphabet.IPA),),
    ),
    "Hello, wanderer! 語音",
)


def test_a_known_request_has_the_key_it_always_had() -> None:
    """A change here forgets all audio that is kept anywhere: raise KEY_VERSION, and mean it."""
    assert cache_key(KNOWN) == "95ce84ea4188ee9d5066283f92cf61f1c67dd7f0"


def test_numbers_that_are_equal_are_spelled_alike() -> None:
    whole = replace(KNOWN, manner=replace(KNOWN.manner, rate_ratio=1, pitch_semitones=-0.0))
    real = replace(KNOWN, manner=replace(KNOWN.manner, rate_ratio=1.0, pitch_semitones=0.0))

    assert cache_key(whole) == cache_key(real)


def test_audio_of_two_arms_never_shares_a_key() -> None:
    other_engine = replace(KNOWN, manner=replace(KNOWN.manner, engine="piper"))
    other_voice = replace(KNOWN, manner=replace(KNOWN.manner, voice="en-us+m8"))

    assert len({cache_key(KNOWN), cache_key(other_engine), cache_key(other_voice)}) == 3


def test_a_new_version_of_an_engine_is_asked_again() -> None:
    newer = replace(KNOWN, manner=replace(KNOWN.manner, engine_version="espeak-ng-1.53.0"))

    assert cache_key(newer) != cache_key(KNOWN)


def test_another_bit_rate_is_another_key() -> None:
    keys = {
        cache_key(replace(KNOWN, manner=replace(KNOWN.manner, audio_format=AudioFormat(Container.MP3, *rates))))
        for rates in ((None, None), (44_100, None), (44_100, 32_000), (44_100, 128_000), (None, 128_000))
    }

    assert len(keys) == 5
