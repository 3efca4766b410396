"""Marked texts in Google's own terms: SSML for the classic families, pause tags for Chirp 3: HD."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from segue.core.speech import Span
from segue.core.text.runs import pronounced

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.core.speech import Pause, Utterance

_TAGS = {"short": "[pause short]", "medium": "[pause]", "long": "[pause long]"}
_SPOKEN_TAG = "[pause"
_BROKEN_TAG = "[ pause"


def as_ssml(utterance: Utterance) -> str:
    """The utterance with its pauses, spans and pronunciations as an SSML document; the text can hold no tag."""
    return f"<speak>{_Writer(utterance).written()}</speak>"


def with_pause_tags(utterance: Utterance) -> str:
    """The text with tags for its named pauses. What the text itself says in brackets is no pause."""
    parts = []
    at = 0
    for pause in utterance.pauses:
        parts += [utterance.text[at : pause.position].replace(_SPOKEN_TAG, _BROKEN_TAG), f"{_TAGS[pause.name]} "]
        at = pause.position
    parts.append(utterance.text[at:].replace(_SPOKEN_TAG, _BROKEN_TAG))
    return "".join(parts)


class _Writer:
    """Elements within elements, as the spans lie within spans; one that leaves another is cut at its end."""

    def __init__(self, utterance: Utterance) -> None:
        self._text = utterance.text
        self._pauses = utterance.pauses
        spans = [*utterance.spans, *_phonemes(utterance)]
        self._spans = sorted(spans, key=lambda span: (span.start, -span.end, span.pronunciation is not None))

    def written(self) -> str:
        return "".join(self._inside(0, len(self._text), self._spans))

    def _inside(self, start: int, end: int, spans: Sequence[Span]) -> Iterator[str]:
        at = start
        waiting = list(spans)
        while waiting:
            span = waiting.pop(0)
            if span.start < at or span.start >= end:
                continue
            stop = min(span.end, end)
            within = [other for other in waiting if other.start < stop]
            waiting = waiting[len(within) :]
            yield self._plain(at, span.start)
            opened, closed = _tags(span)
            yield opened + "".join(self._inside(span.start, stop, within)) + closed
            at = stop
        yield self._plain(at, end)

    def _plain(self, start: int, end: int) -> str:
        parts = []
        at = start
        for pause in self._pauses:
            if start <= pause.position < end:
                parts += [escape(self._text[at : pause.position]), _break(pause)]
                at = pause.position
        parts.append(escape(self._text[at:end]))
        return "".join(parts)


def _phonemes(utterance: Utterance) -> Iterator[Span]:
    """The pronunciations by phrase, at their places."""
    at = 0
    for run in pronounced(utterance.text, utterance.pronunciations):
        if run.said is not None:
            yield Span(at, at + len(run.text), pronunciation=run.said)
        at += len(run.text)


def _break(pause: Pause) -> str:
    return f'<break time="{pause.length_ms}ms"/>'


def _tags(span: Span) -> tuple[str, str]:
    """What opens and closes all that the span asks for."""
    elements = [*_delivery(span), *_reading(span)]
    opened = "".join(f"<{name}{_attributes(attributes)}>" for name, attributes in elements)
    return opened, "".join(f"</{name}>" for name, _ in reversed(elements))


def _delivery(span: Span) -> Iterator[tuple[str, dict[str, str]]]:
    if span.language:
        yield "lang", {"xml:lang": span.language}
    asked = {}
    if span.rate_ratio != 1.0:
        asked["rate"] = f"{span.rate_ratio * 100:.0f}%"
    if span.pitch_semitones != 0.0:
        asked["pitch"] = f"{span.pitch_semitones:+.2f}st"
    if span.volume_ratio <= 0.0:
        asked["volume"] = "silent"
    elif span.volume_ratio != 1.0:
        asked["volume"] = f"{20 * math.log10(span.volume_ratio):+.1f}dB"
    if asked:
        yield "prosody", asked
    if span.emphasis:
        yield "emphasis", {"level": span.emphasis}


def _reading(span: Span) -> Iterator[tuple[str, dict[str, str]]]:
    if span.say_as:
        kind, _, details = span.say_as.partition(":")
        yield "say-as", {"interpret-as": kind, **({"format": details} if details else {})}
    if span.pronunciation is not None:
        said = span.pronunciation
        yield "phoneme", {"alphabet": str(said.alphabet), "ph": said.pronunciation}


def _attributes(attributes: dict[str, str]) -> str:
    return "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
