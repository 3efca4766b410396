"""A character's design and a request's wishes, fitted to a voice: nothing is lost in silence."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.core.catalogue import Capabilities, Delivery, Range
from segue.core.speech import NEUTRAL, Controls, Loss, PhoneticAlphabet, Pronunciation
from segue.core.text.controls import fit_pronunciations, fit_prosody

WAVENET = Capabilities(pitch_semitones=Range(-20.0, 20.0), rate_ratio=Range(0.25, 4.0))
CHIRP3 = Capabilities(rate_ratio=Range(0.25, 2.0), alphabets=frozenset({PhoneticAlphabet.IPA}))
GHOUL = Delivery("ghoul", pitch_semitones=-6.0, rate_ratio=0.8)


def test_pitches_add_and_rates_multiply() -> None:
    fitted = fit_prosody(GHOUL, Controls(pitch_semitones=2.0, rate_ratio=1.5), WAVENET)

    assert fitted.pitch_semitones == -4.0
    assert fitted.rate_ratio == pytest.approx(1.2)
    assert fitted.losses == ()


def test_what_is_out_of_range_is_limited_and_said() -> None:
    fitted = fit_prosody(GHOUL, Controls(pitch_semitones=-20.0, rate_ratio=4.0), CHIRP3)

    assert fitted.rate_ratio == 2.0
    assert [str(loss) for loss in fitted.losses] == [
        "rate 3.2 applied as 2: this voice takes 0.25 to 2",
        "pitch -26 not applied: this voice has no pitch control",
    ]


def test_the_characters_own_pitch_is_a_loss_too_where_a_voice_has_none() -> None:
    fitted = fit_prosody(GHOUL, NEUTRAL, CHIRP3)

    assert fitted.pitch_semitones == 0.0
    assert [loss.control for loss in fitted.losses] == ["pitch"]


def test_neutral_wishes_of_a_neutral_character_lose_nothing_on_any_voice() -> None:
    assert fit_prosody(Delivery("plain"), NEUTRAL, Capabilities()).losses == ()


def test_pronunciations_a_voice_cannot_read_are_left_out_and_said() -> None:
    ipa = Pronunciation("ghoul", "ɡuːl", PhoneticAlphabet.IPA)
    sampa = Pronunciation("Mojave", 'm@"hA:vi', PhoneticAlphabet.X_SAMPA)
    losses: list[Loss] = []

    kept = fit_pronunciations((ipa, sampa), CHIRP3, losses)

    assert kept == (ipa,)
    assert [str(loss) for loss in losses] == [
        "pronunciation of 'Mojave' not applied: this voice does not read x-sampa"
    ]


@given(
    st.floats(-20, 20),
    st.floats(0.25, 4),
    st.floats(-20, 20),
    st.floats(0.25, 4),
    st.sampled_from([WAVENET, CHIRP3]),
)
def test_what_is_applied_is_always_what_the_voice_accepts_and_every_change_is_said(
    pitch: float, rate: float, design_pitch: float, design_rate: float, can: Capabilities
) -> None:
    design = Delivery("any", design_pitch, design_rate)

    fitted = fit_prosody(design, Controls(pitch_semitones=pitch, rate_ratio=rate), can)

    assert can.rate_ratio is not None
    assert can.rate_ratio.low <= fitted.rate_ratio <= can.rate_ratio.high
    said = {loss.control for loss in fitted.losses}
    assert ("rate" in said) == (fitted.rate_ratio != design_rate * rate)
    assert ("pitch" in said) == (fitted.pitch_semitones != design_pitch + pitch)
