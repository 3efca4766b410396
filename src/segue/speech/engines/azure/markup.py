"""Writes utterances as Azure's SSML: voice, style, language, prosody, and inside them text, breaks and phonemes.

The nesting of elements follows https://learn.microsoft.com/azure/ai-services/speech-service/
speech-synthesis-markup-structure (2024-09-24).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.speech.engines.ssml import element, stretches, written

if TYPE_CHECKING:
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.azure.options import AzurePreset
    from segue.speech.engines.ssml import Delivered, Stretch

_SPEECH = "http://www.w3.org/2001/10/synthesis"
_EXTENSIONS = "https://www.w3.org/2001/mstts"


class SpokenMarkup(NamedTuple):
    """Azure's ``voice``, which was made for ``locale``. ``language`` is another language that it must speak, or
    empty.
    """

    voice: str
    locale: str
    language: str = ""


def as_ssml(utterance: Utterance, spoken: SpokenMarkup, preset: AzurePreset) -> str:
    """The whole document. The text cannot open a tag."""
    content = "".join(_stretch(stretch, spoken.language, preset.volume) for stretch in stretches(utterance))
    style = _style(preset)
    if style:
        content = element("mstts:express-as", style, content)
    said = element("voice", {"name": spoken.voice}, content)
    namespaces = {"xmlns": _SPEECH, "xmlns:mstts": _EXTENSIONS} if style else {"xmlns": _SPEECH}
    return element("speak", {"version": "1.0", **namespaces, "xml:lang": spoken.locale}, said)


def _style(preset: AzurePreset) -> dict[str, str]:
    asked = {
        "style": preset.style,
        "styledegree": f"{preset.style_degree:g}" if preset.style_degree is not None else "",
        "role": preset.role,
    }
    return {name: value for name, value in asked.items() if value}


def _stretch(stretch: Stretch, language: str, volume: int | None) -> str:
    content = "".join(map(written, stretch.parts))
    prosody = _prosody(stretch.delivered, volume)
    if prosody:
        content = element("prosody", prosody, content)
    language = stretch.delivered.language or language
    return element("lang", {"xml:lang": language}, content) if language else content


def _prosody(delivered: Delivered, volume: int | None) -> dict[str, str]:
    asked = {}
    if delivered.rate_ratio != 1.0:
        asked["rate"] = f"{(delivered.rate_ratio - 1) * 100:+.2f}%"
    if delivered.pitch_semitones:
        asked["pitch"] = f"{delivered.pitch_semitones:+.2f}st"
    if volume is not None:
        asked["volume"] = str(volume)
    return asked
