"""Converts utterances to Google's requests, and its responses to samples."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from google.cloud import texttospeech_v1 as google

from segue.kernel.errors import BadAudio, Unsupported
from segue.speech.core.speech import Pcm, PhoneticAlphabet
from segue.speech.engines.google.markup import as_ssml, with_pause_tags
from segue.speech.engines.wav_reader import WavReader

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Voice
    from segue.speech.core.speech import Utterance

STREAM_RATE_HZ = 24_000
_SAMPLE_BYTES = 2

_ENCODINGS = {
    PhoneticAlphabet.IPA: google.CustomPronunciationParams.PhoneticEncoding.PHONETIC_ENCODING_IPA,
    PhoneticAlphabet.X_SAMPA: google.CustomPronunciationParams.PhoneticEncoding.PHONETIC_ENCODING_X_SAMPA,
}


def whole_request(utterance: Utterance, voice: Voice) -> google.SynthesizeSpeechRequest:
    """One request with one response.

    Raises:
        Unsupported: the utterance needs something that the voice does not support.
    """
    audio = {"audio_encoding": google.AudioEncoding.LINEAR16, **_delivery(utterance, voice)}
    spoken = _spoken(utterance, voice)
    return google.SynthesizeSpeechRequest(input=spoken, voice=_selection(voice), audio_config=audio)


def stream_requests(utterance: Utterance, voice: Voice) -> list[google.StreamingSynthesizeRequest]:
    """The configuration, then the text. They are created before the call, because an error during one looks like
    its end.

    Raises:
        Unsupported: the utterance needs something that the voice does not support.
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
        BadAudio: it is not a WAV file, or it is incomplete.
    """
    if not content:
        return Pcm(b"", STREAM_RATE_HZ)
    reader = WavReader("Google", len(content))
    try:
        sound = reader.fed(content)
        reader.end()
    except BadAudio as error:
        raise BadAudio(f"Google's answer cannot be read: {error}", findings=error.findings) from error
    assert sound is not None, "it has begun, or else it has not ended well"
    return sound


def whole_samples(data: bytes) -> int:
    """The number of bytes that make up whole samples."""
    return len(data) - len(data) % _SAMPLE_BYTES


def _selection(voice: Voice) -> dict[str, str]:
    """The voice. Never with ``model_name``, which is for Gemini voices and makes Chirp refuse."""
    return {"name": voice.name, "language_code": voice.locale}


def _delivery(utterance: Utterance, voice: Voice) -> dict[str, float]:
    """The settings. Neutral values are left out, because Chirp has refused a pitch of zero."""
    said: dict[str, float] = {}
    if utterance.rate_ratio != 1.0:
        said["speaking_rate"] = utterance.rate_ratio
    if utterance.pitch_semitones != 0.0:
        if voice.capabilities.pitch_semitones is None:
            raise Unsupported(f"{voice.name} does not support pitch")
        said["pitch"] = utterance.pitch_semitones
    return said


def _spoken(utterance: Utterance, voice: Voice) -> dict[str, Any]:
    """The input, as plain text if that is sufficient."""
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
        raise Unsupported(f"{voice.name} does not support settings for parts of a text (such as emphasis or rate)")
    if can.exact_pauses or not utterance.pauses:
        return
    if not can.named_pauses or not all(pause.name for pause in utterance.pauses):
        raise Unsupported(f"{voice.name} does not support pauses of a given length")


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
