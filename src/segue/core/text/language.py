"""What a voice makes of a text that is not quite its language: an accent, signs passed over, words cut off."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.core.catalogue import primary_language
from segue.core.speech import Loss
from segue.core.text.graphemes import unspaced

if TYPE_CHECKING:
    from segue.core.catalogue import Capabilities, Voice

_PICTURES = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff☀-➿⬀-⯿⌚⌛⏩-⏺]")
_MOST_NAMED = 5

_LONG_WORD_FROM_CHARS = 41
_LONG_WORD = re.compile(rf"[^\W_]{{{_LONG_WORD_FROM_CHARS},}}")
"""No shorter word or number is known to be cut off by any voice."""

_REGION = re.compile(r"[a-z]{2}|\d{3}")


def is_unusual(text: str) -> bool:
    """Whether :func:`text_losses` could find anything, whatever the voice. Quick, as every request asks it."""
    if len(text) < _LONG_WORD_FROM_CHARS or max(map(len, text.split())) < _LONG_WORD_FROM_CHARS:
        return not text.isascii() and _PICTURES.search(text) is not None
    return _LONG_WORD.search(text) is not None or _PICTURES.search(text) is not None


def language_losses(text: str, wanted: str, voice: Voice) -> tuple[Loss, ...]:
    """What changes or goes missing where ``voice`` reads ``text`` to one who wants it in ``wanted`` (BCP 47)."""
    return (*accent_losses(wanted, voice), *text_losses(text, voice.capabilities))


def accent_losses(wanted: str, voice: Voice) -> tuple[Loss, ...]:
    """The same language as it is spoken elsewhere; a voice of another language is not what was chosen by this."""
    region = region_of(wanted)
    if not region or not voice.speaks(wanted) or region == region_of(voice.locale):
        return ()
    whose = "another region's" if region_of(voice.locale) else "no region's in particular"
    return (Loss("language", wanted, voice.locale, f"the voice's accent is {whose}"),)


def text_losses(text: str, can: Capabilities) -> tuple[Loss, ...]:
    """What this voice is known to leave unsaid of the text."""
    return (*_unsaid_pictures(text, can), *_cut_words(text, can))


def region_of(tag: str) -> str:
    """The region of a BCP 47 tag in small letters, or nothing: ``tw`` of ``zh-Hant-TW``."""
    for part in tag.lower().split("-")[1:]:
        if len(part) == 1:
            return ""
        if _REGION.fullmatch(part):
            return "hk" if primary_language(tag) == "yue" else part
    return "hk" if primary_language(tag) == "yue" and tag.lower() != "yue" else ""


def _unsaid_pictures(text: str, can: Capabilities) -> tuple[Loss, ...]:
    if not can.skips_emoji or text.isascii():
        return ()
    found = tuple(dict.fromkeys(_PICTURES.findall(text)))
    if not found:
        return ()
    named = " ".join(found[:_MOST_NAMED]) + (" ..." if len(found) > _MOST_NAMED else "")
    return (Loss("emoji", named, "", "this voice passes over them"),)


def _cut_words(text: str, can: Capabilities) -> tuple[Loss, ...]:
    if can.max_word_chars is None and can.max_number_chars is None:
        return ()
    losses = []
    for word in _LONG_WORD.findall(text):
        kind, most = ("number", can.max_number_chars) if word.isdigit() else ("word", can.max_word_chars)
        if most is not None and len(word) > most and not _is_unspaced(word):
            why = "this voice leaves out the rest"
            losses.append(Loss(kind, f"of {len(word)} characters", f"about the first {most}", why))
    return tuple(dict.fromkeys(losses))


def _is_unspaced(word: str) -> bool:
    """Whether this is many words, of a script that puts no blanks between them."""
    return unspaced(word[0]) and unspaced(word[-1])
