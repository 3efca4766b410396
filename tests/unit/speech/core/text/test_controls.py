"""A character's design and a request's wishes, fitted to a voice: nothing is lost in silence."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.errors import InvalidRequest
from segue.speech.core.catalogue import Capabilities, Delivery, Range
from segue.speech.core.speech import NEUTRAL, Controls, Loss, PhoneticAlphabet, Pronunciation, Span
from segue.speech.core.text.controls import Emulation, fit_pronunciations, fit_prosody
from segue.speech.core.text.spans import fit_spans

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
        "rate 3.2 applied as 2: this voice supports 0.25 to 2",
        "pitch -26 not applied: this voice has no pitch control",
    ]


def test_the_characters_own_pitch_is_a_loss_too_where_a_voice_has_none() -> None:
    fitted = fit_prosody(GHOUL, NEUTRAL, CHIRP3)

    assert fitted.pitch_semitones == 0.0
    assert [loss.control for loss in fitted.losses] == ["pitch"]


def test_neutral_wishes_of_a_neutral_character_lose_nothing_on_any_voice() -> None:
    assert fit_prosody(Delivery("plain"), NEUTRAL, Capabilities()).losses == ()


def test_what_a_voice_cannot_reach_is_emulated_as_far_as_that_is_clean() -> None:
    fitted = fit_prosody(GHOUL, Controls(pitch_semitones=4.0, rate_ratio=4.0), CHIRP3, Emulation())

    assert (fitted.pitch_semitones, fitted.shift_semitones) == (0.0, -2.0)
    assert fitted.rate_ratio == 2.0
    assert fitted.stretch_ratio == pytest.approx(1.6)
    assert fitted.losses == ()


def test_beyond_what_is_clean_the_rest_is_said() -> None:
    fitted = fit_prosody(GHOUL, Controls(pitch_semitones=-14.0, rate_ratio=8.0), CHIRP3, Emulation())

    assert (fitted.shift_semitones, fitted.rate_ratio * fitted.stretch_ratio) == (-3.0, 4.0)
    assert [str(loss) for loss in fitted.losses] == [
        "rate 6.4 applied as 4: this voice supports 0.25 to 2, and audio is stretched 0.5 to 2 times",
        "pitch -20 applied as -3: this voice has no pitch control, and audio is shifted up to 3 semitones",
    ]


def test_pronunciations_come_in_an_alphabet_that_the_voice_reads() -> None:
    ipa = Pronunciation("ghoul", "ɡuːl", PhoneticAlphabet.IPA)
    sampa = Pronunciation("Mojave", 'm@"hA:vi', PhoneticAlphabet.X_SAMPA)
    losses: list[Loss] = []

    assert fit_pronunciations((ipa, sampa), CHIRP3, losses) == (ipa, Pronunciation("Mojave", "məˈhɑːvi"))
    assert losses == []


def test_pronunciations_a_voice_cannot_say_are_left_out_and_said() -> None:
    click = Pronunciation("tut", "ǃa", PhoneticAlphabet.IPA)
    losses: list[Loss] = []

    assert fit_pronunciations((click,), Capabilities(), losses) == ()
    assert fit_pronunciations((click,), replace(CHIRP3, phonemes=frozenset("ta")), losses) == ()
    assert [str(loss) for loss in losses] == [
        "pronunciation of 'tut' not applied: this voice does not support pronunciations",
        "pronunciation of 'tut' not applied: this voice has no sound for ǃ",
    ]


def test_a_pronunciation_in_no_alphabet_is_the_callers_mistake() -> None:
    with pytest.raises(InvalidRequest, match="'€'"):
        fit_pronunciations((Pronunciation("euro", "€"),), CHIRP3, [])


SPANS = (
    Span(0, 11, rate_ratio=2.0, emphasis="strong"),
    Span(6, 11, rate_ratio=1.25, pitch_semitones=-9.0, language="en-GB"),
    Span(0, 5, language="fr-FR", say_as="date"),
)


def test_spans_that_a_voice_takes_stay_as_they_are() -> None:
    can = replace(WAVENET, spans=frozenset({"rate_ratio", "pitch_semitones", "emphasis", "say_as", "language"}))

    fitted = fit_spans("Hello world", SPANS, fit_prosody(Delivery("x"), NEUTRAL, can), "en-US", can, Emulation())

    assert fitted.losses == ()
    assert fitted.spans == (SPANS[0], replace(SPANS[1], language=None), SPANS[2])


def test_spans_that_a_voice_does_not_take_are_said_in_pieces_and_the_rest_is_a_loss() -> None:
    fitted = fit_spans("Hello world", SPANS, fit_prosody(GHOUL, NEUTRAL, CHIRP3), "en-US", CHIRP3, Emulation())

    assert fitted.spans == (Span(0, 6, rate_ratio=2.0), Span(6, 11, rate_ratio=2.5, pitch_semitones=-3.0))
    assert [str(loss) for loss in fitted.losses] == [
        "emphasis strong not applied: this voice does not support it",
        "say-as date not applied: this voice does not support it",
        "language fr-FR not applied: this voice speaks en-US",
        "pitch -9 applied as -3: this voice has no pitch control, and audio is shifted up to 3 semitones",
    ]


def test_a_phoneme_goes_by_phrase_where_a_voice_takes_it_only_so() -> None:
    span = Span(7, 11, pronunciation=Pronunciation("read", "ɹɛd"))

    fitted = fit_spans("I read read it", (span,), fit_prosody(GHOUL, NEUTRAL, CHIRP3), "en", CHIRP3, Emulation())

    assert (fitted.spans, fitted.pronunciations) == ((), (Pronunciation("read", "ɹɛd"),))
    assert [str(loss) for loss in fitted.losses] == [
        "phoneme of 'read' applied as everywhere in the text: this voice supports pronunciations by phrase only"
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
