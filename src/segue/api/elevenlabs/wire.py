"""Bodies that the official client sends and reads (elevenlabs 2.78, as of 2026-11)."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from segue.api.fields import LanguageTag, Name
from segue.speech.core.text.written import TextFormat


class ElevenLabsVoiceSettings(msgspec.Struct, frozen=True):
    """``speed`` is the rate; the other settings are for ElevenLabs' own models and are not applied."""

    speed: Annotated[float, Meta(ge=0.25, le=4.0)] | None = None
    stability: float | None = None
    similarity_boost: float | None = None
    style: float | None = None
    use_speaker_boost: bool | None = None
    clone_strength: float | None = None


class ElevenLabsDictionaryLocator(msgspec.Struct, frozen=True):
    pronunciation_dictionary_id: str
    version_id: str | None = None


class ElevenLabsSpeechBody(msgspec.Struct, frozen=True):
    """The request. Unknown fields are ignored.

    ``model_id`` can name an arm (``wavenet``, ``chirp3-hd``) to force it; for other models the rollout decides.
    ``user_id``, ``session_id`` and ``text_format`` (how ``text`` is read) are Segue's own fields.
    """

    text: Annotated[str, Meta(min_length=1)]
    model_id: Annotated[str, Meta(max_length=128)] | None = None
    language_code: LanguageTag | None = None
    voice_settings: ElevenLabsVoiceSettings | None = None
    pronunciation_dictionary_locators: Annotated[list[ElevenLabsDictionaryLocator], Meta(max_length=3)] | None = (
        None
    )
    seed: Annotated[int, Meta(ge=0, le=4_294_967_295)] | None = None
    previous_text: str | None = None
    next_text: str | None = None
    previous_request_ids: Annotated[list[str], Meta(max_length=3)] | None = None
    next_request_ids: Annotated[list[str], Meta(max_length=3)] | None = None
    apply_text_normalization: Literal["auto", "on", "off"] | None = None
    audio_effects: dict[str, str | float | None] | None = None
    user_id: Name | None = None
    session_id: Name | None = None
    text_format: TextFormat | None = None


class ElevenLabsFault(msgspec.Struct, frozen=True):
    """A fault in a request. ``loc`` is its place, such as ``["body", "text"]``."""

    loc: list[str]
    msg: str
    type: str


class ElevenLabsFaultsAnswer(msgspec.Struct, frozen=True):
    detail: list[ElevenLabsFault]


class ElevenLabsTrouble(msgspec.Struct, frozen=True):
    status: str
    message: str


class ElevenLabsTroubleAnswer(msgspec.Struct, frozen=True):
    detail: ElevenLabsTrouble


class ElevenLabsSettings(msgspec.Struct, frozen=True):
    """A voice's settings. ``speed`` 1 is the character's own rate; these voices have no other settings."""

    speed: float = 1.0


class ElevenLabsVoice(msgspec.Struct, frozen=True):
    voice_id: str
    name: str
    category: str
    labels: dict[str, str]
    description: str
    settings: ElevenLabsSettings = ElevenLabsSettings()


class ElevenLabsVoiceList(msgspec.Struct, frozen=True):
    voices: list[ElevenLabsVoice]
    has_more: bool = False
    total_count: int = 0
    next_page_token: str | None = None


class ElevenLabsLanguage(msgspec.Struct, frozen=True):
    language_id: str
    name: str


class ElevenLabsModel(msgspec.Struct, frozen=True):
    model_id: str
    name: str
    description: str
    languages: list[ElevenLabsLanguage]
    maximum_text_length_per_request: int
    max_characters_request_free_user: int
    max_characters_request_subscribed_user: int
    can_do_text_to_speech: bool = True
    can_do_voice_conversion: bool = False
    can_be_finetuned: bool = False
    can_use_style: bool = False
    can_use_speaker_boost: bool = False
    serves_pro_voices: bool = False
    requires_alpha_access: bool = False
    token_cost_factor: float = 1.0
