"""Spans of a request fitted to a voice: what it takes inside an utterance, what is said in pieces, what is not."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from segue.core.catalogue import primary_language
from segue.core.speech import Loss, Span
from segue.core.text.controls import (
    fit_pronunciation,
    pitch_losses,
    rate_losses,
    share_pitch,
    share_rate,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.core.catalogue import Capabilities
    from segue.core.speech import Pronunciation
    from segue.core.text.controls import Emulation, Prosody

NEUTRAL_PROSODY = {"rate_ratio": 1.0, "pitch_semitones": 0.0, "volume_ratio": 1.0}
"""The fields of a span that change the delivery, with what changes nothing."""


class FittedSpans(NamedTuple):
    """``spans`` the voice takes, or are said in pieces of their own; ``pronunciations`` are by phrase."""

    spans: tuple[Span, ...]
    pronunciations: tuple[Pronunciation, ...]
    losses: tuple[Loss, ...]


def fit_spans(
    text: str, spans: tuple[Span, ...], base: Prosody, locale: str, can: Capabilities, emulation: Emulation
) -> FittedSpans:
    """``base`` is how the whole text is said.

    Prosody that the voice does not take inside an utterance comes as spans beside one another, to be said in
    pieces; the other fields stay where the voice takes them, and are reported where not.

    Raises:
        InvalidRequest: a pronunciation is not in its alphabet.
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
        )
        if replace(inside, start=0, end=0) != Span(0, 0):
            fitted.append(inside)
    fitted += [_reachable(piece, base, can, emulation, losses) for piece in flattened(spans, ours)]
    return FittedSpans(tuple(fitted), tuple(by_phrase), tuple(dict.fromkeys(losses)))


def without_prosody(span: Span, names: Sequence[str]) -> Span:
    """The span with the named fields made neutral."""
    return replace(
        span,
        rate_ratio=1.0 if "rate_ratio" in names else span.rate_ratio,
        pitch_semitones=0.0 if "pitch_semitones" in names else span.pitch_semitones,
        volume_ratio=1.0 if "volume_ratio" in names else span.volume_ratio,
    )


def flattened(spans: tuple[Span, ...], names: Sequence[str]) -> Iterator[Span]:
    """The named fields of spans within spans worked out for each stretch of text; none over another."""
    asked = [span for span in spans if any(getattr(span, name) != NEUTRAL_PROSODY[name] for name in names)]
    places = sorted({place for span in asked for place in (span.start, span.end)})
    for start, end in pairwise(places):
        rate, pitch, volume = 1.0, 0.0, 1.0
        for span in asked:
            if span.start <= start and end <= span.end:
                rate *= span.rate_ratio if "rate_ratio" in names else 1.0
                pitch += span.pitch_semitones if "pitch_semitones" in names else 0.0
                volume *= span.volume_ratio if "volume_ratio" in names else 1.0
        if (rate, pitch, volume) != (1.0, 0.0, 1.0):
            yield Span(start, end, rate, pitch, volume)


def _reachable(span: Span, base: Prosody, can: Capabilities, emulation: Emulation, losses: list[Loss]) -> Span:
    """The piece as far as voice and signal processing can say it."""
    base_rate = base.rate_ratio * base.stretch_ratio
    base_pitch = base.pitch_semitones + base.shift_semitones
    rate, pitch = base_rate * span.rate_ratio, base_pitch + span.pitch_semitones
    rates, pitches = share_rate(rate, can, emulation), share_pitch(pitch, can, emulation)
    losses += [*rate_losses(rate, rates, can, emulation), *pitch_losses(pitch, pitches, can, emulation)]
    return replace(span, rate_ratio=rates.reached / base_rate, pitch_semitones=pitches.reached - base_pitch)


def _taken(field: str, value: str, can: Capabilities, losses: list[Loss]) -> str:
    if value and field not in can.spans:
        losses.append(Loss(field.replace("_", "-"), value, "", "this voice does not take it"))
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
    if text.count(phrase) > 1:
        why = "this voice takes pronunciations by phrase"
        losses.append(Loss("phoneme", f"of {phrase[:64]!r}", "everywhere in the text", why))
    by_phrase.append(said)
    return None
