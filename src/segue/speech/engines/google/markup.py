"""Writes marked texts in Google's formats: SSML for the classic families, pause tags for Chirp 3: HD."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from segue.speech.engines.ssml import element, stretches, written

if TYPE_CHECKING:
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.ssml import Delivered, Stretch

_TAGS = {"short": "[pause short]", "medium": "[pause]", "long": "[pause long]"}
_SPOKEN_TAG = "[pause"
_BROKEN_TAG = "[ pause"


def as_ssml(utterance: Utterance) -> str:
    """The utterance with its pauses, spans and pronunciations as an SSML document; the text can hold no tag.

    Its own rate and pitch are left out: they go beside the document.
    """
    marked = stretches(replace(utterance, rate_ratio=1.0, pitch_semitones=0.0))
    parts = []
    for prosody, alike in groupby(marked, key=lambda stretch: _prosody(stretch.delivered)):
        content = "".join(map(_stretch, alike))
        parts.append(element("prosody", prosody, content) if prosody else content)
    return element("speak", {}, "".join(parts))


def with_pause_tags(utterance: Utterance) -> str:
    """The text with tags for its named pauses. Brackets in the text itself are not pauses."""
    parts = []
    at = 0
    for pause in utterance.pauses:
        parts += [utterance.text[at : pause.position].replace(_SPOKEN_TAG, _BROKEN_TAG), f"{_TAGS[pause.name]} "]
        at = pause.position
    parts.append(utterance.text[at:].replace(_SPOKEN_TAG, _BROKEN_TAG))
    return "".join(parts)


def _stretch(stretch: Stretch) -> str:
    content = "".join(map(written, stretch.parts))
    delivered = stretch.delivered
    if delivered.emphasis:
        content = element("emphasis", {"level": delivered.emphasis}, content)
    return element("lang", {"xml:lang": delivered.language}, content) if delivered.language else content


def _prosody(delivered: Delivered) -> dict[str, str]:
    asked = {}
    if delivered.rate_ratio != 1.0:
        asked["rate"] = f"{delivered.rate_ratio * 100:.0f}%"
    if delivered.pitch_semitones != 0.0:
        asked["pitch"] = f"{delivered.pitch_semitones:+.2f}st"
    if delivered.volume_ratio <= 0.0:
        asked["volume"] = "silent"
    elif delivered.volume_ratio != 1.0:
        asked["volume"] = f"{20 * math.log10(delivered.volume_ratio):+.1f}dB"
    return asked
