"""A text cut where something changes: pronounced phrases, respelled ones, and the marks moved along."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from segue.core.speech import Controls, Span
from segue.core.text.lexicon import Entry, Lexicon

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.core.speech import Pronunciation, SpeechRequest
    from segue.core.text.lexicon import Found


class Run(NamedTuple):
    """Part of a text, and how it is pronounced where that is not left to the voice."""

    text: str
    said: Pronunciation | None = None


def pronounced(
    text: str, pronunciations: tuple[Pronunciation, ...], spans: tuple[Span, ...] = ()
) -> tuple[Run, ...]:
    """The whole text in runs. A span's pronunciation goes before one by phrase."""
    placed = {(span.start, span.end): span.pronunciation for span in spans if span.pronunciation is not None}
    if pronunciations:
        lexicon = Lexicon(Entry(said.phrase, said) for said in pronunciations)
        for start, end, entry in lexicon.find(text, ""):
            if entry.pronunciation is not None and not any(
                start < other_end and other_start < end for other_start, other_end in placed
            ):
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


def respelled(text: str, controls: Controls, found: Sequence[Found]) -> tuple[str, Controls]:
    """The text with each phrase found replaced by what is to be read for it, and the marks at their places."""
    parts: list[str] = []
    shifts: list[tuple[int, int, int]] = []
    at = grown = 0
    for start, end, entry in found:
        parts += [text[at:start], entry.say]
        grown += len(entry.say) - (end - start)
        shifts.append((start, end, grown))
        at = end
    parts.append(text[at:])
    if not controls.pauses and not controls.spans:
        return "".join(parts), controls
    return "".join(parts), _moved(controls, shifts)


def _moved(controls: Controls, shifts: list[tuple[int, int, int]]) -> Controls:
    def place(position: int) -> int:
        """What stood inside a phrase stands after it."""
        past = [shift for shift in shifts if shift[0] < position]
        if not past:
            return position
        _, end, grown = past[-1]
        return max(position, end) + grown

    return replace(
        controls,
        pauses=tuple(replace(pause, position=place(pause.position)) for pause in controls.pauses),
        spans=tuple(replace(span, start=place(span.start), end=place(span.end)) for span in controls.spans),
    )


def with_words_of(lexicon: Lexicon, request: SpeechRequest, language: str) -> SpeechRequest:
    """The request with the house's pronunciations of what its text holds, and without those of what it does not.

    The request's own go before the house's.
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
    return request._replace(text=text, controls=controls, pronunciations=tuple(said.values()))
