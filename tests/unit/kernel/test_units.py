"""Percent, millionths, semitones and decibels."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.kernel.units import (
    PPM,
    db_from_ratio,
    percent_from_ppm,
    ppm_from_percent,
    ratio_from_db,
    ratio_from_semitones,
)


@pytest.mark.parametrize(
    ("percent", "ppm"), [(0, 0), (100, PPM), (10, 100_000), (0.5, 5000), (12.34567, 123_457), (1e-9, 0)]
)
def test_percent_becomes_the_nearest_millionth(percent: float, ppm: int) -> None:
    assert ppm_from_percent(percent) == ppm


@pytest.mark.parametrize("percent", [-0.1, 100.1, math.nan, math.inf, -math.inf])
def test_what_is_no_percentage_is_refused(percent: float) -> None:
    with pytest.raises(ValueError, match="0 to 100"):
        ppm_from_percent(percent)


@given(st.integers(0, PPM))
def test_every_share_survives_being_shown_in_percent(ppm: int) -> None:
    assert ppm_from_percent(percent_from_ppm(ppm)) == ppm


def test_an_octave_doubles_the_frequency() -> None:
    assert ratio_from_semitones(12) == 2.0
    assert ratio_from_semitones(-12) == 0.5
    assert ratio_from_semitones(0) == 1.0


@given(st.floats(-90, 20))
def test_decibels_and_ratios_are_each_others_inverse(level_db: float) -> None:
    assert db_from_ratio(ratio_from_db(level_db)) == pytest.approx(level_db, abs=1e-9)


def test_silence_is_minus_infinity() -> None:
    assert db_from_ratio(0.0) == -math.inf
    assert ratio_from_db(-math.inf) == 0.0
