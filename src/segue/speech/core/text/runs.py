"""Splits a text where its pronunciation changes, and replaces phrases while marks keep their places."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.speech import Controls, Span
from segue.speech.core.text.lexicon import Entry, Lexicon

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.speech.core.speech import Pronunciation, SpeechRequest
    from segue.speech.core.text.lexicon import PhraseMatch


class Run(NamedTuple):
    """Part of a text, and its pronunciation if it has one."""

    text: str
    said: Pronunciation | None = None


def pronounced(
    text: str, pronunciations: tuple[Pronunciation, ...], spans: tuple[Span, ...] = ()
) -> tuple[Run, ...]:
    """The whole text in runs. A span's pronunciation takes precedence over one by phrase."""
    placed = {(span.start, span.end): span.pronunciation for span in spans if span.pronunciation is not None}
    if pronunciations:
        marked = sorted(placed)
        ends = list(accumulate((end for _, end in marked), max))
        for start, end, entry in _by_phrase(pronunciations).find(text, ""):
            before = bisect_left(marked, (end,))
            if entry.pronunciation is not None and not (before and start < ends[before - 1]):
                placed[start, end] = entry.pronunciation
    runs: list[Run] = []
    at = 0
    for (start, end), said in sorted(placed.items()):
        if start < at:
            continue
        if at < start:
            runs.append(Run(text[at:start]))
        runs.append(Run(text[start:end], said))
        at = end
    if at < len(text):
        runs.append(Run(text[at:]))
    return tuple(runs)


@lru_cache(16)
def _by_phrase(pronunciations: tuple[Pronunciation, ...]) -> Lexicon:
    """Cached, because a long text has many lines with the same pronunciations."""
    return Lexicon(Entry(said.phrase, said) for said in pronunciations)


class Shift(NamedTuple):
    """A part of a text (``start``, ``end``) that was replaced. After it, the text is ``grown`` longer."""

    start: int
    end: int
    grown: int


class Shifts(tuple[Shift, ...]):
    """Converts positions between a text and the text that was made from it. In text order."""

    __slots__ = ()

    def forward(self, position: int) -> int:
        """The position in the new text. A position inside a replaced part moves to the end of the replacement."""
        past = bisect_left(self, (position,))
        if not past:
            return position
        _, end, grown = self[past - 1]
        return max(position, end) + grown

    def back(self, position: int) -> int:
        """The position in the old text.

        A position inside a replacement moves to the beginning of the replaced part.
        """
        past = bisect_right(self, position, key=lambda shift: shift.end + shift.grown)
        before = position - (self[past - 1].grown if past else 0)
        return min(before, self[past].start) if past < len(self) else before


def shifts_of(found: Sequence[PhraseMatch]) -> Shifts:
    """The effect of :func:`respelled` on positions."""
    grown = accumulate(len(entry.say) - (end - start) for start, end, entry in found)
    return Shifts(Shift(place.start, place.end, more) for place, more in zip(found, grown, strict=True))


def respelled(text: str, controls: Controls, found: Sequence[PhraseMatch]) -> tuple[str, Controls]:
    """The text with each found phrase replaced by what is read for it, and the marks at their new places."""
    parts: list[str] = []
    at = 0
    for start, end, entry in found:
        parts += [text[at:start], entry.say]
        at = end
    parts.append(text[at:])
    if not controls.pauses and not controls.spans:
        return "".join(parts), controls
    return "".join(parts), _moved(controls, shifts_of(found).forward)


def _moved(controls: Controls, place: Callable[[int], int]) -> Controls:
    return replace(
        controls,
        pauses=tuple(replace(pause, position=place(pause.position)) for pause in controls.pauses),
        spans=tuple(replace(span, start=place(span.start), end=place(span.end)) for span in controls.spans),
    )


def with_words_of(lexicon: Lexicon, request: SpeechRequest, language: str) -> tuple[SpeechRequest, Shifts]:
    """The request with the service's own pronunciations for phrases in its text, and the shifts of positions.

    Pronunciations of the request that do not occur in the text are removed. The others take precedence over the
    service's.
    """
    own = Lexicon(Entry(said.phrase, said) for said in request.pronunciations)
    found = [place for place in lexicon.find(request.text, language) if not own.has(place.entry.phrase)]
    text, controls = request.text, request.controls
    respellings = [place for place in found if place.entry.say]
    if respellings:
        text, controls = respelled(text, controls, respellings)
    said = {
        phrase: replace(place.entry.pronunciation, phrase=phrase)
        for place in (*found, *own.find(request.text, language))
        if place.entry.pronunciation is not None and (phrase := request.text[place.start : place.end])
    }
    told = request._replace(text=text, controls=controls, pronunciations=tuple(said.values()))
    return told, shifts_of(respellings)
