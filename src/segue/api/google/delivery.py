"""``audio_config``: format, rate, pitch and volume."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.api.google.enums import member
from segue.api.google.wire import AudioEncoding
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import NEUTRAL, AudioFormat, Container, Controls, Loss

if TYPE_CHECKING:
    from segue.api.google.wire import AudioConfig

NATURAL_RATE_HZ = 24_000
"""The default sample rate. Google's voices have it, and apps that play raw samples rely on it."""

_RATES_HZ = (8000, 48_000)
_SPEAKING_RATE = (0.25, 2.0)
_PITCH = (-20.0, 20.0)
_VOLUME_DB = (-96.0, 16.0)
_DB_PER_DECADE = 20.0
_MOST_SAID_CHARS = 100

_WHOLE = {
    AudioEncoding.LINEAR16: Container.WAV,
    AudioEncoding.MP3: Container.MP3,
    AudioEncoding.MP3_64_KBPS: Container.MP3,
    AudioEncoding.OGG_OPUS: Container.OPUS,
    AudioEncoding.MULAW: Container.MULAW,
    AudioEncoding.ALAW: Container.ALAW,
    AudioEncoding.PCM: Container.PCM,
}
_STREAMED = {
    AudioEncoding.AUDIO_ENCODING_UNSPECIFIED: Container.PCM,
    AudioEncoding.PCM: Container.PCM,
    AudioEncoding.ALAW: Container.ALAW,
    AudioEncoding.MULAW: Container.MULAW,
    AudioEncoding.OGG_OPUS: Container.OPUS,
}


class GoogleDelivery(NamedTuple):
    """``controls`` has no pauses and spans, because they come from the text."""

    audio_format: AudioFormat
    controls: Controls
    losses: tuple[Loss, ...]


def delivery_of(audio: AudioConfig, *, streaming: bool = False) -> GoogleDelivery:
    """The settings in an audio config.

    Raises:
        InvalidRequest: Google would refuse it, or the encoding is not supported.
    """
    encoding = member(AudioEncoding, audio.audio_encoding, "audio_config.audio_encoding")
    container = (_STREAMED if streaming else _WHOLE).get(encoding)
    if container is None:
        raise InvalidRequest(_unsupported(encoding, streaming=streaming), field="audio_config.audio_encoding")
    _check("speaking_rate", audio.speaking_rate or 1.0, _SPEAKING_RATE)
    _check("pitch", audio.pitch, _PITCH)
    _check("volume_gain_db", audio.volume_gain_db, _VOLUME_DB)
    rate_hz = audio.sample_rate_hertz or NATURAL_RATE_HZ
    _check("sample_rate_hertz", rate_hz, _RATES_HZ)
    volume = 10 ** (min(audio.volume_gain_db, 0.0) / _DB_PER_DECADE)
    controls = Controls(audio.pitch, audio.speaking_rate or 1.0, volume)
    return GoogleDelivery(
        AudioFormat(container, rate_hz),
        NEUTRAL if controls == NEUTRAL else controls,
        tuple(_lost(audio, encoding)),
    )


def _lost(audio: AudioConfig, encoding: AudioEncoding) -> list[Loss]:
    losses: list[Loss] = []
    if audio.volume_gain_db > 0:
        losses.append(Loss("volume", f"{audio.volume_gain_db:+g} dB", "+0 dB", "Segue does not amplify voices"))
    if audio.effects_profile_id:
        named = ", ".join(audio.effects_profile_id)[:_MOST_SAID_CHARS]
        losses.append(Loss("effects_profile", named, "", "Segue has no audio profiles"))
    if encoding is AudioEncoding.MP3_64_KBPS:
        losses.append(Loss("bit_rate", "64 kbit/s", "the service's own", "MP3 has a fixed bit rate"))
    return losses


def _check(field: str, value: float, within: tuple[float, float]) -> None:
    low, high = within
    if not low <= value <= high:  # also true for NaN
        raise InvalidRequest(
            f"{field} must be in the range [{low:g}, {high:g}], but is {str(value)[:_MOST_SAID_CHARS]}.",
            field=f"audio_config.{field}",
        )


def _unsupported(encoding: AudioEncoding, *, streaming: bool) -> str:
    known = ", ".join(item.name for item in (_STREAMED if streaming else _WHOLE) if item)
    where = "supported in streams" if streaming else "supported"
    return f"Unsupported audio encoding {encoding.name}; {where}: {known}"
