"""``output_format``: a codec, its sample rate and, for compressed formats, its bit rate."""

from __future__ import annotations

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import AudioFormat, Container

_SAMPLE_RATES_HZ = (8000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_BIT_RATES_KBPS = {
    ("mp3", 22_050): (32,),
    ("mp3", 24_000): (48,),
    ("mp3", 44_100): (32, 64, 96, 128, 192),
    ("opus", 48_000): (32, 64, 96, 128, 192),
}
_PLAIN = {"pcm": Container.PCM, "wav": Container.WAV}
_TELEPHONE = {"ulaw_8000": Container.MULAW, "alaw_8000": Container.ALAW}


def _known() -> dict[str, AudioFormat]:
    plain = {
        f"{codec}_{rate_hz}": AudioFormat(container, rate_hz)
        for codec, container in _PLAIN.items()
        for rate_hz in _SAMPLE_RATES_HZ
    }
    telephone = {name: AudioFormat(container, 8000) for name, container in _TELEPHONE.items()}
    coded = {
        f"{codec}_{rate_hz}_{kbps}": AudioFormat(Container(codec), rate_hz, kbps * 1000)
        for (codec, rate_hz), offered in _BIT_RATES_KBPS.items()
        for kbps in offered
    }
    return plain | telephone | coded


OUTPUTS = _known()
"""All of ElevenLabs' formats, by name."""

_USUAL = "mp3_44100_128"


def output(name: str | None) -> AudioFormat:
    """The format of that name, in any case; by default MP3 at 44.1 kHz and 128 kb/s.

    Raises:
        InvalidRequest: ElevenLabs has no such format.
    """
    found = OUTPUTS.get((name or _USUAL).strip().lower())
    if found is None:
        raise InvalidRequest(
            f"unknown output_format {(name or _USUAL)[:64]!r}; supported: {', '.join(OUTPUTS)}",
            field="output_format",
        )
    return found
