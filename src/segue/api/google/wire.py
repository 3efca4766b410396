"""Google's messages (texttospeech v1 and v1beta1 as of client 2.38), in the JSON names of REST.

Only the fields that Segue uses are typed; others are kept unparsed, so that a warning can name them. Defaults are
those of proto3: zero and the empty text mean that a field is not set. An enum is its name or its number.
"""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

Unused = dict[str, Any] | UnsetType
"""A message that Segue does not use; UNSET if it is absent."""


class AudioEncoding(IntEnum):
    AUDIO_ENCODING_UNSPECIFIED = 0
    LINEAR16 = 1
    MP3 = 2
    OGG_OPUS = 3
    MP3_64_KBPS = 4
    MULAW = 5
    ALAW = 6
    PCM = 7
    M4A = 8


class SsmlVoiceGender(IntEnum):
    SSML_VOICE_GENDER_UNSPECIFIED = 0
    MALE = 1
    FEMALE = 2
    NEUTRAL = 3


class PhoneticEncoding(IntEnum):
    PHONETIC_ENCODING_UNSPECIFIED = 0
    PHONETIC_ENCODING_IPA = 1
    PHONETIC_ENCODING_X_SAMPA = 2
    PHONETIC_ENCODING_JAPANESE_YOMIGANA = 3
    PHONETIC_ENCODING_PINYIN = 4


class CustomPronunciationParams(msgspec.Struct, frozen=True, rename="camel"):
    phrase: str = ""
    phonetic_encoding: int | str = 0
    pronunciation: str = ""


class CustomPronunciations(msgspec.Struct, frozen=True, rename="camel"):
    pronunciations: list[CustomPronunciationParams] = []


class SynthesisInput(msgspec.Struct, frozen=True, rename="camel"):
    """One of ``text``, ``ssml`` and ``markup``."""

    text: str | UnsetType = UNSET
    ssml: str | UnsetType = UNSET
    markup: str | UnsetType = UNSET
    multi_speaker_markup: Unused = UNSET
    prompt: str = ""
    custom_pronunciations: CustomPronunciations = CustomPronunciations()


class VoiceSelectionParams(msgspec.Struct, frozen=True, rename="camel"):
    """``name``: a voice of the catalogue, a character's key, or an alias."""

    language_code: str = ""
    name: str = ""
    ssml_gender: int | str = 0
    custom_voice: Unused = UNSET
    voice_clone: Unused = UNSET
    multi_speaker_voice_config: Unused = UNSET
    model_name: str = ""


class AudioConfig(msgspec.Struct, frozen=True, rename="camel"):
    """``pitch`` in semitones, ``speaking_rate`` as a ratio."""

    audio_encoding: int | str = 0
    speaking_rate: float = 0.0
    pitch: float = 0.0
    volume_gain_db: float = 0.0
    sample_rate_hertz: int = 0
    effects_profile_id: list[str] = []


class SynthesizeSpeechRequest(msgspec.Struct, frozen=True, rename="camel"):
    """``enable_time_pointing`` is only in v1beta1."""

    input: SynthesisInput = SynthesisInput()
    voice: VoiceSelectionParams = VoiceSelectionParams()
    audio_config: AudioConfig = AudioConfig()
    advanced_voice_options: Unused = UNSET
    enable_time_pointing: list[int | str] = []


class SynthesizeSpeechResponse(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """``timepoints`` (always empty) and ``audio_config`` are only in v1beta1."""

    audio_content: bytes
    timepoints: list[str] | None = None
    audio_config: AudioConfig | None = None


class ListedVoice(msgspec.Struct, frozen=True, rename="camel"):
    language_codes: list[str]
    name: str
    ssml_gender: int | str
    natural_sample_rate_hertz: int


class ListVoicesResponse(msgspec.Struct, frozen=True, rename="camel"):
    voices: list[ListedVoice]


class RpcStatus(msgspec.Struct, frozen=True, rename="camel"):
    """``google.rpc.Status`` with the HTTP status as ``code``, as in Google's REST API."""

    code: int
    message: str
    status: str
    details: list[dict[str, Any]]


class GoogleError(msgspec.Struct, frozen=True):
    error: RpcStatus
