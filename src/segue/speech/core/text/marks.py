"""Pauses and spans in a text, which keep their places while the text is normalized."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Marked, Pause, Span
from segue.speech.core.text.graphemes import is_apart
from segue.speech.core.text.normalize import MAX_TEXT_CHARS, MOST_MARKS, is_invisible, normalize, unpiled
from segue.speech.core.text.signs import growth, plain_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAMED_PAUSES_MS = {"short": 300, "medium": 500, "long": 1000}
"""The lengths of the names for voices that do not define them, about the same as Chirp 3: HD's."""

LONGEST_PAUSE_MS = 60_000
LONGEST_SILENCE_MS = 300_000
MAX_MARKS = 1000


def settled(marked: Marked, *, max_chars: int = MAX_TEXT_CHARS, counted: bool = True) -> Marked:
    """The text after ``normalize``, with all marks moved accordingly and in order.

    Several pauses at one place become one with their total length. Empty spans are removed. APIs whose positions
    refer to the raw text (the native one) call this instead of ``normalize``. If marks are not ``counted``, they
    have been checked before (:func:`check_marks`).

    Raises:
        InvalidRequest: ``normalize`` refuses the text, or there are too many marks, or too much silence.
    """
    if counted:
        check_marks(marked)
    text = normalize(marked.text, max_chars=max_chars)
    if not marked.pauses and not marked.spans:
        return marked._replace(text=text)
    moved = _moves(marked.text, text, _positions(marked))
    pauses = [replace(pause, position=moved(pause.position)) for pause in marked.pauses]
    spans = [replace(span, start=moved(span.start), end=moved(span.end)) for span in marked.spans]
    return Marked(
        text,
        _joined(pauses),
        tuple(sorted((span for span in spans if span.start < span.end), key=_outermost_first)),
        marked.losses,
    )


def check_marks(marked: Marked) -> None:
    """Raises InvalidRequest if there are too many marks, or too much silence."""
    count = len(marked.pauses) + len(marked.spans)
    if count > MAX_MARKS:
        raise InvalidRequest(f"the text has {count} pauses and spans; the limit is {MAX_MARKS}", field="text")
    silence_ms = sum(pause.length_ms for pause in marked.pauses)
    if silence_ms > LONGEST_SILENCE_MS:
        raise InvalidRequest(
            f"the pauses are {silence_ms / 1000:g} s long together; the limit is {LONGEST_SILENCE_MS / 1000:g} s",
            field="text",
        )


def _positions(marked: Marked) -> Iterable[int]:
    yield from (pause.position for pause in marked.pauses)
    for span in marked.spans:
        yield from (span.start, span.end)


def _moves(raw: str, text: str, positions: Iterable[int]) -> Callable[[int], int]:
    if raw == text:
        return lambda position: min(position, len(text))
    places = _kept_before(raw)
    kept = _kept(raw)
    grown = growth(kept)
    plain = plain_signs(kept)
    raw_places = {position: grown.moved(places[min(position, len(raw))]) for position in set(positions)}
    composed = _lengths_composed(plain, sorted(set(raw_places.values())))
    return {position: min(composed[before], len(text)) for position, before in raw_places.items()}.__getitem__


def _lengths_composed(plain: str, places: list[int]) -> dict[int, int]:
    """The length in NFC of the text before each of these places, which are in order.

    It is computed in parts that are composed independently, so that the text is read only once for all places.
    """
    if unicodedata.is_normalized("NFC", plain):
        return {place: place for place in places}
    lengths = {}
    at = length = 0
    for place in places:
        apart = next(
            here for here in range(min(place, len(plain)), at - 1, -1) if here == at or is_apart(plain, here)
        )
        length += len(unicodedata.normalize("NFC", plain[at:apart]))
        at = apart
        lengths[place] = length + len(unicodedata.normalize("NFC", plain[at:place]))
    return lengths


def _kept_before(raw: str) -> list[int]:
    """For every index of the text, the number of characters before it that ``normalize`` keeps."""
    places, kept, blank, marks = [0], 0, True, 0
    for sign in raw:
        white = sign.isspace()
        if not is_invisible(sign):
            marks = marks + 1 if unicodedata.combining(sign) else 0
            if marks <= MOST_MARKS and not (white and blank):
                kept += 1
                blank = white
        places.append(kept)
    return places


def _kept(raw: str) -> str:
    visible = unpiled("".join(sign for sign in raw if not is_invisible(sign)))
    return " ".join(visible.split()) + (" " if visible[-1:].isspace() else "")


def _joined(pauses: list[Pause]) -> tuple[Pause, ...]:
    """A pause keeps its name only if it is alone at its place; several become one length."""
    ordered = sorted(pauses, key=_position)
    found = []
    for position, here in groupby(ordered, key=_position):
        together = list(here)
        name = together[0].name if len(together) == 1 else ""
        length_ms = min(sum(pause.length_ms for pause in together), LONGEST_PAUSE_MS)
        if length_ms:
            found.append(Pause(position, length_ms, name))
    return tuple(found)


def _position(pause: Pause) -> int:
    return pause.position


def _outermost_first(span: Span) -> tuple[int, int]:
    return span.start, -span.end
