"""Conversions between the units that appear in names."""

from __future__ import annotations

import math

PPM = 1_000_000
"""Shares are counted in millionths: a share of 1.0 (100 %) is 1,000,000 ppm."""

DAY_S = 86_400.0

BYTES_PER_SAMPLE_S16 = 2
BYTES_PER_SAMPLE_F32 = 4


def ppm_from_percent(share_percent: float) -> int:
    """Converts percent (0-100, decimals allowed) to millionths, rounded to the nearest.

    Raises:
        ValueError: the share is not a number from 0 to 100.
    """
    if not 0.0 <= share_percent <= 100.0:  # noqa: PLR2004 - the definition of a percentage
        raise ValueError(f"invalid share {share_percent}: expected 0 to 100 percent")
    return round(share_percent * 10_000)


def percent_from_ppm(share_ppm: int) -> float:
    return share_ppm / 10_000


def ratio_from_semitones(semitones: float) -> float:
    """Frequency ratio of an interval in equal temperament: 12 semitones double the frequency."""
    return float(2.0 ** (semitones / 12.0))


def db_from_ratio(amplitude_ratio: float) -> float:
    """Converts an amplitude ratio to decibels; silence gives minus infinity."""
    return 20.0 * math.log10(amplitude_ratio) if amplitude_ratio > 0 else -math.inf


def ratio_from_db(level_db: float) -> float:
    return float(10.0 ** (level_db / 20.0))


def day_of(at_s: float) -> int:
    """The UTC day (days since 1970) of a Unix time."""
    return int(at_s // DAY_S)
