"""Fits a character's settings and a request's controls to the capabilities of a voice, and reports losses."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.speech.core.catalogue import Range
from segue.speech.core.speech import Loss, PhoneticAlphabet, Pronunciation
from segue.speech.core.text.phonetics import as_ipa, as_x_sampa, in_sounds

if TYPE_CHECKING:
    from segue.speech.core.catalogue import Capabilities, Delivery
    from segue.speech.core.speech import Controls

_CLOSE = 1e-9


class Emulation(NamedTuple):
    """The limits of signal processing for controls that a voice does not support. Beyond them, it is audible."""

    max_semitones: float = 3.0
    stretch_ratio: Range = Range(0.5, 2.0)


NO_EMULATION = Emulation(0.0, Range(1.0, 1.0))


class Share(NamedTuple):
    """A control, divided into the voice's part and the part that is emulated, and their total."""

    voice: float
    added: float
    reached: float


class Prosody(NamedTuple):
    """What the engine gets, what it does not support, and what signal processing adds."""

    rate_ratio: float
    pitch_semitones: float
    losses: tuple[Loss, ...]
    stretch_ratio: float = 1.0
    shift_semitones: float = 0.0


def fit_prosody(
    design: Delivery, controls: Controls, can: Capabilities, emulation: Emulation = NO_EMULATION
) -> Prosody:
    """Combines the settings: pitches add, rates multiply.

    The result is limited to the voice's range. The rest is emulated as far as the quality allows, and what remains
    is reported.
    """
    wanted_rate = design.rate_ratio * controls.rate_ratio
    wanted_pitch = design.pitch_semitones + controls.pitch_semitones
    rate = share_rate(wanted_rate, can, emulation)
    pitch = share_pitch(wanted_pitch, can, emulation)
    losses = (
        *rate_losses(wanted_rate, rate, can, emulation),
        *pitch_losses(wanted_pitch, pitch, can, emulation),
    )
    return Prosody(rate.voice, pitch.voice, losses, rate.added, pitch.added)


def share_rate(wanted: float, can: Capabilities, emulation: Emulation) -> Share:
    voice = 1.0 if can.rate_ratio is None else can.rate_ratio.clamp(wanted)
    if abs(voice - wanted) <= _CLOSE:
        return Share(wanted, 1.0, wanted)
    added = emulation.stretch_ratio.clamp(wanted / voice)
    return Share(voice, added, voice * added)


def share_pitch(wanted: float, can: Capabilities, emulation: Emulation) -> Share:
    voice = 0.0 if can.pitch_semitones is None else can.pitch_semitones.clamp(wanted)
    if abs(voice - wanted) <= _CLOSE:
        return Share(wanted, 0.0, wanted)
    most = emulation.max_semitones
    added = Range(-most, most).clamp(wanted - voice)
    return Share(voice, added, voice + added)


def rate_losses(wanted: float, share: Share, can: Capabilities, emulation: Emulation) -> tuple[Loss, ...]:
    allowed = emulation.stretch_ratio
    more = (
        f"audio is stretched {allowed.low:.3g} to {allowed.high:.3g} times" if allowed.low < allowed.high else ""
    )
    return _losses("rate", wanted, share.reached, 1.0, _why("rate", can.rate_ratio, more))


def pitch_losses(wanted: float, share: Share, can: Capabilities, emulation: Emulation) -> tuple[Loss, ...]:
    more = f"audio is shifted up to {emulation.max_semitones:g} semitones" if emulation.max_semitones else ""
    return _losses("pitch", wanted, share.reached, 0.0, _why("pitch", can.pitch_semitones, more))


def _why(name: str, accepted: Range | None, more: str) -> str:
    why = f"this voice has no {name} control"
    if accepted is not None:
        why = f"this voice supports {accepted.low:.3g} to {accepted.high:.3g}"
    return f"{why}, and {more}" if more else why


def _losses(name: str, wanted: float, reached: float, neutral: float, why: str) -> tuple[Loss, ...]:
    if abs(wanted - reached) <= _CLOSE:
        return ()
    return (Loss(name, f"{wanted:g}", "" if reached == neutral else f"{reached:g}", why),)


def fit_pronunciations(
    wanted: tuple[Pronunciation, ...], can: Capabilities, losses: list[Loss]
) -> tuple[Pronunciation, ...]:
    """The pronunciations that the voice supports, in an alphabet that it reads.

    The others are added to ``losses``.

    Raises:
        InvalidRequest: one is not valid in its alphabet; the message names the symbol.
    """
    fitted = [fit_pronunciation(said, can, losses) for said in wanted]
    return tuple(said for said in fitted if said is not None)


def fit_pronunciation(said: Pronunciation, can: Capabilities, losses: list[Loss]) -> Pronunciation | None:
    """The pronunciation for the voice; None, and a loss, if the voice does not support it.

    Raises:
        InvalidRequest: it is not valid in its alphabet; the message names the symbol.
    """
    ipa = as_ipa(said.pronunciation, said.alphabet)
    if not can.alphabets:
        losses.append(_unsaid(said, "this voice does not support pronunciations"))
        return None
    missing = in_sounds(ipa, can.phonemes)[1] if can.phonemes else ""
    if missing:
        losses.append(_unsaid(said, f"this voice has no sound for {' '.join(dict.fromkeys(missing))}"))
        return None
    if said.alphabet in can.alphabets:
        return said
    other = next(iter(can.alphabets))
    respelled = as_x_sampa(ipa) if other is PhoneticAlphabet.X_SAMPA else ipa
    return Pronunciation(said.phrase, respelled, other)


def _unsaid(said: Pronunciation, why: str) -> Loss:
    return Loss("pronunciation", f"of {said.phrase[:64]!r}", "", why)
