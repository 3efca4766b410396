"""How long a text may take to say, so that audio of an impossible length is known for what it is.

Anchors: reading rates by language (Pellegrino, Coupé, Marsico 2011, Language 87(3)), subtitle practice, published
limits for synthetic voices (5 to 25 Latin letters a second), and what eSpeak NG and Piper were measured to need.
The bounds are wide on purpose: they are to catch speech that was cut off, looped or never made, not a slow voice.
"""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple


class Bounds(NamedTuple):
    """Durations in seconds: the shortest and longest believable, and the longest that is usual."""

    shortest_s: float
    longest_s: float
    usual_s: float


class _Pace(NamedTuple):
    """Seconds for one of its kind: said as fast as can be, at the slow end of the usual, and drawn out."""

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
    # Short words take longer than their letters say, and letters read one by one longer still.
    "words": _Pace(0.0, 0.1, 0.3),
    "spelled": _Pace(0.0, 0.3, 0.5),
    # A digit is a syllable or a whole word ("seven thousand"); a zero may be said by the word before it.
    "digits": _Pace(0.0, 0.6, 1.2),
    "counted": _Pace(1 / 9, 0.0, 0.0),
    # A sign is passed over, or called by its name: "percent", "underscore"; "black star", "grinning face".
    "signs": _Pace(0.0, 0.5, 1.2),
    "pictures": _Pace(0.0, 1.2, 2.5),
}

_LONGEST_WORD_CHARS = 40
"""Of what is longer and neither word nor number, engines leave out the rest."""

_SHORTEST_S = 0.08
_SHORT_TEXT_LONGEST_S = 6.0
_LEAD = _Pace(0.0, 0.5, 1.5)
"""Silence before and after, whatever the text."""

_STOP = _Pace(0.0, 0.4, 1.2)
_CUT_OFF = 0.6
"""Below this part of the fastest believable reading, something is missing."""


def plausible_duration(text: str, rate_ratio: float = 1.0) -> Bounds:
    """Bounds for speech of ``text`` at ``rate_ratio`` times the usual pace."""
    fastest_s = usual_s = slowest_s = 0.0
    for kind, count in _counts(text).items():
        pace = _PACES[kind]
        fastest_s += count * pace.fastest_s
        usual_s += count * pace.usual_s
        slowest_s += count * pace.slowest_s
    stops = len(_STOPS.findall(text))
    pauses_stretch = min(rate_ratio, 1.0)  # slow voices pause longer, fast ones hardly shorter
    return Bounds(
        max(_SHORTEST_S / max(rate_ratio, 1.0), _CUT_OFF * fastest_s / rate_ratio),
        max(
            _SHORT_TEXT_LONGEST_S,
            slowest_s / rate_ratio + (_LEAD.slowest_s + stops * _STOP.slowest_s) / pauses_stretch,
        ),
        usual_s / rate_ratio + (_LEAD.usual_s + stops * _STOP.usual_s) / pauses_stretch,
    )


def _counts(text: str) -> dict[str, int]:
    """What there is to say, by kind; a digit and a letter may count in two."""
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
    """Digits that must be heard; of a number too long to be one, engines leave out the rest, as of a word."""
    return min(len(_COUNTED_DIGIT.findall(number)), _LONGEST_WORD_CHARS)


def _is_named(sign: str) -> bool:
    """Whether a voice may call this sign by its name rather than pause at it."""
    return sign in _NAMED or unicodedata.category(sign).startswith("S")
