"""Replaces written forms with words while marks keep their places. Parts marked by authors stay unchanged."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.catalogue import primary_language
from segue.speech.core.text.lexicon import Entry, PhraseMatch
from segue.speech.core.text.runs import Shifts, respelled, shifts_of
from segue.speech.core.text.verbalize import english, mandarin
from segue.speech.core.text.verbalize.forms import find_forms
from segue.speech.core.text.verbalize.mandarin_words import is_simplified, simplified

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.speech.core.speech import Controls

LANGUAGES = ("en", "cmn")
"""The primary languages that have rules. Texts in other languages stay unchanged."""

MEANT_SIGNS = "°×÷±√∞≈≠≤≥<>^§¢$€£¥₹₩₽₿−‰½⅓⅔¼¾%+=→←"
"""Signs that stand for a word. A voice that skips one leaves out a word."""

_SAY_AS_FORMS = frozenset({"time", "fraction", "currency", "ordinal", "unit", "measure"})
"""The kinds of ``say-as`` text that the rules replace with words, so that voices do not need ``say-as`` for them.
"""

_ALWAYS = rf"[\d&#*{re.escape(MEANT_SIGNS)}′″²³⅐-⅞№@~～]"
_TITLES = "Mr|Mrs|Ms|Dr|St|Mt|Prof|Jr|Sr|vs|VS"
_SHORTENED = "[A-Z][a-z]{1,4}|approx|incl|excl|dept|avg|misc|eg|vs|VS"
_MAY_BE_FORM = re.compile(
    rf"{_ALWAYS}|[IVXLC]{{2}}|(?<![A-Za-z0-9])(?:(?:{_TITLES})(?![A-Za-z0-9])|(?:{_SHORTENED})\."
    rf"|[EeIi]\.[ge]\.|P(?=h\.D)"
    r"|World War|[A-Z][a-z]{3,8} V(?!\w)|[XVI] [Cc]entur|w/|c/o|[Gg]ov't|km/|m/s|(?:Mon|Tue|Wed|Thu|Fri"
    r"|Sat|Sun)[a-z]{0,3}\s?[-–])"
    r"|(?:Chapter|Part|Act|Scene|Volume|Book|Section|Article|Appendix|Phase|Type|Class|Level|Stage"
    r"|Title|Bowl|Category)s? [IV]"
)


class InWords(NamedTuple):
    """The text with its marks, and the shifts of positions."""

    text: str
    controls: Controls
    shifts: Shifts


def has_forms(text: str) -> bool:
    """Whether any language has a rule for something in the text, or a voice may skip a sign in it. Fast."""
    return _MAY_BE_FORM.search(text) is not None


def in_words(text: str, controls: Controls, locale: str, kept: Iterable[tuple[int, int]] = ()) -> InWords:
    """The text in a form that a voice of ``locale`` (BCP 47) reads correctly.

    Takes time linear in the text's length.

    ``kept`` parts (start, end) stay unchanged, such as those with a pronunciation. So do spans that are marked
    ``as_is``, and forms with a pause or the edge of a span inside.
    """
    language = primary_language(locale)
    if language not in LANGUAGES:
        return InWords(text, controls, Shifts())
    marked = [(span.start, span.end) for span in controls.spans if span.as_is or _says_how(span.say_as)]
    places = [pause.position for pause in controls.pauses]
    places += [place for span in controls.spans for place in (span.start, span.end)]
    found = _found(text, language, locale, [*kept, *marked], places)
    said, moved = respelled(text, controls, found)
    return InWords(said, moved, shifts_of(found))


def _says_how(say_as: str) -> bool:
    return bool(say_as) and say_as.partition(":")[0] not in _SAY_AS_FORMS


def _found(
    text: str, language: str, locale: str, kept: list[tuple[int, int]], places: list[int]
) -> list[PhraseMatch]:
    if language == "en":
        return find_forms(text, english.RULES, kept, places)
    text = _with_wide_marks(text)
    if not is_simplified(text, locale):
        return find_forms(text, mandarin.TRADITIONAL, kept, places)
    return [
        PhraseMatch(start, end, Entry(entry.phrase, say=simplified(entry.say)))
        for start, end, entry in find_forms(text, mandarin.SIMPLIFIED, kept, places)
    ]


_WIDE = {",": "，", ":": "："}
_HALF_WIDTH = re.compile(r"(?<=[\u2e80-\u9fff）)」』】》%])[,:](?=\S)|(?<=[^\d\s]),(?=[\d$-])")


def _with_wide_marks(text: str) -> str:
    """The text with the wide twins of commas and colons that cannot belong to a number, so that the rules do not
    take ``溫度:25°C`` for a ratio or ``元,2030年`` for one number. All characters keep their places.
    """
    if "," not in text and ":" not in text:
        return text
    return _HALF_WIDTH.sub(lambda mark: _WIDE[mark.group()], text)
