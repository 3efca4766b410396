"""A character's design and a request's wishes, fitted to what one voice can do; what is lost is said."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.core.speech import Loss

if TYPE_CHECKING:
    from segue.core.catalogue import Capabilities, Delivery, Range
    from segue.core.speech import Controls, Pronunciation


class Prosody(NamedTuple):
    """What the engine is told, and what it could not be told."""

    rate_ratio: float
    pitch_semitones: float
    losses: tuple[Loss, ...]


def fit_prosody(design: Delivery, controls: Controls, can: Capabilities) -> Prosody:
    """Pitches add, rates multiply; each is clamped to the voice's range or left out, and reported."""
    losses: list[Loss] = []
    rate = _fit("rate", design.rate_ratio * controls.rate_ratio, 1.0, can.rate_ratio, losses)
    pitch = _fit("pitch", design.pitch_semitones + controls.pitch_semitones, 0.0, can.pitch_semitones, losses)
    return Prosody(rate, pitch, tuple(losses))


def fit_pronunciations(
    wanted: tuple[Pronunciation, ...], can: Capabilities, losses: list[Loss]
) -> tuple[Pronunciation, ...]:
    """Those pronunciations whose alphabet the voice reads; the others are added to ``losses``."""
    losses += [
        Loss("pronunciation", f"of {said.phrase!r}", "", f"this voice does not read {said.alphabet}")
        for said in wanted
        if said.alphabet not in can.alphabets
    ]
    return tuple(said for said in wanted if said.alphabet in can.alphabets)


def _fit(name: str, wanted: float, neutral: float, accepted: Range | None, losses: list[Loss]) -> float:
    if accepted is None:
        if wanted != neutral:
            losses.append(Loss(name, f"{wanted:g}", "", f"this voice has no {name} control"))
        return neutral
    applied = accepted.clamp(wanted)
    if applied != wanted:
        why = f"this voice takes {accepted.low:.3g} to {accepted.high:.3g}"
        losses.append(Loss(name, f"{wanted:g}", f"{applied:g}", why))
    return applied
