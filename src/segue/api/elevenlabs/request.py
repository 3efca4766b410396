"""Converts ElevenLabs' body and query to a request, and lists what is not applied."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from segue.api.elevenlabs.errors import NoSuchVoice, TextTooLong
from segue.api.elevenlabs.formats import output
from segue.kernel.errors import UnknownCharacter
from segue.speech.core.speech import NEUTRAL, Controls, Loss, SpeechRequest
from segue.speech.core.text.markup import read_tagged

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.api.context import Context
    from segue.api.elevenlabs.wire import ElevenLabsSpeechBody
    from segue.speech.core.speech import Marked

DIALECT = "elevenlabs"
_MODELS_OWN = ("stability", "similarity_boost", "style", "use_speaker_boost", "clone_strength")
_NO = ("false", "0")
_NEIGHBOURS = ("previous_text", "next_text", "previous_request_ids", "next_request_ids")


class SpeechCall(NamedTuple):
    """The parts of a request other than its body. ``query`` is the raw query string."""

    voice_id: str
    query: bytes
    headers: dict[bytes, bytes]
    request_id: str


def understood(context: Context, call: SpeechCall, body: ElevenLabsSpeechBody) -> SpeechRequest:
    """The request.

    Raises:
        InvalidRequest: the request is invalid; ``segue.api.elevenlabs.errors`` has the kinds.
    """
    asked = parse_qs(call.query.decode("latin-1"))
    marked = read_tagged(
        _within(body.text, context.max_input_chars),
        body.text_format or context.text_format,
        max_chars=context.max_input_chars,
    )
    return SpeechRequest(
        text=marked.text,
        character_key=character_named(context, call.voice_id),
        unit=context.identity.unit(call.headers, body.user_id, body.session_id),
        request_id=call.request_id,
        dialect=DIALECT,
        audio_format=output(asked.get("output_format", [None])[-1]),
        controls=_controls(body, marked),
        language=body.language_code,
        forced_arm=context.catalogue.arm_meant(body.model_id) if body.model_id else None,
        cache_enabled=asked.get("enable_logging", [""])[-1].lower() not in _NO,
        timeout_s=context.request_timeout_s,
        losses=(*marked.losses, *_not_taken_over(body)),
    )


def _within(text: str, max_chars: int) -> str:
    if len(text) > max_chars:
        raise TextTooLong(
            f"This request's text has {len(text)} characters and exceeds the character limit of {max_chars} "
            "characters.",
            field="text",
        )
    return text


def character_named(context: Context, voice_id: str) -> str:
    """The key of the character for a voice id.

    Raises:
        NoSuchVoice: no character has this name or alias.
        AmbiguousName: several characters have it.
    """
    try:
        return context.catalogue.character(voice_id).key
    except UnknownCharacter:
        raise NoSuchVoice(
            f"A voice with voice_id '{voice_id[:64]}' was not found; GET /v1/voices lists the voices, and the "
            "catalogue can define aliases",
            field="character_key",
        ) from None


def _controls(body: ElevenLabsSpeechBody, marked: Marked) -> Controls:
    speed = body.voice_settings.speed if body.voice_settings else None
    controls = NEUTRAL if speed in (None, 1.0) else Controls(rate_ratio=speed)
    return controls.marked_by(marked) if marked.pauses or marked.spans else controls


def _not_taken_over(body: ElevenLabsSpeechBody) -> Iterator[Loss]:
    """Fields of ElevenLabs' own models and of their text processing, which these voices do not support."""
    settings = _given(body.voice_settings, _MODELS_OWN)
    if settings:
        yield Loss("voice_settings", settings, "", "only ElevenLabs' own models have these settings")
    neighbours = _given(body, _NEIGHBOURS)
    if neighbours:
        yield Loss("context", neighbours, "", "each text is spoken without its context")
    if body.pronunciation_dictionary_locators:
        count = len(body.pronunciation_dictionary_locators)
        yield Loss("pronunciation", f"{count} dictionaries", "", "ElevenLabs' dictionaries are not available")
    if body.seed is not None:
        yield Loss("seed", str(body.seed), "", "these voices do not support a seed")
    if body.apply_text_normalization == "off":
        yield Loss("text_normalization", "off", "", "these voices always normalize numbers and dates")
    if body.audio_effects and any(value is not None for value in body.audio_effects.values()):
        yield Loss("audio_effects", "given", "", "audio effects are not supported")


def _given(fields: object, names: tuple[str, ...]) -> str:
    return ", ".join(name for name in names if getattr(fields, name, None) not in (None, "", []))
