"""Prepares utterances for engines that read SSML: split where something changes, and always well-formed."""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from segue.speech.core.text.runs import pronounced
from segue.speech.core.text.spans import SpansInTurn

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from segue.speech.core.speech import Pronunciation, Span, Utterance

_NO_XML = re.compile("[^\\t\\n\\r\\x20-\\ud7ff\\ue000-\\ufffd\\U00010000-\\U0010ffff]")
"""What no document may contain, escaped or not (XML 1.0, ``Char``): control characters, surrogates, U+FFFE,
U+FFFF.
"""


def cleaned(text: str) -> str:
    """The text with a space for each character that XML cannot contain."""
    return _NO_XML.sub(" ", text)


def xml_text(text: str) -> str:
    """The text between tags, :func:`cleaned` and escaped."""
    return escape(cleaned(text))


def element(name: str, attributes: Mapping[str, str], content: str = "") -> str:
    """One element. ``content`` is already markup. Empty elements close themselves."""
    said = "".join(f" {key}={quoteattr(cleaned(value))}" for key, value in attributes.items())
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


@dataclass(frozen=True, slots=True)
class Delivered:
    """How a stretch of text is said, with the utterance's settings. ``language`` empty: the voice's."""

    rate_ratio: float = 1.0
    pitch_semitones: float = 0.0
    volume_ratio: float = 1.0
    language: str = ""
    emphasis: str = ""


class SsmlPart(NamedTuple):
    """Part of a stretch: silence of ``pause_ms``, then ``text``, which is read as ``said`` or ``say_as`` say."""

    text: str
    pause_ms: int = 0
    said: Pronunciation | None = None
    say_as: str = ""


class Stretch(NamedTuple):
    """The longest possible text with the same settings: what an engine puts into one element."""

    delivered: Delivered
    parts: tuple[SsmlPart, ...]


class _Leaf(NamedTuple):
    """Text that cannot contain a tag: a pronounced phrase, or text with ``say-as``."""

    start: int
    end: int
    said: Pronunciation | None = None
    say_as: str = ""


def written(part: SsmlPart) -> str:
    """The part as markup: its silence, then its text, in the element that says how it is read."""
    silence = element("break", {"time": f"{part.pause_ms}ms"}) if part.pause_ms else ""
    text = xml_text(part.text)
    if part.said is not None:
        said = part.said
        text = element("phoneme", {"alphabet": str(said.alphabet), "ph": said.pronunciation}, text)
    elif part.say_as:
        kind, _, details = part.say_as.partition(":")
        text = element("say-as", {"interpret-as": kind, **({"format": details} if details else {})}, text)
    return silence + text


def stretches(utterance: Utterance) -> tuple[Stretch, ...]:
    """The whole utterance.

    Text with a pronunciation or ``say-as`` is not split: the settings at its beginning apply, and pauses inside
    move to its end. If two overlap, the pronunciation takes precedence, then the first.
    """
    leaves = _leaves(utterance)
    pieces = _pieces(utterance, leaves)
    return tuple(
        Stretch(delivered, tuple(_merged(part for _, part in found)))
        for delivered, found in groupby(pieces, key=lambda piece: piece[0])
    )


def _merged(parts: Iterable[SsmlPart]) -> Iterator[SsmlPart]:
    """The same parts, with adjacent plain text merged."""
    held: SsmlPart | None = None
    for part in parts:
        if held is not None and _is_plain(held) and _is_plain(part) and not part.pause_ms:
            held = held._replace(text=held.text + part.text)
            continue
        if held is not None:
            yield held
        held = part
    if held is not None:
        yield held


def _is_plain(part: SsmlPart) -> bool:
    return part.said is None and not part.say_as


def _leaves(utterance: Utterance) -> list[_Leaf]:
    leaves: list[_Leaf] = []
    at = 0
    for run in pronounced(utterance.text, utterance.pronunciations, utterance.spans):
        if run.said is not None:
            leaves.append(_Leaf(at, at + len(run.text), run.said))
        at += len(run.text)
    return sorted([*leaves, *_kinds(utterance.spans, leaves)])


def _kinds(spans: Iterable[Span], leaves: Sequence[_Leaf]) -> Iterator[_Leaf]:
    starts = [leaf.start for leaf in leaves]
    past = 0
    for span in sorted((span for span in spans if span.say_as), key=lambda span: span.start):
        before = bisect_right(starts, span.end - 1)
        is_free = not before or leaves[before - 1].end <= span.start
        if is_free and past <= span.start < span.end:
            past = span.end
            yield _Leaf(span.start, span.end, None, span.say_as)


def _pieces(utterance: Utterance, leaves: Sequence[_Leaf]) -> Iterator[tuple[Delivered, SsmlPart]]:
    by_start = {leaf.start: leaf for leaf in leaves}
    pauses = _pauses(utterance, leaves)
    in_turn = SpansInTurn(sorted(utterance.spans, key=lambda span: (span.start, -span.end)))
    places = _places(utterance, leaves, pauses)
    for start, end in pairwise(places):
        leaf = by_start.get(start)
        delivered = _delivered(utterance, in_turn.over(start, start + 1))
        part = SsmlPart(utterance.text[start:end], pauses.pop(start, 0))
        if leaf is not None:
            part = part._replace(said=leaf.said, say_as=leaf.say_as)
        yield delivered, part
    rest = sum(pauses.values())
    if rest:
        yield _delivered(utterance, ()), SsmlPart("", rest)


def _pauses(utterance: Utterance, leaves: Sequence[_Leaf]) -> dict[int, int]:
    """The silence before each position in milliseconds; none inside a leaf."""
    starts = [leaf.start for leaf in leaves]
    found: dict[int, int] = {}
    for pause in utterance.pauses:
        place = _outside(pause.position, starts, leaves)
        found[place] = found.get(place, 0) + pause.length_ms
    return found


def _places(utterance: Utterance, leaves: Sequence[_Leaf], pauses: Iterable[int]) -> list[int]:
    """The positions where something may change."""
    starts = [leaf.start for leaf in leaves]
    bounds = [place for span in utterance.spans for place in (span.start, span.end)]
    bounds += [place for leaf in leaves for place in (leaf.start, leaf.end)]
    length = len(utterance.text)
    inside = {_outside(place, starts, leaves) for place in (*bounds, *pauses) if 0 < place < length}
    return sorted({0, length, *inside})


def _outside(place: int, starts: Sequence[int], leaves: Sequence[_Leaf]) -> int:
    """The position, or the end of the leaf that contains it."""
    before = bisect_right(starts, place)
    return leaves[before - 1].end if before and starts[before - 1] < place < leaves[before - 1].end else place


def _delivered(utterance: Utterance, spans: Iterable[Span]) -> Delivered:
    rate, pitch, volume = utterance.rate_ratio, utterance.pitch_semitones, 1.0
    language = emphasis = ""
    for span in spans:
        rate *= span.rate_ratio
        pitch += span.pitch_semitones
        volume *= span.volume_ratio
        language = span.language or language
        emphasis = span.emphasis or emphasis
    return Delivered(rate, pitch, volume, language, emphasis)
