"""Handles parts of a text that a voice cannot read: transliterates them or leaves them out, and reports both."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.catalogue import primary_language
from segue.speech.core.speech import Loss
from segue.speech.core.text.graphemes import extends, unspaced
from segue.speech.core.text.lexicon import Entry, PhraseMatch
from segue.speech.core.text.romanise import look_alike, romanised
from segue.speech.core.text.runs import Shifts, respelled, shifts_of
from segue.speech.core.text.scripts import script_names, script_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from segue.speech.core.speech import Controls

_BLANK, _READ, _UNREAD, _JOINED, _SIGN = "brujs"
"""What a character is to the voice. ``_JOINED`` belongs to the letter before it, as an accent does."""

_UNREAD_RUN = re.compile(f"{_UNREAD}[{_UNREAD}{_JOINED}]*")
_WORD_OR_PICTURE = re.compile(f"[{_READ}{_JOINED}{_UNREAD}{_SIGN}]+")
_BETWEEN_READ = re.compile(f"[{_SIGN}{_UNREAD}{_JOINED}]+")

_ORDINARY = frozenset(".,;:!?'\"()[]{}<>-–—…/&+“”‘’«»‹›„「」『』（）《》〈〉【】。，、！？：；·・")
"""Signs that occur next to words. Emoticons use others as well: ``¯\\_(ツ)_/¯``."""
_FACE_SIGNS = 2
_PAIRS = frozenset(
    (
        "()",
        "[]",
        "{}",
        "<>",
        "“”",
        "‘’",
        "«»",
        "‹›",
        "„“",
        "「」",
        "『』",
        "（）",
        "《》",
        "〈〉",
        "【】",
        '""',
        "''",
    )
)
_STOPS = ".,;:!?…。，、！？：；"
_SEPARATORS = ",;:，、：；"
_SAID_IN_CHINESE = {"の": "的"}
"""Signs that writers of Chinese use for a word of their own."""
_CHINESE = ("cmn", "yue")

_MOST_NAMED = 5
_MOST_NAMED_CHARS = 40


class Reader(NamedTuple):
    """The scripts that a voice reads, and its language (BCP 47)."""

    scripts: frozenset[str]
    locale: str


class Readable(NamedTuple):
    """A text of which the voice can read every letter, with its marks, and the shifts of positions."""

    text: str
    controls: Controls
    losses: tuple[Loss, ...]
    shifts: Shifts


def readable(text: str, controls: Controls, reader: Reader, spoken: Iterable[tuple[int, int]] = ()) -> Readable:
    """The text in a form that the reader can say. Takes time linear in the text's length.

    ``spoken`` lists parts (start, end) that do not depend on their letters, such as those with a pronunciation.
    They do not overlap.
    """
    kinds = _kinds(text, reader.scripts, spoken)
    found = list(_replaced(text, kinds, reader))
    losses = _losses(found)
    plain, moved = respelled(text, controls, found)
    spans = tuple(span for span in moved.spans if span.start < span.end)
    if len(spans) < len(moved.spans):
        moved = replace(moved, spans=spans)
    return Readable(plain, moved, losses, shifts_of(found))


def is_drawn(text: str, scripts: frozenset[str]) -> bool:
    """Whether all letters outside these scripts belong to emoticons, so that no word is lost."""
    kinds = _kinds(text, scripts, ())
    parts = [part for part in _BETWEEN_READ.finditer(kinds) if _UNREAD in part.group()]
    return all(_is_face(text, kinds, part.span()) for part in parts)


def _kinds(text: str, scripts: frozenset[str], spoken: Iterable[tuple[int, int]]) -> str:
    kinds = [_kind(sign, scripts) for sign in text]
    if "Grek" not in scripts:
        for at in _lone_greek(text, kinds):
            kinds[at] = _READ
    for start, end in spoken:
        kinds[start:end] = [_READ] * (end - start)
    return "".join(kinds)


def _kind(sign: str, scripts: frozenset[str]) -> str:
    if sign.isspace():
        return _BLANK
    script = script_of(sign)
    if script:
        return _READ if script in scripts else _UNREAD
    if extends(sign) or (sign.isalpha() and not sign.isascii()):
        return _JOINED
    return _READ if sign.isalnum() else _SIGN


def _lone_greek(text: str, kinds: list[str]) -> Iterator[int]:
    """Single Greek letters, which voices read by name."""
    for at, kind in enumerate(kinds):
        if kind == _UNREAD and "Α" <= text[at] <= "ω" and script_of(text[at]) == "Grek":
            around = text[max(0, at - 1) : at] + text[at + 1 : at + 2]
            if not any(script_of(sign) == "Grek" for sign in around):
                yield at


def _replaced(text: str, kinds: str, reader: Reader) -> Iterator[PhraseMatch]:
    past = 0
    for word in _WORD_OR_PICTURE.finditer(kinds):
        if _UNREAD not in word.group():
            continue
        for start, end, said in _parts(text, kinds, word.span(), reader):
            first, last = (start, end) if said.strip() else _left_out(text, max(past, start), end, past)
            past = last
            yield PhraseMatch(first, last, Entry(text[start:end], say=said))


def _parts(text: str, kinds: str, word: tuple[int, int], reader: Reader) -> Iterator[tuple[int, int, str]]:
    """The parts of the word that are said differently, and how; empty or a space if a part is left out."""
    for part in _BETWEEN_READ.finditer(kinds, *word):
        if _is_face(text, kinds, part.span()):
            start, end = part.span()
            yield start, start + len(text[start:end].rstrip(_STOPS)), ""
            continue
        for run in _UNREAD_RUN.finditer(kinds, *part.span()):
            yield (*run.span(), _said(text, run.span(), reader))


def _said(text: str, run: tuple[int, int], reader: Reader) -> str:
    start, end = run
    written = text[start:end]
    if written in _SAID_IN_CHINESE and primary_language(reader.locale) in _CHINESE:
        return _SAID_IN_CHINESE[written]
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    beside_latin = any(script_of(sign) == "Latn" for sign in (before, after) if sign)
    if beside_latin and (alike := look_alike(written)) is not None:
        return alike
    said = romanised(written)
    if not said:
        return " " if _is_spaced(before) and _is_spaced(after) else ""
    if len(written) == 1 and not unspaced(written):
        return said
    return f"{' ' if _is_spaced(before) else ''}{said}{' ' if _is_spaced(after) else ''}"


def _is_spaced(sign: str) -> bool:
    """Whether another word directly before or after this letter or digit would merge with it."""
    return sign.isalnum() and not unspaced(sign)


def _is_face(text: str, kinds: str, part: tuple[int, int]) -> bool:
    """Whether letters are used for how they look: each alone, among signs that do not occur next to words."""
    start, end = part
    odd = sum(kinds[at] == _SIGN and text[at] not in _ORDINARY for at in range(start, end))
    letters = [at for at in range(start, end) if kinds[at] == _UNREAD]
    if not letters or odd < (1 if len(letters) > 1 else _FACE_SIGNS):
        return False
    pairs = (at for at in letters if at + 1 < end and kinds[at + 1] == _UNREAD)
    return not any(script_of(text[at]) == script_of(text[at + 1]) for at in pairs)


def _left_out(text: str, start: int, end: int, past: int) -> tuple[int, int]:
    """The range including brackets or quotes with no other content, and one of the spaces around it."""
    while start > past and text[start - 1] + text[end : end + 1] in _PAIRS:
        start, end = start - 1, end + 1
    if start == 0:
        while text[end : end + 1] and (text[end] in _SEPARATORS or text[end].isspace()):
            end += 1
    elif start > past and text[start - 1].isspace():
        after = text[end : end + 1]
        if not after or after.isspace() or after in _STOPS:
            start -= 1
    return start, end


def _losses(found: list[PhraseMatch]) -> tuple[Loss, ...]:
    said = {place.entry.phrase: place.entry.say.strip() for place in found if place.entry.say.strip()}
    left = tuple(dict.fromkeys(place.entry.phrase for place in found if not place.entry.say.strip()))
    losses = []
    if said:
        losses.append(Loss("script", _named(said), _named(said.values()), _why(said)))
    if left:
        losses.append(Loss("script", _named(left), "", _why(left)))
    return tuple(losses)


def _named(words: Iterable[str]) -> str:
    listed = tuple(words)
    shown = [word if len(word) <= _MOST_NAMED_CHARS else f"{word[:_MOST_NAMED_CHARS]}..." for word in listed]
    return ", ".join(shown[:_MOST_NAMED]) + (" ..." if len(listed) > _MOST_NAMED else "")


def _why(words: Iterable[str]) -> str:
    names = dict.fromkeys(name for word in words for name in script_names(word))
    return f"this voice cannot read {' or '.join(names)}"
