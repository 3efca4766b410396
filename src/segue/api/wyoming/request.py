"""Converts Wyoming events to Segue's requests."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.api.wyoming.wire import VoiceChoice
from segue.kernel.arms import Unit
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import (
    NEUTRAL,
    AudioFormat,
    Container,
    Loss,
    SpeechRequest,
)
from segue.speech.core.text.ssml import MAX_MARKUP_CHARS, read_ssml
from segue.speech.core.text.written import TextFormat, read_text

if TYPE_CHECKING:
    from segue.api.context import Context
    from segue.api.wyoming.voices import WyomingVoices
    from segue.api.wyoming.wire import Start

DIALECT = "wyoming"
_SSML = "ssml"
_FORMATS = ("", "text", _SSML, *TextFormat)
_SHOWN_CHARS = 32


class ExchangeSettings(NamedTuple):
    """The settings of an exchange, shared by all requests that its text is split into."""

    character_key: str
    language: str | None
    unit: Unit
    request_id: str
    is_ssml: bool
    text_format: TextFormat
    losses: tuple[Loss, ...]


class WyomingReader:
    """Converts the events of one client, which is identified by its network address."""

    def __init__(self, context: Context, voices: WyomingVoices, address: str) -> None:
        self._context = context
        self._voices = voices
        self._address = address

    def setting(self, start: Start) -> ExchangeSettings:
        """The settings of an exchange; raises InvalidRequest for an unknown voice or text format."""
        context = self._context
        wanted = start.voice or VoiceChoice()
        text_format = (start.text_format or "").strip().lower()
        if text_format not in _FORMATS:
            raise InvalidRequest(
                f"unknown text_format {str(start.text_format)[:_SHOWN_CHARS]!r}; "
                f"supported: {', '.join(('text', _SSML, *TextFormat))}",
                field="text_format",
            )
        key = self._voices.character_key(wanted)
        return ExchangeSettings(
            context.catalogue.character(key).key,
            wanted.language if wanted.language and not wanted.name else None,
            self._unit(start),
            context.identity.request_id({}),
            text_format == _SSML,
            TextFormat(text_format) if text_format in tuple(TextFormat) else context.text_format,
            _unheard(wanted),
        )

    def max_chars(self, setting: ExchangeSettings) -> int:
        return MAX_MARKUP_CHARS if setting.is_ssml else self._context.max_input_chars

    def request(
        self, setting: ExchangeSettings, text: str, rate_hz: int | None, text_format: TextFormat, *, is_part: bool
    ) -> SpeechRequest:
        """The request for the exchange's text or a part of it; ``rate_hz`` None: the voice's own sample rate.

        Raises:
            InvalidRequest: the text cannot be spoken.
        """
        max_chars = self._context.max_input_chars
        if setting.is_ssml:
            marked = read_ssml(text, max_chars=max_chars)
        else:
            marked = read_text(text, text_format, max_chars=max_chars, is_part=is_part)
        has_marks = bool(marked.pauses or marked.spans)
        return SpeechRequest(
            text=marked.text,
            character_key=setting.character_key,
            unit=setting.unit,
            request_id=setting.request_id,
            dialect=DIALECT,
            audio_format=AudioFormat(Container.PCM, rate_hz),
            controls=NEUTRAL.marked_by(marked) if has_marks else NEUTRAL,
            language=setting.language,
            timeout_s=self._context.request_timeout_s,
            losses=(*setting.losses, *marked.losses),
        )

    def _unit(self, start: Start) -> Unit:
        """The unit: named in the context, otherwise the client's address, because the protocol has no API key."""
        listener = start.context
        user, session = (listener.user_id, listener.session_id) if listener else (None, None)
        in_place = {b"x-api-key": f"{DIALECT}:{self._address}".encode()} if self._address else {}
        return self._context.identity.unit(in_place, user, session)


def _unheard(wanted: VoiceChoice) -> tuple[Loss, ...]:
    if not wanted.speaker:
        return ()
    return (Loss("speaker", wanted.speaker[:_SHOWN_CHARS], "", "a character has one speaker"),)
