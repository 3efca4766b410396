"""Peaks between the samples, of sounds whose height is known."""

from __future__ import annotations

import numpy as np
import pytest

from segue.speech.audio.true_peak import REACH, SILENT_DBTP, heights, peaks_over, true_peak_dbtp
from support.sound import a_tone, a_voice, noise, oversampled_peak_db, silence

RATE_HZ = 48_000


@pytest.mark.parametrize("phase_degrees", [0.0, 45.0, 67.5])
@pytest.mark.parametrize("divisor", [4, 6, 8])
def test_a_sine_that_is_sampled_beside_its_peaks_is_as_high_as_it_is(divisor: int, phase_degrees: float) -> None:
    """EBU Tech 3341, cases 15 to 18."""
    at = np.arange(RATE_HZ) / divisor
    wave = 0.5 * np.sin(2 * np.pi * at + np.radians(phase_degrees)) * np.hanning(RATE_HZ)

    assert true_peak_dbtp(wave.astype(np.float32)) == pytest.approx(-6.0, abs=0.3)


def test_speech_and_noise_are_measured_as_the_exact_interpolation_measures_them() -> None:
    for sound in (a_voice(), noise(1.0), a_tone(0.3, 3_000.0)):
        assert true_peak_dbtp(sound) == pytest.approx(oversampled_peak_db(sound), abs=0.5)


def test_a_single_sample_is_its_own_peak() -> None:
    assert true_peak_dbtp(np.array([0.5], np.float32)) == pytest.approx(-6.02, abs=0.01)


def test_silence_is_given_as_a_number() -> None:
    assert true_peak_dbtp(silence(0.5)) == SILENT_DBTP
    assert true_peak_dbtp(silence(0.0)) == SILENT_DBTP


@pytest.mark.parametrize("least", [0.05, 0.3, 0.6, 0.9])
def test_every_peak_over_a_height_is_found_where_only_those_are_sought(least: float) -> None:
    hiss = noise(2.0, peak=0.95)
    alternating = 0.6 * np.where(np.arange(9_000) % 2, 1.0, -1.0) * np.sign(np.sin(np.arange(9_000) / 40.0))
    for sound in (a_voice(), 3 * a_voice(), hiss, a_tone(0.3, 7_900.0), alternating.astype(np.float32)):
        all_heights = heights(np.pad(sound, REACH))
        peaks = peaks_over(sound, least)

        assert np.array_equal(peaks.positions, np.flatnonzero(all_heights > least))
        assert peaks.heights == pytest.approx(all_heights[peaks.positions], abs=1e-6)


def test_of_nothing_there_are_no_peaks() -> None:
    assert peaks_over(silence(0.0), 0.1).positions.size == 0
    assert peaks_over(silence(1.0), 0.1).highest_dbtp == SILENT_DBTP
