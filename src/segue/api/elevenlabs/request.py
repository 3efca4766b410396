"""ElevenLabs' body and query as a request of Segue's; what is not taken over is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qs

from segue.api.elevenlabs.errors import NoSuchVoice, TextTooLong
from segue.api.elevenlabs.formats import output
from segue.core.errors import InvalidRequest
from segue.core.speech import NEUTRAL, Controls, Loss, SpeechRequest
from segue.core.text.markup import read_breaks

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.api.context import Context
    from segue.api.elevenlabs.wire import SpeechBody
    from segue.core.speech import Pause

DIALECT = "elevenlabs"
_MODELS_OWN = ("stability", "similarity_boost", "style", "use_speaker_boost", "clone_strength")
_NO = ("false", "0")
_NEIGHBOURS = ("previous_text", "next_text", "previous_request_ids", "next_request_ids")


class Call(NamedTuple):
    """What of a request is not its body. ``query`` is as it came."""

    voice_id: str
    query: bytes
    headers: dict[bytes, bytes]
    request_id: str


def understood(context: Context, call: Call, body: SpeechBody) -> SpeechRequest:
    """The request.

    Raises:
        InvalidRequest: it cannot be answered as it is; the kinds are those of ``segue.api.elevenlabs.errors``.
    """
    asked = parse_qs(call.query.decode("latin-1"))
    marked = read_breaks(_within(body.text, context.max_input_chars), max_chars=context.max_input_chars)
    return SpeechRequest(
        text=marked.text,
        character_key=_character(context, call.voice_id),
        unit=context.identity.unit(call.headers, body.user_id, body.session_id),
        request_id=call.request_id,
        dialect=DIALECT,
        audio_format=output(asked.get("output_format", [None])[-1]),
        controls=_controls(body, marked.pauses),
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


def _character(context: Context, voice_id: str) -> str:
    try:
        return context.catalogue.character(voice_id).key
    except InvalidRequest:
        raise NoSuchVoice(
            f"A voice with voice_id '{voice_id[:64]}' was not found; GET /v1/voices lists them, and the aliases "
            "of the catalogue may name it",
            field="character_key",
        ) from None


def _controls(body: SpeechBody, pauses: tuple[Pause, ...]) -> Controls:
    speed = body.voice_settings.speed if body.voice_settings else None
    if not pauses and speed in (None, 1.0):
        return NEUTRAL
    return Controls(rate_ratio=1.0 if speed is None else speed, pauses=pauses)


def _not_taken_over(body: SpeechBody) -> Iterator[Loss]:
    """What describes ElevenLabs' own models, or how they read a text: these voices have none of it."""
    settings = _given(body.voice_settings, _MODELS_OWN)
    if settings:
        yield Loss("voice_settings", settings, "", "these are of ElevenLabs' own models")
    neighbours = _given(body, _NEIGHBOURS)
    if neighbours:
        yield Loss("context", neighbours, "", "each text is read by itself")
    if body.pronunciation_dictionary_locators:
        count = len(body.pronunciation_dictionary_locators)
        yield Loss("pronunciation", f"{count} dictionaries", "", "ElevenLabs' dictionaries are not here")
    if body.seed is not None:
        yield Loss("seed", str(body.seed), "", "these voices take none")
    if body.apply_text_normalization == "off":
        yield Loss("text_normalization", "off", "", "these voices read numbers and dates in their own way")
    if body.audio_effects and any(value is not None for value in body.audio_effects.values()):
        yield Loss("audio_effects", "given", "", "there are none here")


def _given(fields: object, names: tuple[str, ...]) -> str:
    return ", ".join(name for name in names if getattr(fields, name, None) not in (None, "", []))
