"""What Google refuses, in Google's words where they are known; the other sentences are ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from google.cloud.texttospeech_v1 import AudioEncoding, CustomPronunciationParams

from support.google_cloud import ssml
from support.google_cloud.status import invalid
from support.google_cloud.voices import STARS

if TYPE_CHECKING:
    from google.cloud import texttospeech_v1 as google

    from support.google_cloud.service import Service
    from support.google_cloud.voices import ServedVoice

_RATE = (0.25, 2.0)
_PITCH = (-20.0, 20.0)
_VOLUME_DB = (-96.0, 16.0)
_RATES_HZ = frozenset({8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000})
_WHOLE_ENCODINGS = frozenset(
    {
        AudioEncoding.LINEAR16,
        AudioEncoding.MP3,
        AudioEncoding.OGG_OPUS,
        AudioEncoding.MULAW,
        AudioEncoding.ALAW,
        AudioEncoding.PCM,
    }
)
_STREAM_ENCODINGS = frozenset(
    {
        AudioEncoding.AUDIO_ENCODING_UNSPECIFIED,
        AudioEncoding.PCM,
        AudioEncoding.ALAW,
        AudioEncoding.MULAW,
        AudioEncoding.OGG_OPUS,
    }
)
_SENTENCE_END = re.compile(r"(?<=[.!?。！？\n])")
_PAUSE_TAG = re.compile(r"\[pause(?: short| long)?\]")
_QUOTED_CHARS = 5

_TOO_LONG = (
    "Either `input.text` or `input.ssml` is longer than the limit of {} bytes. This limit is different from "
    "quotas. To fix, reduce the byte length of the characters in this request, or consider using the Long Audio "
    "API: https://cloud.google.com/text-to-speech/docs/create-audio-text-long-audio-synthesis."
)
_LONG_SENTENCE = (
    "This request contains sentences that are too long. Consider splitting up long sentences with sentence "
    'ending punctuation e.g. periods. Sentence starting with: "{}" is too long.'
)


def chosen_voice(wanted: google.VoiceSelectionParams, service: Service, *, streaming: bool) -> ServedVoice:
    """The voice that a request names, or one of its language.

    Raises:
        Refusal: there is none, or it is not to be had this way.
    """
    if wanted.name in STARS and not wanted.model_name:
        raise invalid("This voice requires a model name to be specified.")
    voice = service.voice(wanted.name) if wanted.name else _any_voice(wanted.language_code, service)
    if voice is None:
        raise invalid(f"Voice '{wanted.name}' does not exist. Is it misspelled?")
    if wanted.model_name:
        raise invalid(_no_model(wanted.model_name, streaming=streaming))
    if streaming and not voice.rules.streaming:
        raise invalid("Currently, only Chirp 3: HD voices are supported for streaming synthesis.")
    _check_language(wanted.language_code, wanted.name or voice.name, voice)
    return voice


def check_audio(wanted: google.AudioConfig, voice: ServedVoice) -> None:
    """Raises Refusal where a voice cannot deliver so."""
    if wanted.audio_encoding not in _WHOLE_ENCODINGS:
        raise invalid("Unsupported audio encoding.")
    if wanted.pitch and not voice.rules.pitch:
        raise invalid("This voice does not support pitch parameters at this time.")
    _check_range("pitch", wanted.pitch, _PITCH)
    _check_range("volume_gain_db", wanted.volume_gain_db, _VOLUME_DB)
    _check_pace(wanted)


def check_streaming_audio(wanted: google.StreamingAudioConfig) -> None:
    """Raises Refusal where it cannot be streamed so."""
    if wanted.audio_encoding not in _STREAM_ENCODINGS:
        raise invalid("Unsupported audio encoding.")
    _check_pace(wanted)


def check_pronunciations(wanted: google.CustomPronunciations) -> None:
    """Raises Refusal where one is not complete."""
    unspecified = CustomPronunciationParams.PhoneticEncoding.PHONETIC_ENCODING_UNSPECIFIED
    for said in wanted.pronunciations:
        if not said.phrase or not said.pronunciation or said.phonetic_encoding == unspecified:
            raise invalid("A custom pronunciation needs phrase, phonetic_encoding and pronunciation.")


def spoken_text(given: Any, voice: ServedVoice, service: Service) -> str:
    """What is heard of a (streaming) synthesis input.

    Raises:
        Refusal: it is empty, too long, or not for this voice.
    """
    kind = next((kind for kind in ("text", "markup", "ssml") if kind in given), None)
    source = getattr(given, kind) if kind else ""
    if not source.strip():
        raise invalid("Invalid text content: too few tokens (words) to process.")
    if len(source.encode()) > service.max_input_bytes:
        raise invalid(_TOO_LONG.format(service.max_input_bytes))
    heard = _PLAIN[kind or "text"](source, voice)
    if not voice.rules.long_sentences:
        _check_sentences(heard, service.max_sentence_chars)
    return heard


def _from_markup(source: str, voice: ServedVoice) -> str:
    if not voice.rules.markup:
        raise invalid("This voice does not support markup input. Please try again with text only input.")
    return _PAUSE_TAG.sub(" ", source)


def _from_ssml(source: str, voice: ServedVoice) -> str:
    if not voice.rules.ssml:
        raise invalid("This voice currently does not support SSML input. Please try again with text only input.")
    heard = ssml.read(source)
    if heard is None:
        raise invalid("Invalid SSML. Newer voices like Neural2 require valid SSML.")
    return heard


def _from_text(source: str, _: ServedVoice) -> str:
    return source


_PLAIN = {"text": _from_text, "markup": _from_markup, "ssml": _from_ssml}


def _any_voice(language: str, service: Service) -> ServedVoice | None:
    wanted = language.lower()
    return next((voice for voice in service.voices if voice.locale.lower().startswith(wanted)), None)


def _no_model(name: str, *, streaming: bool) -> str:
    if streaming:
        return (
            "Streaming for this Gemini-TTS model is currently not supported. Please use another Gemini-TTS model "
            "or Chirp3: HD voices"
        )
    return f"Model '{name}' cannot be used with this voice."


def _check_language(wanted: str, name: str, voice: ServedVoice) -> None:
    locale = voice.locale.lower()
    accepted = {locale} if voice.rules.whole_locale else {locale, locale.partition("-")[0]}
    if wanted.lower() not in accepted:
        raise invalid(
            f"Requested language code '{wanted}' doesn't match the voice '{name}''s language code '{locale}'. "
            f"Either pick a different voice, or change the requested language code to {locale}."
        )


def _check_pace(wanted: google.AudioConfig | google.StreamingAudioConfig) -> None:
    if wanted.speaking_rate:  # zero is what unset looks like
        _check_range("speaking_rate", wanted.speaking_rate, _RATE)
    if wanted.sample_rate_hertz and wanted.sample_rate_hertz not in _RATES_HZ:
        raise invalid(f"Unsupported sample rate: {wanted.sample_rate_hertz}.")


def _check_range(field: str, value: float, within: tuple[float, float]) -> None:
    low, high = within
    if not low <= value <= high:
        raise invalid(f"{field} must be in the range [{low}, {high}], but is {value}.")


def _check_sentences(text: str, limit_chars: int) -> None:
    for sentence in map(str.strip, _SENTENCE_END.split(text)):
        if len(sentence) > limit_chars:
            raise invalid(_LONG_SENTENCE.format(sentence[:_QUOTED_CHARS]))
