"""Texts with nothing to say, such as ``...``: the sign's name if the voice has one, else silence."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from segue.speech.core.speech import Loss
from segue.speech.core.text.normalize import is_speakable

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Capabilities
    from segue.speech.core.speech import Controls

LEAST_SILENCE_MS = 300
"""About the length of a pause at a full stop. Players do not treat it as an empty file."""

_MOST_NAMED_CHARS = 20


def may_sound(text: str) -> bool:
    """Whether any voice may say something for the text: a letter, a digit, or the name of a picture."""
    return is_speakable(text) or any(unicodedata.category(sign) == "So" for sign in text)


def silence_for(text: str, controls: Controls, can: Capabilities) -> int:
    """The milliseconds of silence that answer the text: as long as its pauses, if it has any.

    0: it must be spoken.
    """
    if is_speakable(text):
        return 0
    if not controls.pauses and not controls.spans and not can.named_alone.isdisjoint(text):
        return 0
    return max(LEAST_SILENCE_MS, sum(pause.length_ms for pause in controls.pauses))


def silence_loss(text: str, silence_ms: int) -> Loss:
    """The warning for the caller."""
    shown = text if len(text) <= _MOST_NAMED_CHARS else f"{text[:_MOST_NAMED_CHARS]}..."
    return Loss(
        "text", shown or "without visible characters", f"{silence_ms} ms of silence", "nothing in it can be spoken"
    )
