"""Writes the tags that ElevenLabs supports into texts, and removes what only looks like a tag."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.sax.saxutils import quoteattr

from segue.speech.core.text.runs import pronounced

if TYPE_CHECKING:
    from segue.speech.core.speech import Utterance

_TAG = re.compile(r"<(?=[/A-Za-z!?])")
"""The beginning of a tag. A listener's text must not open one."""


def tagged(utterance: Utterance) -> str:
    """The text with its pronunciations as phoneme tags in IPA."""
    parts = []
    for run in pronounced(utterance.text, utterance.pronunciations):
        if run.said is None:
            parts.append(untagged(run.text))
        else:
            sounds = quoteattr(run.said.pronunciation)
            parts.append(f'<phoneme alphabet="ipa" ph={sounds}>{untagged(run.text)}</phoneme>')
    return "".join(parts)


def untagged(text: str) -> str:
    return _TAG.sub("< ", text)
