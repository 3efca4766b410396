"""Converts between Google's protobuf messages and the types that REST and gRPC share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from google.cloud import texttospeech_v1 as v1
from google.cloud import texttospeech_v1beta1 as v1beta1
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet
from msgspec import UNSET

from segue.api.google.delivery import NATURAL_RATE_HZ
from segue.api.google.wire import (
    AudioConfig,
    CustomPronunciationParams,
    CustomPronunciations,
    SynthesisInput,
    SynthesizeSpeechRequest,
    VoiceSelectionParams,
)
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Loss

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.api.google.voices import NamedVoice
    from segue.speech.core.speech import EncodedAudio

_SOURCES = ("text", "ssml", "markup")
_OWN_VOICES = ("custom_voice", "voice_clone", "multi_speaker_voice_config")
_OPTIONS = "advanced_voice_options"


class Version(NamedTuple):
    """One version of the API: its service's name and its plain protobuf messages, without proto-plus."""

    service: str
    synthesize: Any
    synthesized: Any
    list_voices: Any
    listed: Any
    stream: Any
    streamed: Any


def _version(name: str, module: Any) -> Version:
    return Version(
        f"google.cloud.texttospeech.{name}.TextToSpeech",
        module.SynthesizeSpeechRequest.pb(),
        module.SynthesizeSpeechResponse.pb(),
        module.ListVoicesRequest.pb(),
        module.ListVoicesResponse.pb(),
        module.StreamingSynthesizeRequest.pb(),
        module.StreamingSynthesizeResponse.pb(),
    )


VERSIONS = (_version("v1", v1), _version("v1beta1", v1beta1))


def parsed(kind: Any, data: bytes) -> Any:
    """The parsed message.

    Raises:
        InvalidRequest: the bytes cannot be parsed.
    """
    try:
        return kind.FromString(data)
    except DecodeError:
        raise InvalidRequest(f"the request cannot be parsed as {kind.DESCRIPTOR.full_name}") from None


def synthesis_request(message: Any) -> SynthesizeSpeechRequest:
    return SynthesizeSpeechRequest(
        spoken_input(message.input),
        voice_choice(message.voice),
        audio_config(message.audio_config),
        {"": True} if message.HasField(_OPTIONS) and message.advanced_voice_options.ByteSize() else UNSET,
        list(getattr(message, "enable_time_pointing", ())),
    )


def spoken_input(message: Any) -> SynthesisInput:
    """The input of a whole call, or of a stream's message, which has fewer fields."""
    source = message.WhichOneof("input_source")
    given: dict[str, Any] = {source: getattr(message, source)} if source in _SOURCES else {}
    if source == "multi_speaker_markup":
        given[source] = {}
    if "custom_pronunciations" in message.DESCRIPTOR.fields_by_name:
        given["custom_pronunciations"] = pronunciations(message.custom_pronunciations)
    return SynthesisInput(prompt=message.prompt, **given)


def pronunciations(message: Any) -> CustomPronunciations:
    return CustomPronunciations(
        [
            CustomPronunciationParams(item.phrase, item.phonetic_encoding, item.pronunciation)
            for item in message.pronunciations
        ]
    )


def voice_choice(message: Any) -> VoiceSelectionParams:
    own: dict[str, Any] = {name: {} for name in _OWN_VOICES if message.HasField(name)}
    return VoiceSelectionParams(
        language_code=message.language_code,
        name=message.name,
        ssml_gender=message.ssml_gender,
        model_name=message.model_name,
        **own,
    )


def audio_config(message: Any) -> AudioConfig:
    return AudioConfig(
        message.audio_encoding,
        message.speaking_rate,
        message.pitch,
        message.volume_gain_db,
        message.sample_rate_hertz,
        list(message.effects_profile_id),
    )


def streaming_audio_config(message: Any) -> AudioConfig:
    return AudioConfig(
        audio_encoding=message.audio_encoding,
        speaking_rate=message.speaking_rate,
        sample_rate_hertz=message.sample_rate_hertz,
    )


def unknown_fields(*messages: Any) -> tuple[Loss, ...]:
    """A loss for each message with unknown fields, which a newer client may have set."""
    return tuple(
        Loss("unknown_field", f"of {message.DESCRIPTOR.name}", "", "unknown to Segue")
        for message in messages
        if len(UnknownFieldSet(message))
    )


def synthesized(version: Version, request: Any, content: bytes, audio: EncodedAudio) -> bytes:
    """The response; in v1beta1 it contains the audio config that was applied."""
    answer = version.synthesized(audio_content=content)
    if "audio_config" in answer.DESCRIPTOR.fields_by_name:
        answer.audio_config.CopyFrom(request.audio_config)
        answer.audio_config.sample_rate_hertz = audio.rate_hz
    data: bytes = answer.SerializeToString()
    return data


def listed(version: Version, voices: Iterable[NamedVoice]) -> bytes:
    answer = version.listed()
    for named in voices:
        answer.voices.add(
            language_codes=named.languages,
            name=named.name,
            ssml_gender=int(named.gender),
            natural_sample_rate_hertz=NATURAL_RATE_HZ,
        )
    data: bytes = answer.SerializeToString()
    return data
