"""Peaks between the samples, of sounds whose height is known."""

from __future__ import annotations

import numpy as np
import pytest

from segue.audio.true_peak import SILENT_DBTP, true_peak_dbtp
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
