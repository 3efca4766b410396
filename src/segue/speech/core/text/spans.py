"""Fits the spans of a request to a voice.

Some are supported inside an utterance, some need a piece of their own, and some are lost.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from itertools import pairwise
from operator import attrgetter
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.catalogue import primary_language
from segue.speech.core.speech import Loss, Span
from segue.speech.core.text.controls import (
    fit_pronunciation,
    pitch_losses,
    rate_losses,
    share_pitch,
    share_rate,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from segue.speech.core.catalogue import Capabilities
    from segue.speech.core.speech import Pronunciation
    from segue.speech.core.text.controls import Emulation, Prosody

NEUTRAL_PROSODY = {"rate_ratio": 1.0, "pitch_semitones": 0.0, "volume_ratio": 1.0}
"""The fields of a span that change the delivery, with the values that change nothing."""


class FittedSpans(NamedTuple):
    """``spans`` are those that the voice supports or that are said in their own pieces.

    ``pronunciations`` are by phrase.
    """

    spans: tuple[Span, ...]
    pronunciations: tuple[Pronunciation, ...]
    losses: tuple[Loss, ...]


class SpansInTurn:
    """Returns spans for increasing positions in a text, so that each span is checked only near its place."""

    def __init__(self, spans: Iterable[Span]) -> None:
        self._ahead = deque(sorted(spans, key=attrgetter("start")))
        self._open: list[Span] = []

    def over(self, start: int, end: int) -> list[Span]:
        """The spans that overlap this part, ordered by start. ``start`` must not decrease from call to call."""
        while self._ahead and self._ahead[0].start < end:
            self._open.append(self._ahead.popleft())
        self._open = [span for span in self._open if start < span.end]
        return [span for span in self._open if span.start < end]


def fit_spans(
    text: str, spans: tuple[Span, ...], base: Prosody, locale: str, can: Capabilities, emulation: Emulation
) -> FittedSpans:
    """The fitted spans; ``base`` is the prosody of the whole text.

    Prosody that the voice does not support inside an utterance becomes adjacent spans that are said as separate
    pieces. The other fields are kept if the voice supports them, and reported if it does not.

    Raises:
        InvalidRequest: a pronunciation is not valid in its alphabet.
    """
    losses: list[Loss] = []
    by_phrase: list[Pronunciation] = []
    fitted: list[Span] = []
    ours = [name for name in NEUTRAL_PROSODY if name not in can.spans]
    for span in spans:
        inside = replace(
            without_prosody(span, ours),
            emphasis=_taken("emphasis", span.emphasis, can, losses),
            say_as=_taken("say_as", span.say_as, can, losses),
            language=_language(span.language, locale, can, losses),
            pronunciation=_pronounced(text, span, can, by_phrase, losses),
            as_is=False,  # already taken into account
        )
        if replace(inside, start=0, end=0) != Span(0, 0):
            fitted.append(inside)
    fitted += [_reachable(piece, base, can, emulation, losses) for piece in flattened(spans, ours)]
    return FittedSpans(tuple(fitted), tuple(by_phrase), tuple(dict.fromkeys(losses)))


def without_prosody(span: Span, names: Sequence[str]) -> Span:
    """The span with the named fields set to neutral."""
    return replace(
        span,
        rate_ratio=1.0 if "rate_ratio" in names else span.rate_ratio,
        pitch_semitones=0.0 if "pitch_semitones" in names else span.pitch_semitones,
        volume_ratio=1.0 if "volume_ratio" in names else span.volume_ratio,
    )


def flattened(spans: tuple[Span, ...], names: Sequence[str]) -> Iterator[Span]:
    """The named fields of nested spans, combined for each stretch of text. The results do not overlap."""
    asked = [span for span in spans if any(getattr(span, name) != NEUTRAL_PROSODY[name] for name in names)]
    places = sorted({place for span in asked for place in (span.start, span.end)})
    in_turn = SpansInTurn(asked)
    for start, end in pairwise(places):
        rate, pitch, volume = 1.0, 0.0, 1.0
        for span in in_turn.over(start, end):
            rate *= span.rate_ratio if "rate_ratio" in names else 1.0
            pitch += span.pitch_semitones if "pitch_semitones" in names else 0.0
            volume *= span.volume_ratio if "volume_ratio" in names else 1.0
        if (rate, pitch, volume) != (1.0, 0.0, 1.0):
            yield Span(start, end, rate, pitch, volume)


def _reachable(span: Span, base: Prosody, can: Capabilities, emulation: Emulation, losses: list[Loss]) -> Span:
    """The span, limited to what voice and signal processing can do."""
    base_rate = base.rate_ratio * base.stretch_ratio
    base_pitch = base.pitch_semitones + base.shift_semitones
    rate, pitch = base_rate * span.rate_ratio, base_pitch + span.pitch_semitones
    rates, pitches = share_rate(rate, can, emulation), share_pitch(pitch, can, emulation)
    losses += [*rate_losses(rate, rates, can, emulation), *pitch_losses(pitch, pitches, can, emulation)]
    return replace(span, rate_ratio=rates.reached / base_rate, pitch_semitones=pitches.reached - base_pitch)


def _taken(field: str, value: str, can: Capabilities, losses: list[Loss]) -> str:
    if value and field not in can.spans:
        losses.append(Loss(field.replace("_", "-"), value, "", "this voice does not support it"))
        return ""
    return value


def _language(language: str | None, locale: str, can: Capabilities, losses: list[Loss]) -> str | None:
    if language is None or primary_language(language) == primary_language(locale):
        return None
    if "language" not in can.spans:
        losses.append(Loss("language", language, "", f"this voice speaks {locale}"))
        return None
    return language


def _pronounced(
    text: str, span: Span, can: Capabilities, by_phrase: list[Pronunciation], losses: list[Loss]
) -> Pronunciation | None:
    if span.pronunciation is None:
        return None
    phrase = text[span.start : span.end].strip()
    said = fit_pronunciation(replace(span.pronunciation, phrase=phrase), can, losses)
    if said is None or "pronunciation" in can.spans:
        return said
    if text.find(phrase, text.find(phrase) + len(phrase)) >= 0:
        why = "this voice supports pronunciations by phrase only"
        losses.append(Loss("phoneme", f"of {phrase[:64]!r}", "everywhere in the text", why))
    by_phrase.append(said)
    return None
