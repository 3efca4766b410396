"""``output_format``: a codec, its sample rate and, of those that have one, its bit rate."""

from __future__ import annotations

from typing import NamedTuple

from segue.core.errors import InvalidRequest
from segue.core.speech import AudioFormat, Container, Loss


class Output(NamedTuple):
    """The format, and what of it is not taken over."""

    audio_format: AudioFormat
    losses: tuple[Loss, ...] = ()


_SAMPLE_RATES_HZ = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_BIT_RATES_KBPS = {
    ("mp3", 22_050): (32,),
    ("mp3", 24_000): (48,),
    ("mp3", 44_100): (32, 64, 96, 128, 192),
    ("opus", 48_000): (32, 64, 96, 128, 192),
}
_PLAIN = {"pcm": Container.PCM, "wav": Container.WAV}
_TELEPHONE = {"ulaw_8000": Container.MULAW, "alaw_8000": Container.ALAW}


def _known() -> dict[str, Output]:
    plain = {
        f"{codec}_{rate_hz}": Output(AudioFormat(container, rate_hz))
        for codec, container in _PLAIN.items()
        for rate_hz in _SAMPLE_RATES_HZ
    }
    telephone = {name: Output(AudioFormat(container, 8000)) for name, container in _TELEPHONE.items()}
    coded = {
        f"{codec}_{rate_hz}_{kbps}": Output(AudioFormat(Container(codec), rate_hz), (_bit_rate(kbps),))
        for (codec, rate_hz), offered in _BIT_RATES_KBPS.items()
        for kbps in offered
    }
    return plain | telephone | coded


def _bit_rate(kbps: int) -> Loss:
    return Loss("bit_rate", f"{kbps} kb/s", "the service's own", "one bit rate serves all callers of a codec")


OUTPUTS = _known()
"""All that ElevenLabs names, by name."""

_USUAL = Output(AudioFormat(Container.MP3, 44_100))


def output(name: str | None) -> Output:
    """The format of that name; MP3 at 44.1 kHz where none is named.

    Raises:
        InvalidRequest: ElevenLabs has no such format.
    """
    if name is None:
        return _USUAL
    found = OUTPUTS.get(name)
    if found is None:
        raise InvalidRequest(
            f"unknown output_format {name[:64]!r}; known: {', '.join(OUTPUTS)}", field="output_format"
        )
    return found
