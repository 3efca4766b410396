"""A call as Segue's own request."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import UNSET

from segue.api.google.delivery import delivery_of
from segue.api.google.spoken import marked, pronunciations_of
from segue.api.google.voices import language_of
from segue.core.errors import InvalidRequest
from segue.core.speech import Controls, Loss, SpeechRequest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.api.context import Context
    from segue.api.google.delivery import Delivery
    from segue.api.google.voices import Voices
    from segue.api.google.wire import (
        AudioConfig,
        CustomPronunciations,
        SynthesizeSpeechRequest,
        VoiceSelectionParams,
    )
    from segue.core.speech import Marked, Pronunciation, Unit

DIALECT = "google"
_CHARACTER_HEADER = b"x-segue-character"
_MOST_SAID_CHARS = 64
_MAX_KEY_CHARS = 128
_TIMEOUT_STEPS_PER_S = 4
_LEAST_TIMEOUT_S = 0.05


class Caller(NamedTuple):
    """Who asks. ``headers`` are a request's headers or a call's metadata, by lower-case name; ``allowed_s`` is
    how long they wait, None where they did not say.
    """

    headers: Mapping[bytes, bytes]
    request_id: str
    allowed_s: float | None = None


class Setting(NamedTuple):
    """All of a call but its text: what the messages of a stream share."""

    caller: Caller
    unit: Unit
    character_key: str
    language: str | None
    delivery: Delivery
    pronunciations: tuple[Pronunciation, ...]
    losses: tuple[Loss, ...]


class Reader:
    """Understands calls. Every method raises InvalidRequest for what no arm could answer."""

    def __init__(self, context: Context, voices: Voices) -> None:
        self._context = context
        self._voices = voices

    def whole(self, body: SynthesizeSpeechRequest, caller: Caller, losses: tuple[Loss, ...] = ()) -> SpeechRequest:
        """``losses``: what was lost before, on reading it."""
        said = marked(body.input, self._context.max_input_chars)
        setting = self.setting(
            body.voice, body.audio_config, body.input.custom_pronunciations, caller, streaming=False
        )
        if body.advanced_voice_options is not UNSET and body.advanced_voice_options:
            losses = (*losses, Loss("advanced_voice_options", "", "", "Segue has none"))
        if body.enable_time_pointing:
            losses = (*losses, Loss("timepoints", "at marks", "", "voices do not tell when they say what"))
        return self.request(setting, said, losses)

    def setting(
        self,
        voice: VoiceSelectionParams,
        audio: AudioConfig,
        pronunciations: CustomPronunciations,
        caller: Caller,
        *,
        streaming: bool,
    ) -> Setting:
        """What a call asks for besides its text."""
        _refuse_own_voices(voice)
        delivery = delivery_of(audio, streaming=streaming)
        said, unread = pronunciations_of(pronunciations)
        model = (Loss("model_name", voice.model_name[:_MOST_SAID_CHARS], "", "the rollout decides on the model"),)
        return Setting(
            caller,
            self._context.identity.unit(caller.headers, None, None),
            self._character_key(voice, caller),
            language_of(voice),
            delivery,
            said,
            (*delivery.losses, *unread, *(model if voice.model_name else ())),
        )

    def request(self, setting: Setting, said: Marked, losses: tuple[Loss, ...] = ()) -> SpeechRequest:
        """A text, as ``marked`` gives it, in that setting."""
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

    def _character_key(self, voice: VoiceSelectionParams, caller: Caller) -> str:
        """The header's, which may be an alias too, else the voice's."""
        named = caller.headers.get(_CHARACTER_HEADER, b"").decode("latin-1")
        if not named:
            return self._voices.character_key(voice)
        return self._context.catalogue.character(named[:_MAX_KEY_CHARS]).key

    def _timeout_s(self, allowed_s: float | None) -> float:
        """The service's own, or what is left of the caller's, in steps: those who ask the same at about the same
        time share one synthesis only where they wait equally long.
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
            raise InvalidRequest(
                f"{field} is not supported: name a voice of the catalogue", field=f"voice.{field}"
            )
