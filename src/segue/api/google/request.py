"""Converts a call to Segue's own request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET

from segue.api.google.delivery import delivery_of
from segue.api.google.spoken import marked, pronunciations_of
from segue.api.google.voices import language_of
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Controls, Loss, SpeechRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.google.delivery import GoogleDelivery
    from segue.api.google.voices import GoogleVoices
    from segue.api.google.wire import (
        AudioConfig,
        CustomPronunciations,
        SynthesizeSpeechRequest,
        VoiceSelectionParams,
    )
    from segue.kernel.arms import Unit
    from segue.speech.core.speech import Marked, Pronunciation

DIALECT = "google"
_CHARACTER_HEADER = b"x-segue-character"
_MOST_SAID_CHARS = 64
_MAX_KEY_CHARS = 128
_TIMEOUT_STEPS_PER_S = 4
_LEAST_TIMEOUT_S = 0.05


class GoogleCaller(NamedTuple):
    """The caller. ``headers`` are a request's headers or a call's metadata, by lower-case name; ``allowed_s`` is
    the call's time limit, None if it has none.
    """

    headers: Mapping[bytes, bytes]
    request_id: str
    allowed_s: float | None = None


class CallSettings(NamedTuple):
    """Everything in a call except its text; the messages of a stream share it."""

    caller: GoogleCaller
    unit: Unit
    character_key: str
    language: str | None
    delivery: GoogleDelivery
    pronunciations: tuple[Pronunciation, ...]
    losses: tuple[Loss, ...]


class GoogleRequestReader:
    """Converts calls to requests. Every method raises InvalidRequest for an invalid call."""

    def __init__(self, context: Context, voices: GoogleVoices) -> None:
        self._context = context
        self._voices = voices

    def whole(
        self, body: SynthesizeSpeechRequest, caller: GoogleCaller, losses: tuple[Loss, ...] = ()
    ) -> SpeechRequest:
        """The request of a whole call; ``losses`` are those from decoding it."""
        said = marked(body.input, self._context.max_input_chars, self._context.literal_format)
        setting = self.setting(
            body.voice, body.audio_config, body.input.custom_pronunciations, caller, streaming=False
        )
        if body.advanced_voice_options is not UNSET and body.advanced_voice_options:
            losses = (*losses, Loss("advanced_voice_options", "", "", "Segue does not support them"))
        if body.enable_time_pointing:
            losses = (*losses, Loss("timepoints", "at marks", "", "voices do not report the times of words"))
        return self.request(setting, said, losses)

    def setting(
        self,
        voice: VoiceSelectionParams,
        audio: AudioConfig,
        pronunciations: CustomPronunciations,
        caller: GoogleCaller,
        *,
        streaming: bool,
    ) -> CallSettings:
        """The settings of a call."""
        _refuse_own_voices(voice)
        delivery = delivery_of(audio, streaming=streaming)
        said, unread = pronunciations_of(pronunciations)
        model = (Loss("model_name", voice.model_name[:_MOST_SAID_CHARS], "", "the rollout chooses the model"),)
        return CallSettings(
            caller,
            self._context.identity.unit(caller.headers, None, None),
            self._character_key(voice, caller),
            language_of(voice),
            delivery,
            said,
            (*delivery.losses, *unread, *(model if voice.model_name else ())),
        )

    def request(self, setting: CallSettings, said: Marked, losses: tuple[Loss, ...] = ()) -> SpeechRequest:
        """The request for a text, which ``marked`` returned, with these settings."""
        caller = setting.caller
        return SpeechRequest(
            text=said.text,
            character_key=setting.character_key,
            unit=setting.unit,
            request_id=caller.request_id,
            dialect=DIALECT,
            audio_format=setting.delivery.audio_format,
            controls=_with_marks(setting.delivery.controls, said),
            pronunciations=setting.pronunciations,
            language=setting.language,
            timeout_s=self._timeout_s(caller.allowed_s),
            losses=(*losses, *setting.losses, *said.losses),
        )

    def _character_key(self, voice: VoiceSelectionParams, caller: GoogleCaller) -> str:
        """The character in the header, which may be an alias, otherwise the voice's character."""
        named = caller.headers.get(_CHARACTER_HEADER, b"").decode("latin-1")
        if not named:
            return self._voices.character_key(voice)
        return self._context.catalogue.character(named[:_MAX_KEY_CHARS]).key

    def _timeout_s(self, allowed_s: float | None) -> float:
        """The service's timeout, or the rest of the caller's if it is shorter.

        The caller's is rounded to steps, because equal concurrent requests share a synthesis only if their
        timeouts are equal.
        """
        longest_s = self._context.request_timeout_s
        if allowed_s is None or allowed_s >= longest_s:
            return longest_s
        steps = int(allowed_s * _TIMEOUT_STEPS_PER_S)
        return steps / _TIMEOUT_STEPS_PER_S if steps else max(allowed_s, _LEAST_TIMEOUT_S)


def _with_marks(controls: Controls, said: Marked) -> Controls:
    if not said.pauses and not said.spans:
        return controls
    return Controls(controls.pitch_semitones, controls.rate_ratio, controls.volume_ratio, said.pauses, said.spans)


def _refuse_own_voices(voice: VoiceSelectionParams) -> None:
    for field in ("custom_voice", "voice_clone", "multi_speaker_voice_config"):
        if getattr(voice, field) is not UNSET:
            raise InvalidRequest(f"{field} is not supported; use a voice of the catalogue", field=f"voice.{field}")
