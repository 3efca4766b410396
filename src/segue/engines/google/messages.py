"""Utterances as Google's requests, and its answers as samples."""

from __future__ import annotations

import io
import wave
from typing import TYPE_CHECKING, Any

from google.cloud import texttospeech_v1 as google

from segue.core.errors import BadAudio, Unsupported
from segue.core.speech import Pcm, PhoneticAlphabet
from segue.engines.google.markup import as_ssml, with_pause_tags

if TYPE_CHECKING:
    from segue.core.catalogue import Voice
    from segue.core.speech import Utterance

STREAM_RATE_HZ = 24_000
_SAMPLE_BYTES = 2

_ENCODINGS = {
    PhoneticAlphabet.IPA: google.CustomPronunciationParams.PhoneticEncoding.PHONETIC_ENCODING_IPA,
    PhoneticAlphabet.X_SAMPA: google.CustomPronunciationParams.PhoneticEncoding.PHONETIC_ENCODING_X_SAMPA,
}


def whole_request(utterance: Utterance, voice: Voice) -> google.SynthesizeSpeechRequest:
    """One request, one answer.

    Raises:
        Unsupported: the utterance asks for what the voice cannot do.
    """
    audio = {"audio_encoding": google.AudioEncoding.LINEAR16, **_delivery(utterance, voice)}
    spoken = _spoken(utterance, voice)
    return google.SynthesizeSpeechRequest(input=spoken, voice=_selection(voice), audio_config=audio)


def stream_requests(utterance: Utterance, voice: Voice) -> list[google.StreamingSynthesizeRequest]:
    """The configuration, then the text: made before the call, for what fails during one looks like its end.

    Raises:
        Unsupported: the utterance asks for what the voice cannot do.
    """
    audio = {
        "audio_encoding": google.AudioEncoding.PCM,
        "sample_rate_hertz": STREAM_RATE_HZ,
        **_delivery(utterance, voice),
    }
    config: dict[str, Any] = {
        "voice": _selection(voice),
        "streaming_audio_config": audio,
    }
    spoken = _spoken(utterance, voice)
    if "custom_pronunciations" in spoken:
        config["custom_pronunciations"] = spoken.pop("custom_pronunciations")
    return [
        google.StreamingSynthesizeRequest(streaming_config=config),
        google.StreamingSynthesizeRequest(input=spoken),
    ]


def unwrapped(content: bytes) -> Pcm:
    """The samples of a WAV file, wherever in it they start; an empty answer is empty audio.

    Raises:
        BadAudio: it is no WAV file of mono samples of 16 bits.
    """
    if not content:
        return Pcm(b"", STREAM_RATE_HZ)
    try:
        with wave.open(io.BytesIO(content)) as file:
            shape = (file.getnchannels(), file.getsampwidth())
            samples = file.readframes(file.getnframes())
            rate_hz = file.getframerate()
    except (wave.Error, EOFError) as error:
        raise BadAudio(f"Google's answer is no WAV file: {error}") from error
    if shape != (1, _SAMPLE_BYTES):
        raise BadAudio("Google's answer is not mono of 16 bits: channels {}, bytes {}".format(*shape))
    return Pcm(samples[: whole_samples(samples)], rate_hz)


def whole_samples(data: bytes) -> int:
    """How many of the bytes make up whole samples."""
    return len(data) - len(data) % _SAMPLE_BYTES


def _selection(voice: Voice) -> dict[str, str]:
    """Never ``model_name``: it belongs to Gemini voices, and makes Chirp refuse."""
    return {"name": voice.name, "language_code": voice.locale}


def _delivery(utterance: Utterance, voice: Voice) -> dict[str, float]:
    """Neutral values are left out: Chirp has refused pitch even where it was zero."""
    said: dict[str, float] = {}
    if utterance.rate_ratio != 1.0:
        said["speaking_rate"] = utterance.rate_ratio
    if utterance.pitch_semitones != 0.0:
        if voice.capabilities.pitch_semitones is None:
            raise Unsupported(f"{voice.name} takes no pitch")
        said["pitch"] = utterance.pitch_semitones
    return said


def _spoken(utterance: Utterance, voice: Voice) -> dict[str, Any]:
    """The input: plain text wherever that says all."""
    can = voice.capabilities
    _refuse_strange(utterance, voice)
    if can.exact_pauses:
        if utterance.pauses or utterance.spans or utterance.pronunciations:
            return {"ssml": as_ssml(utterance)}
        return {"text": utterance.text}
    if not utterance.pauses:
        return {"text": utterance.text, **_pronunciations(utterance)}
    return {"markup": with_pause_tags(utterance), **_pronunciations(utterance)}


def _refuse_strange(utterance: Utterance, voice: Voice) -> None:
    can = voice.capabilities
    strange = {said.alphabet for said in utterance.pronunciations} - can.alphabets
    if strange:
        raise Unsupported(f"{voice.name} does not read pronunciations in {', '.join(sorted(strange))}")
    if utterance.spans and not can.spans:
        raise Unsupported(f"{voice.name} takes no spans")
    if can.exact_pauses or not utterance.pauses:
        return
    if not can.named_pauses or not all(pause.name for pause in utterance.pauses):
        raise Unsupported(f"{voice.name} takes no pauses of a given length")


def _pronunciations(utterance: Utterance) -> dict[str, Any]:
    if not utterance.pronunciations:
        return {}
    params = [
        {
            "phrase": said.phrase,
            "pronunciation": said.pronunciation,
            "phonetic_encoding": _ENCODINGS[said.alphabet],
        }
        for said in utterance.pronunciations
    ]
    return {"custom_pronunciations": {"pronunciations": params}}
