"""Marks in a text: pauses and spans, kept at their places while the text is cleaned for speaking."""

from __future__ import annotations

import unicodedata
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

from segue.core.errors import InvalidRequest
from segue.core.speech import Marked, Pause, Span
from segue.core.text.normalize import MAX_TEXT_CHARS, is_invisible, normalize
from segue.core.text.signs import growth, plain_signs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NAMED_PAUSES_MS = {"short": 300, "medium": 500, "long": 1000}
"""What the names last where a voice has no idea of its own: about as long as Chirp 3: HD's."""

LONGEST_PAUSE_MS = 60_000
LONGEST_SILENCE_MS = 300_000
MAX_MARKS = 1000


def settled(marked: Marked, *, max_chars: int = MAX_TEXT_CHARS) -> Marked:
    """The text as ``normalize`` leaves it, with every mark moved along and in order.

    Pauses at one place become one as long as all; spans of nothing go. Doors whose positions count the raw text
    (the native one) bring it here instead of to ``normalize``.

    Raises:
        InvalidRequest: the text cannot be spoken, or there are too many marks, or too much silence.
    """
    _check(marked)
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


def _check(marked: Marked) -> None:
    count = len(marked.pauses) + len(marked.spans)
    if count > MAX_MARKS:
        raise InvalidRequest(f"the text has {count} pauses and spans; the limit is {MAX_MARKS}", field="text")
    silence_ms = sum(pause.length_ms for pause in marked.pauses)
    if silence_ms > LONGEST_SILENCE_MS:
        raise InvalidRequest(
            f"the pauses last {silence_ms / 1000:g} s together; the limit is {LONGEST_SILENCE_MS / 1000:g} s",
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
    composed = unicodedata.is_normalized("NFC", plain)
    moved = {}
    for position in set(positions):
        before = grown.moved(places[min(position, len(raw))])
        # Where letters and accents were joined, a place is as far on as what stands before it is long.
        moved[position] = min(before if composed else len(unicodedata.normalize("NFC", plain[:before])), len(text))
    return moved.__getitem__


def _kept_before(raw: str) -> list[int]:
    """For every place of the text, how many characters before it ``normalize`` keeps."""
    places, kept, blank = [0], 0, True
    for sign in raw:
        white = sign.isspace()
        if not is_invisible(sign) and not (white and blank):
            kept += 1
            blank = white
        places.append(kept)
    return places


def _kept(raw: str) -> str:
    visible = "".join(sign for sign in raw if not is_invisible(sign))
    return " ".join(visible.split()) + (" " if visible[-1:].isspace() else "")


def _joined(pauses: list[Pause]) -> tuple[Pause, ...]:
    """Named only where a single pause stands: two together are a length."""
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
