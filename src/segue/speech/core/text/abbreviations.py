"""Full stops that do not end a sentence: after abbreviations, initials and numbers in lists."""

from __future__ import annotations

import re
from enum import IntEnum


class Stop(IntEnum):
    """What a mark ends, from nothing to certainly a sentence.

    ``LIKELY``: a sentence for a listener, but an engine may not recognize it: a wide semicolon, an ellipsis, a
    full stop before a lower-case letter.
    """

    NONE = 0
    CLAUSE = 1
    LIKELY = 2
    CERTAIN = 3


_BEFORE_NAMES = frozenset(
    (
        "mr mrs ms dr prof st rev gen col capt cpt maj lt sgt cmdr adm gov sen rep hon mt messrs "
        "vs ca cf viz approx al mme mlle mm hr fr sra srta dña bzw inkl evtl ggf ing dipl"
    ).split()
)
"""Never, or almost never, the last word of a sentence."""

_BEFORE_NUMBERS = frozenset(
    (
        "no nos nr fig figs vol vols p pp ch sec eq art tel ext apt ste rte rt bldg min max op núm § "
        "jan feb mar apr jun jul aug sep sept oct nov dec"
    ).split()
)
_MAY_END = frozenset(
    (
        "etc inc ltd co corp oz lb lbs jr sr bros dept est ave blvd rd esq jan feb mar apr jun jul aug sep "
        "sept oct nov dec mon tue tues wed thu thurs fri sat sun min max usw"
    ).split()
)
_STARTERS = frozenset(
    (
        "a an and are at but can did do does for from he her here his how i if in is it its my no not on or our "
        "she so some that the their then there these they this those to was we were what when where which who "
        "why will with yes you your der die das ein eine es er wir ich el la los las le les il elle"
    ).split()
)
"""Words that, with a capital letter, are almost always the first of a sentence."""

_LONGEST_CHARS = 16
_LONGEST_ITEM_DIGITS = 3
_IDEOGRAPHIC_FROM = "\u2e80"
_LETTER = r"[^\W\d_]"
_LAST_WORD = re.compile(rf"(?<!{_LETTER})(?<!{_LETTER}[.'’])(?:{_LETTER}|§)(?:[.'’]?{_LETTER})*\Z")
"""A match that began inside a word would end at the same place, so it is not tried there."""
_NEXT_WORD = re.compile(r"[^\W_]+")
_OPENERS = "\"'“‘«¿¡([「『（"


def full_stop(text: str, at: int, follows: int, sentence_from: int) -> Stop:
    """What the full stop at index ``at`` ends. The next word, if any, begins at ``follows``.

    ``sentence_from`` is the known start of the sentence. A number there is the number of an item in a list.
    """
    if follows >= len(text):
        return Stop.CERTAIN
    before = text[at - 1 : at]
    if before.isdigit():
        number = text[max(sentence_from, at - _LONGEST_CHARS) : at].lstrip()
        return Stop.NONE if number.isdigit() and len(number) <= _LONGEST_ITEM_DIGITS else Stop.CERTAIN
    if before >= _IDEOGRAPHIC_FROM:
        return Stop.CERTAIN
    last_word = text[max(sentence_from, at - _LONGEST_CHARS) : at].rpartition(" ")[2].lstrip(_OPENERS)
    found = _LAST_WORD.search(last_word)
    if found is None:
        return Stop.LIKELY if text[follows].islower() else Stop.CERTAIN
    return _after(found.group(), text, follows)


def _after(word: str, text: str, follows: int) -> Stop:
    lowered = word.lower()
    following = text[follows]
    if lowered in _BEFORE_NUMBERS and following.isdigit():
        return Stop.NONE
    if lowered in _BEFORE_NAMES:
        return Stop.NONE
    if "." in word or (len(word) == 1 and word.isupper()):
        return Stop.CERTAIN if _starts_sentence(text, follows) else Stop.NONE
    if lowered in _MAY_END:
        return _may_end(text, follows)
    return Stop.LIKELY if following.islower() else Stop.CERTAIN


def _may_end(text: str, follows: int) -> Stop:
    if _starts_sentence(text, follows):
        return Stop.CERTAIN
    return Stop.NONE if text[follows].islower() or text[follows] == "&" else Stop.LIKELY


def _starts_sentence(text: str, follows: int) -> bool:
    word = _NEXT_WORD.match(text, follows, follows + _LONGEST_CHARS)
    return word is not None and word.group()[0].isupper() and word.group().lower() in _STARTERS
