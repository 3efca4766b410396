"""The embedded voices, joined and brought to one loudness."""

from __future__ import annotations

from statistics import fmean, median
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.join import join_pieces
from segue.speech.audio.level import TARGET_LUFS, Leveller, levelled, measure
from segue.speech.audio.level_book import LevelBook
from segue.speech.audio.pcm import to_samples
from segue.speech.audio.shift import shifted
from support.sound import f0_hz, harmonicity_db, largest_step, oversampled_peak_db
from support.speech import a_few_sentences

if TYPE_CHECKING:
    from segue.speech.audio.pcm import Samples
    from segue.speech.core.speech import Pcm

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def sentences() -> dict[str, list[Pcm]]:
    return a_few_sentences()


def loudness_of(samples: Samples, rate_hz: int) -> float:
    lufs = measure(samples, rate_hz).integrated_lufs
    assert lufs is not None
    return lufs


def test_sentence_by_sentence_both_voices_end_within_one_unit_of_the_target(
    sentences: dict[str, list[Pcm]],
) -> None:
    for spoken in sentences.values():
        out = [(levelled(to_samples(pcm), pcm.rate_hz, TARGET_LUFS), pcm.rate_hz) for pcm in spoken]

        assert [loudness_of(*sound) for sound in out] == pytest.approx([TARGET_LUFS] * len(out), abs=1.0)
        assert max(oversampled_peak_db(samples) for samples, _ in out) < -1.0


def test_streams_with_learnt_gains_put_both_voices_at_one_loudness(sentences: dict[str, list[Pcm]]) -> None:
    """On the whole: one sentence is louder than another, and a gain known beforehand leaves it so."""
    book = LevelBook()
    for name, spoken in sentences.items():
        for pcm in spoken:
            book.learn(name, measure(to_samples(pcm), pcm.rate_hz), pcm.duration_s)

    streamed = {name: [streamed_loudness(pcm, book, name) for pcm in spoken] for name, spoken in sentences.items()}

    assert median(streamed["espeak"]) == pytest.approx(median(streamed["piper"]), abs=1.0)
    assert fmean(fmean(levels) for levels in streamed.values()) == pytest.approx(TARGET_LUFS, abs=1.0)


def streamed_loudness(pcm: Pcm, book: LevelBook, name: str) -> float:
    gain_db = book.gain_db(name, TARGET_LUFS)
    assert gain_db is not None
    leveller = Leveller(pcm.rate_hz, gain_db)
    chunks = [leveller.push(chunk) for chunk in np.array_split(to_samples(pcm), 13)]
    return loudness_of(np.concatenate((*chunks, leveller.finish())), pcm.rate_hz)


def test_speech_cut_anywhere_is_joined_without_a_step_that_is_not_its_own(sentences: dict[str, list[Pcm]]) -> None:
    for spoken in sentences.values():
        voice, rate_hz = to_samples(spoken[0]), spoken[0].rate_hz
        pieces = [voice[begin : begin + rate_hz // 3] for begin in range(0, voice.size, 4_001)]

        joined = join_pieces(pieces, rate_hz)

        assert largest_step(joined) <= max(largest_step(piece) for piece in pieces) + 1e-6
        assert joined.size == pytest.approx(sum(piece.size for piece in pieces), rel=0.01)


@pytest.mark.parametrize("semitones", [-2.0, 2.0, 4.0])
def test_the_pitch_of_real_voices_moves_within_two_per_cent(
    sentences: dict[str, list[Pcm]], semitones: float
) -> None:
    for spoken in sentences.values():
        off = [pitch_off_ratio(to_samples(pcm), pcm.rate_hz, semitones) for pcm in spoken]

        assert median(off) < 0.01
        assert max(off) < 0.03


def pitch_off_ratio(voice: Samples, rate_hz: int, semitones: float) -> float:
    moved = shifted(voice, rate_hz, semitones, 1.0)
    wanted_hz = f0_hz(voice, rate_hz) * 2 ** (semitones / 12)
    return abs(f0_hz(moved, rate_hz) / wanted_hz - 1)


@pytest.mark.parametrize("stretch_ratio", [0.8, 1.25])
def test_real_voices_keep_their_pitch_and_their_clarity_at_another_pace(
    sentences: dict[str, list[Pcm]], stretch_ratio: float
) -> None:
    for spoken in sentences.values():
        for pcm in spoken:
            voice = to_samples(pcm)
            paced = shifted(voice, pcm.rate_hz, 0.0, stretch_ratio)

            assert paced.size == pytest.approx(voice.size / stretch_ratio, rel=0.01)
            assert f0_hz(paced, pcm.rate_hz) == pytest.approx(f0_hz(voice, pcm.rate_hz), rel=0.03)
            assert harmonicity_db(paced, pcm.rate_hz) > harmonicity_db(voice, pcm.rate_hz) - 2.5
            assert largest_step(paced) < 1.6 * largest_step(voice)
