"""Estimates how long a text may take, so that audio of an implausible length can be detected.

Sources: speech rates by language (Pellegrino, Coupé, Marsico 2011, Language 87(3)), subtitling practice, published
limits for synthetic voices (5 to 25 Latin letters per second), and measurements of eSpeak NG and Piper. The bounds
are wide on purpose. They detect truncated, looping and missing speech, not slow voices.
"""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from segue.speech.core.speech import ResolvedRequest


class Bounds(NamedTuple):
    """Durations in seconds: the shortest and longest plausible one, and the longest usual one."""

    shortest_s: float
    longest_s: float
    usual_s: float


class _Pace(NamedTuple):
    """Seconds per item at the fastest plausible pace, at a slow but usual one, and at the slowest one."""

    fastest_s: float
    usual_s: float
    slowest_s: float


_IDEOGRAPH = re.compile(r"[々〇㐀-䶿一-鿿豈-龎\U00020000-\U0003ffff가-힣]")
_KANA = re.compile(r"[ぁ-ゖァ-ヺｦ-ﾝㄅ-ㄯ]")
_WORD = re.compile(r"[^\W\d_]+")
_SPELLED_WORD = re.compile(r"\b(?:[A-Za-z]|[A-Z]{2,5})\b")
_DIGIT = re.compile(r"\d")
_COUNTED_DIGIT = re.compile(r"[1-9１-９]")
_NUMBER = re.compile(r"\d+")
_ODD = re.compile(r"[^\w\s]|_")
_NAMED = frozenset("%&@#*/\\_")
_STOPS = re.compile(r"[.!?。！？…;；:：,，、—]+")

_PACES: dict[str, _Pace] = {
    "ideographs": _Pace(1 / 9, 1 / 3, 1 / 2),
    "kana": _Pace(1 / 14, 1 / 5, 1 / 3.5),
    "letters": _Pace(0.0, 1 / 9, 1 / 4),
    "read": _Pace(1 / 30, 0.0, 0.0),
    # Short words take longer than their letters suggest, and letters read one by one even longer.
    "words": _Pace(0.0, 0.1, 0.3),
    "spelled": _Pace(0.0, 0.3, 0.5),
    # A digit is a syllable or a whole word ("seven thousand"); a zero may be part of the previous word.
    "digits": _Pace(0.0, 0.6, 1.2),
    "counted": _Pace(1 / 9, 0.0, 0.0),
    # A sign is skipped, or read by its name: "percent", "underscore"; "black star", "grinning face".
    "signs": _Pace(0.0, 0.5, 1.2),
    "pictures": _Pace(0.0, 1.2, 2.5),
}

_LONGEST_WORD_CHARS = 40
"""If something longer is neither a word nor a number, engines drop the rest of it."""

_LONGEST_CHAR_S = max(pace.usual_s for pace in _PACES.values()) + 0.4
"""At the usual pace, no character with a stop after it usually takes longer than this."""

_SMALL_LETTER_S = _PACES["letters"].usual_s
_LONGEST_WORD_S = _PACES["words"].usual_s + _PACES["spelled"].usual_s
"""What a lower-case word adds to its letters: at most one letter, which is spelled."""

_WITHOUT_SMALL_LETTERS = dict.fromkeys(map(ord, "abcdefghijklmnopqrstuvwxyz "))

_SHORTEST_S = 0.08
_SHORT_TEXT_LONGEST_S = 6.0
_LEAD = _Pace(0.0, 0.5, 1.5)
"""Silence before and after the speech, for any text."""

_STOP = _Pace(0.0, 0.4, 1.2)
_CUT_OFF = 0.6
"""Below this part of the fastest plausible duration, something is missing."""


def plausible_duration(text: str, rate_ratio: float = 1.0) -> Bounds:
    """Bounds for the duration of ``text`` at ``rate_ratio`` times the usual pace."""
    fastest_s = usual_s = slowest_s = 0.0
    for kind, count in _counts(text).items():
        pace = _PACES[kind]
        fastest_s += count * pace.fastest_s
        usual_s += count * pace.usual_s
        slowest_s += count * pace.slowest_s
    stops = len(_STOPS.findall(text))
    pauses_stretch = min(rate_ratio, 1.0)  # slow voices have longer pauses, but fast ones hardly shorter ones
    return Bounds(
        max(_SHORTEST_S / max(rate_ratio, 1.0), _CUT_OFF * fastest_s / rate_ratio),
        max(
            _SHORT_TEXT_LONGEST_S,
            slowest_s / rate_ratio + (_LEAD.slowest_s + stops * _STOP.slowest_s) / pauses_stretch,
        ),
        usual_s / rate_ratio + (_LEAD.usual_s + stops * _STOP.usual_s) / pauses_stretch,
    )


def usual_length_s(resolved: ResolvedRequest) -> float:
    """The usual duration of the text in seconds, with pauses, at its rate or at the slowest rate in it."""
    manner = resolved.manner
    slowest = min((span.rate_ratio for span in manner.spans), default=1.0)
    rate_ratio = manner.rate_ratio * manner.stretch_ratio * min(slowest, 1.0)
    return plausible_duration(resolved.text, rate_ratio).usual_s + _pauses_s(resolved)


def is_longer_than(resolved: ResolvedRequest, longest_s: float) -> bool:
    """Whether the text usually takes longer than this. For most texts the answer takes almost no time."""
    manner = resolved.manner
    if not manner.spans and not manner.pauses:
        rate_ratio = manner.rate_ratio * manner.stretch_ratio
        if (len(resolved.text) + 1) * _LONGEST_CHAR_S <= longest_s * rate_ratio:
            return False
        if most_usual_s(resolved.text) <= longest_s * min(rate_ratio, 1.0):
            return False
    return usual_length_s(resolved) > longest_s


def most_usual_s(text: str) -> float:
    """An upper bound of the usual duration at the usual pace, in seconds, that is much faster to compute.

    All characters except lower-case letters and spaces count as the longest character.
    """
    others = len(text.translate(_WITHOUT_SMALL_LETTERS))
    blanks = text.count(" ")
    letters = len(text) - others - blanks
    return letters * _SMALL_LETTER_S + (blanks + others + 1) * _LONGEST_WORD_S + (others + 1) * _LONGEST_CHAR_S


def _pauses_s(resolved: ResolvedRequest) -> float:
    return sum(pause.length_ms for pause in resolved.manner.pauses) / 1000.0


def _counts(text: str) -> dict[str, int]:
    """The number of items to say, by kind. A digit or letter may count in two kinds."""
    signs = [sign for sign in _ODD.findall(text) if _is_named(sign)]
    words = _WORD.findall(_KANA.sub(" ", _IDEOGRAPH.sub(" ", text)))
    return {
        "ideographs": len(_IDEOGRAPH.findall(text)),
        "kana": len(_KANA.findall(text)),
        "letters": sum(map(len, words)),
        "read": sum(min(len(word), _LONGEST_WORD_CHARS) for word in words),
        "words": len(words),
        "spelled": sum(map(len, _SPELLED_WORD.findall(text))),
        "digits": len(_DIGIT.findall(text)),
        "counted": sum(_counted(number) for number in _NUMBER.findall(text)),
        "signs": sum(sign.isascii() for sign in signs),
        "pictures": sum(not sign.isascii() for sign in signs),
    }


def _counted(number: str) -> int:
    """The number of digits that must be heard. Engines drop the rest of a number that is too long."""
    return min(len(_COUNTED_DIGIT.findall(number)), _LONGEST_WORD_CHARS)


def _is_named(sign: str) -> bool:
    """Whether a voice may say the name of this sign instead of pausing."""
    return sign in _NAMED or unicodedata.category(sign).startswith("S")
