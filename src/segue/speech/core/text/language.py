"""Finds what is lost when a voice reads a text that does not quite match its language.

This can be the accent, signs that are ignored, or words that are truncated.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.speech.core.catalogue import primary_language
from segue.speech.core.speech import Loss
from segue.speech.core.text.graphemes import unspaced

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Capabilities, Voice

_PICTURES = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff☀-➿⬀-⯿⌚⌛⏩-⏺]")
_MOST_NAMED = 5

_LONG_WORD_FROM_CHARS = 41
_LONG_WORD = re.compile(rf"[^\W_]{{{_LONG_WORD_FROM_CHARS},}}")
"""No voice is known to truncate a shorter word or number."""

_REGION = re.compile(r"[a-z]{2}|\d{3}")


def is_unusual(text: str) -> bool:
    """Whether :func:`text_losses` could find anything for any voice. Fast, because it runs for every request."""
    if not _may_have_long_words(text):
        return not text.isascii() and _PICTURES.search(text) is not None
    return _LONG_WORD.search(text) is not None or _PICTURES.search(text) is not None


def _may_have_long_words(text: str) -> bool:
    """Much faster than looking for them."""
    return len(text) >= _LONG_WORD_FROM_CHARS and max(map(len, text.split()), default=0) >= _LONG_WORD_FROM_CHARS


def language_losses(text: str, wanted: str, voice: Voice) -> tuple[Loss, ...]:
    """What changes or is lost if ``voice`` reads ``text`` and the caller wants ``wanted`` (BCP 47)."""
    return (*accent_losses(wanted, voice), *text_losses(text, voice.capabilities))


def accent_losses(wanted: str, voice: Voice) -> tuple[Loss, ...]:
    """The loss if the voice has another region's accent. A voice of another language is not chosen here."""
    region = region_of(wanted)
    if not region or not voice.speaks(wanted) or region == region_of(voice.locale):
        return ()
    whose = "that of another region" if region_of(voice.locale) else "not specific to a region"
    return (Loss("language", wanted, voice.locale, f"the voice's accent is {whose}"),)


def text_losses(text: str, can: Capabilities) -> tuple[Loss, ...]:
    """The parts of the text that this voice is known not to say."""
    return (*_unsaid_pictures(text, can), *_unsaid_signs(text, can), *_cut_words(text, can))


def region_of(tag: str) -> str:
    """The region of a BCP 47 tag in lower case, or an empty string: ``tw`` for ``zh-Hant-TW`` and ``zh_TW``."""
    tag = tag.lower().replace("_", "-")
    for part in tag.split("-")[1:]:
        if len(part) == 1:
            return ""
        if _REGION.fullmatch(part):
            return "hk" if primary_language(tag) == "yue" else part
    return "hk" if primary_language(tag) == "yue" and tag != "yue" else ""


def _unsaid_pictures(text: str, can: Capabilities) -> tuple[Loss, ...]:
    if not can.skips_emoji or text.isascii():
        return ()
    found = tuple(dict.fromkeys(_PICTURES.findall(text)))
    if not found:
        return ()
    named = " ".join(found[:_MOST_NAMED]) + (" ..." if len(found) > _MOST_NAMED else "")
    return (Loss("emoji", named, "", "this voice says nothing for them"),)


def _unsaid_signs(text: str, can: Capabilities) -> tuple[Loss, ...]:
    if not can.skipped_signs or can.skipped_signs.isdisjoint(text):
        return ()
    found = tuple(dict.fromkeys(sign for sign in text if sign in can.skipped_signs))
    named = " ".join(found[:_MOST_NAMED]) + (" ..." if len(found) > _MOST_NAMED else "")
    return (Loss("sign", named, "", "this voice says nothing for them"),)


def _cut_words(text: str, can: Capabilities) -> tuple[Loss, ...]:
    if (can.max_word_chars is None and can.max_number_chars is None) or not _may_have_long_words(text):
        return ()
    losses = []
    for word in _LONG_WORD.findall(text):
        kind, most = ("number", can.max_number_chars) if word.isdigit() else ("word", can.max_word_chars)
        if most is not None and len(word) > most and not _is_unspaced(word):
            why = "this voice drops the rest"
            losses.append(Loss(kind, f"of {len(word)} characters", f"about the first {most}", why))
    return tuple(dict.fromkeys(losses))


def _is_unspaced(word: str) -> bool:
    """Whether this is a sequence of words in a script without spaces between words."""
    return unspaced(word[0]) and unspaced(word[-1])
