"""Text cleaned for speaking: one spelling of each character, no invisible ones, no control characters."""

from __future__ import annotations

import re
import unicodedata

from segue.core.errors import InvalidRequest
from segue.core.text.signs import plain_signs

MAX_TEXT_CHARS = 5000

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
_MOST_MARKS = 30
"""Accents piled on one letter: more than any language writes (the bound of Unicode's stream-safe text, UAX 15).

The others are dropped unheard, and must be: putting a row of n into one order takes n * n steps."""
_PILE = re.compile(rf"[^\w\x00-\u02ff]{{{_MOST_MARKS + 1},}}")
_SPEAKABLE = re.compile(r"[^\W_]")


def normalize(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """The text in NFC, invisible characters removed, runs of white space made one blank, and characters that no
    engine reads as they stand (``Ⅳ``, ``①``) written plainly.

    Raises:
        InvalidRequest: the text is empty, too long, holds control characters or lone surrogates, or nothing
            in it can be spoken.
    """
    _check_length(text, max_chars)
    if _is_plain(text):
        return text
    _refuse_forbidden(text)
    if not text.isascii():
        # What is invisible may stand between a letter and its accent, so it goes before the two are joined.
        text = _unpiled(one_spelling(_unpiled(_INVISIBLE.sub("", text))))
        _check_length(text, max_chars)  # a few characters become two or more
    text = " ".join(text.split())
    if not is_speakable(text):
        raise InvalidRequest("text holds nothing that can be spoken", field="text")
    return text


def one_spelling(text: str) -> str:
    """What ``normalize`` makes of visible characters."""
    return unicodedata.normalize("NFC", plain_signs(text))


def is_speakable(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether anything in the text, or in that part of it, makes a sound."""
    return _SPEAKABLE.search(text, start, len(text) if end is None else end) is not None


def is_invisible(sign: str) -> bool:
    """Whether ``normalize`` takes this character out."""
    return _INVISIBLE.match(sign) is not None


def _check_length(text: str, max_chars: int) -> None:
    if len(text) > max_chars:
        raise InvalidRequest(f"text has {len(text)} characters; the limit is {max_chars}", field="text")


def _is_plain(text: str) -> bool:
    """Nothing to do: as most texts are, and asking is cheap. ASCII that prints has no white space but blanks."""
    return (
        text.isascii()
        and text.isprintable()
        and "  " not in text
        and text[:1].isalnum()
        and not text.endswith(" ")
    )


def _refuse_forbidden(text: str) -> None:
    found = _FORBIDDEN.search(text)
    if found is not None:
        raise InvalidRequest(
            f"text holds the character U+{ord(found.group()):04X} at position {found.start()}, "
            "which cannot be spoken",
            field="text",
        )


def _unpiled(text: str) -> str:
    return _PILE.sub(_without_piled_marks, text)


def _without_piled_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    in_a_row = 0
    for character in run.group():
        in_a_row = in_a_row + 1 if unicodedata.combining(character) else 0
        if in_a_row <= _MOST_MARKS:
            kept.append(character)
    return "".join(kept)
