"""What is asked, in Segue's terms: who speaks to whom, and what."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.api.wyoming.wire import VoiceChoice
from segue.core.errors import InvalidRequest
from segue.core.speech import NEUTRAL, AudioFormat, Container, Loss, Marked, SpeechRequest, Unit
from segue.core.text.normalize import normalize
from segue.core.text.ssml import MAX_MARKUP_CHARS, read_ssml

if TYPE_CHECKING:
    from segue.api.context import Context
    from segue.api.wyoming.voices import Voices
    from segue.api.wyoming.wire import Start

DIALECT = "wyoming"
_FORMATS = (None, "", "text", "ssml")
_SHOWN_CHARS = 32


class Setting(NamedTuple):
    """What holds for a whole exchange, however many requests its text becomes."""

    character_key: str
    language: str | None
    unit: Unit
    request_id: str
    is_ssml: bool
    losses: tuple[Loss, ...]


class Reader:
    """Reads what one client, known by its network address, asks for."""

    def __init__(self, context: Context, voices: Voices, address: str) -> None:
        self._context = context
        self._voices = voices
        self._address = address

    def setting(self, start: Start) -> Setting:
        """Raises InvalidRequest for a voice that nobody has, or a format of text that nobody reads."""
        context = self._context
        wanted = start.voice or VoiceChoice()
        if start.text_format not in _FORMATS:
            raise InvalidRequest(
                f"unknown text_format {start.text_format[:_SHOWN_CHARS]!r}; known: text, ssml", field="text_format"
            )
        key = self._voices.character_key(wanted)
        return Setting(
            context.catalogue.character(key).key,
            wanted.language.replace("_", "-") if wanted.language and not wanted.name else None,
            self._unit(start),
            context.identity.request_id({}),
            start.text_format == "ssml",
            _unheard(wanted),
        )

    def max_chars(self, setting: Setting) -> int:
        return MAX_MARKUP_CHARS if setting.is_ssml else self._context.max_input_chars

    def request(self, setting: Setting, text: str, rate_hz: int | None) -> SpeechRequest:
        """A part of the exchange's text as a request; ``rate_hz`` None leaves the sample rate to the voice.

        Raises:
            InvalidRequest: it cannot be spoken.
        """
        marked = self._marked(setting, text)
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

    def _marked(self, setting: Setting, text: str) -> Marked:
        max_chars = self._context.max_input_chars
        if setting.is_ssml:
            return read_ssml(text, max_chars=max_chars)
        return Marked(normalize(text, max_chars=max_chars))

    def _unit(self, start: Start) -> Unit:
        """Whom the context names; else the client's address, in place of the API key that the protocol has not."""
        listener = start.context
        user, session = (listener.user_id, listener.session_id) if listener else (None, None)
        in_place = {b"x-api-key": f"{DIALECT}:{self._address}".encode()} if self._address else {}
        return self._context.identity.unit(in_place, user, session)


def _unheard(wanted: VoiceChoice) -> tuple[Loss, ...]:
    if not wanted.speaker:
        return ()
    return (Loss("speaker", wanted.speaker[:_SHOWN_CHARS], "", "a character has one speaker"),)
