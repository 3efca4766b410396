"""Polly's engines and their capabilities.

Facts from https://docs.aws.amazon.com/polly/latest/dg/ (supportedtags, prosody-tag, phoneme-tag, break-tag,
limits) and from Amazon's own description of the API (botocore 1.44.8, polly/2016-06-10), as of 2026-11.
"""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from segue.speech.core.catalogue import Capabilities, Range, primary_language
from segue.speech.core.speech import Container, PhoneticAlphabet


class PollyFamily(StrEnum):
    """Polly's engines. Here they are families of voices, with their own quotas and prices."""

    STANDARD = "standard"
    NEURAL = "neural"
    LONG_FORM = "long-form"
    GENERATIVE = "generative"


RATES_HZ = {
    Container.PCM: (8_000, 16_000),
    Container.MP3: (8_000, 16_000, 22_050, 24_000, 44_100, 48_000),
}
_USUAL_MP3_RATE_HZ = 24_000
_USUAL_RATE_HZ = {Container.PCM: 16_000, Container.MP3: _USUAL_MP3_RATE_HZ}
_STANDARD_RATE_HZ = 22_050

MOST_CHARS = 3_000
"""The limit of billed characters in one request. Tags are not billed."""

MOST_SENT_CHARS = 6_000
"""The limit of characters in one request, including tags."""

_MOST_DENSE_CHARS = 1_200
"""About what is said in ten minutes at half the pace. Beyond ten minutes, Polly cuts the audio off."""
_DENSE_LANGUAGES = frozenset({"cmn", "yue", "ja", "ko"})
_WITHOUT_IPA = frozenset({"cmn", "yue"})
"""Polly reads these in pinyin and jyutping. Its tables of IPA for them are for reference."""

_PITCH_SEMITONES = Range(-7.0, 7.0)
"""From -33.3 % to +50 %."""
_NEURAL = Capabilities(
    rate_ratio=Range(0.2, 2.0),
    alphabets=frozenset({PhoneticAlphabet.IPA, PhoneticAlphabet.X_SAMPA}),
    streaming=True,
    max_input_chars=MOST_CHARS,
    exact_pauses=True,
    spans=frozenset({"rate_ratio", "pronunciation", "language"}),
)
"""Which ``say-as`` neural voices take, Amazon calls partial and does not list."""

_CAN = {
    PollyFamily.STANDARD: replace(
        _NEURAL,
        pitch_semitones=_PITCH_SEMITONES,
        spans=_NEURAL.spans | {"pitch_semitones", "emphasis", "say_as"},
    ),
    PollyFamily.NEURAL: _NEURAL,
    PollyFamily.LONG_FORM: replace(_NEURAL, spans=_NEURAL.spans | {"say_as"}),
    PollyFamily.GENERATIVE: replace(_NEURAL, alphabets=frozenset(), spans=frozenset({"language", "say_as"})),
}
"""Generative voices take prosody around whole sentences alone, and no phonemes."""


def capabilities(kind: PollyFamily, locale: str) -> Capabilities:
    """The capabilities of a voice of that engine and language."""
    can = _CAN[kind]
    language = primary_language(locale)
    if language in _WITHOUT_IPA:
        can = replace(can, alphabets=frozenset(), spans=can.spans - {"pronunciation"})
    return replace(can, max_input_chars=_MOST_DENSE_CHARS) if language in _DENSE_LANGUAGES else can


def usual_rate_hz(container: Container, kind: PollyFamily) -> int:
    """Polly's default sample rate for this format."""
    if container is Container.MP3 and kind is PollyFamily.STANDARD:
        return _STANDARD_RATE_HZ
    return _USUAL_RATE_HZ[container]
