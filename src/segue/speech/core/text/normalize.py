"""Normalizes text for speech: one spelling of each character, no invisible characters, no control characters."""

from __future__ import annotations

import re
import unicodedata

from segue.kernel.errors import InvalidRequest
from segue.speech.core.text.signs import plain_signs

MAX_TEXT_CHARS = 5000

_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0]"
)
MOST_MARKS = 30
"""The most accents on one letter: the bound of Unicode's stream-safe text format (UAX 15). No language has more.

Further ones are dropped. This is necessary, because sorting n accents takes n * n steps.
"""
_PILE = re.compile(rf"[^\w\x00-\u02ff]{{{MOST_MARKS + 1},}}")
_SPEAKABLE = re.compile(r"[^\W_]")


def normalize(text: str, *, max_chars: int = MAX_TEXT_CHARS) -> str:
    """The text in NFC, without invisible characters, and with single spaces.

    Characters that no engine reads (``Ⅳ``, ``①``) are replaced by plain forms. The result may be empty, or contain
    nothing that can be spoken: see :func:`is_speakable`.

    Raises:
        InvalidRequest: the text is too long, or contains control characters or lone surrogates.
    """
    _check_length(text, max_chars)
    if _is_plain(text):
        return text
    _refuse_forbidden(text)
    if not text.isascii():
        # Remove invisible characters first, because one may separate a letter from its accent.
        text = unpiled(one_spelling(unpiled(_INVISIBLE.sub("", text))))
        # Some characters become several.
        _check_length(text, max_chars, " after normalization (for example, Ⅷ becomes VIII)")
    return " ".join(text.split())


def spoken(text: str) -> str:
    """The normalized text, for text that must be audible.

    Raises:
        InvalidRequest: ``normalize`` refuses it, or nothing in it can be spoken.
    """
    text = normalize(text)
    if not is_speakable(text):
        raise InvalidRequest("text contains nothing that can be spoken", field="text")
    return text


def check_raw(text: str, max_chars: int) -> None:
    """Raises InvalidRequest for what ``normalize`` would refuse. For a text that is changed before that."""
    _check_length(text, max_chars)
    if not text.isprintable():
        _refuse_forbidden(text)


def one_spelling(text: str) -> str:
    """The result of ``normalize`` for visible characters."""
    return unicodedata.normalize("NFC", plain_signs(text))


def is_speakable(text: str, start: int = 0, end: int | None = None) -> bool:
    """Whether anything in this part of the text makes a sound."""
    return _SPEAKABLE.search(text, start, len(text) if end is None else end) is not None


def first_speakable(text: str, start: int) -> int:
    """The index of the first character from ``start`` on that makes a sound; -1 if there is none."""
    found = _SPEAKABLE.search(text, start)
    return -1 if found is None else found.start()


def is_invisible(sign: str) -> bool:
    """Whether ``normalize`` removes this character."""
    return _INVISIBLE.match(sign) is not None


def _check_length(text: str, max_chars: int, after: str = "") -> None:
    if len(text) > max_chars:
        raise InvalidRequest(f"text has {len(text)} characters{after}; the limit is {max_chars}", field="text")


def _is_plain(text: str) -> bool:
    """Whether there is nothing to do, which is true for most texts and cheap to check.

    Printable ASCII has no white space except spaces.
    """
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
            f"text contains the character U+{ord(found.group()):04X} at position {found.start()}, "
            "which cannot be spoken; remove it",
            field="text",
        )


def unpiled(text: str) -> str:
    """The text with at most ``MOST_MARKS`` accents on each letter."""
    return _PILE.sub(_without_piled_marks, text)


def _without_piled_marks(run: re.Match[str]) -> str:
    kept: list[str] = []
    in_a_row = 0
    for character in run.group():
        in_a_row = in_a_row + 1 if unicodedata.combining(character) else 0
        if in_a_row <= MOST_MARKS:
            kept.append(character)
    return "".join(kept)
