"""SSML's values for rate, pitch, volume and time. Invalid values give None.

The standard does not define numbers for names (W3C SSML 1.1, 3.2.4). Rates and pitches are those that Azure
publishes, volumes are 6 dB apart, and strengths of breaks are the named pauses.
"""

from __future__ import annotations

import math
import re

from segue.speech.core.speech import Pause
from segue.speech.core.text.marks import NAMED_PAUSES_MS

_NUMBER = r"(?P<number>[+-]?(?:\d{1,6}(?:\.\d{0,6})?|\.\d{1,6}))"
_PERCENT = re.compile(_NUMBER + "%")
_PLAIN = re.compile(_NUMBER)
_SEMITONES = re.compile(_NUMBER + r"\s?st")
_DECIBELS = re.compile(_NUMBER + r"\s?dB", re.IGNORECASE)
_TIME = re.compile(r"\+?(?P<number>\d{1,6}(?:\.\d{0,6})?|\.\d{1,6})(?P<unit>ms|s)")

_RATES = {"x-slow": 0.5, "slow": 0.64, "medium": 1.0, "default": 1.0, "fast": 1.55, "x-fast": 2.0}
_PITCHES = {"x-low": 0.55, "low": 0.8, "medium": 1.0, "default": 1.0, "high": 1.2, "x-high": 1.45}
_VOLUMES_DB = {"x-soft": -12.0, "soft": -6.0, "medium": 0.0, "default": 0.0, "loud": 6.0, "x-loud": 12.0}
_STRENGTHS = {
    "none": "",
    "x-weak": "short",
    "weak": "short",
    "medium": "medium",
    "strong": "long",
    "x-strong": "long",
}

_SEMITONES_PER_OCTAVE = 12
_DB_PER_TENFOLD = 20
_RATE = (0.1, 10.0)
_SEMITONES_MOST = 24.0
_LOUDEST_RATIO = 4.0


def rate_ratio(value: str) -> float | None:
    """``120%``, ``+20%``, ``1.2``, ``fast``; None if it is not a rate."""
    if value in _RATES:
        return _RATES[value]
    ratio = _share(value)
    if ratio is None and (found := _PLAIN.fullmatch(value)):
        ratio = float(found["number"])
    return ratio if ratio is not None and _RATE[0] <= ratio <= _RATE[1] else None


def pitch_semitones(value: str) -> float | None:
    """``+2.5st``, ``-10%``, ``high``; None if it is not an interval; for example a pitch in Hz."""
    if found := _SEMITONES.fullmatch(value):
        semitones = float(found["number"])
    else:
        ratio = _PITCHES.get(value) or _share(value, signed=True)
        if ratio is None or ratio <= 0:
            return None
        semitones = _SEMITONES_PER_OCTAVE * math.log2(ratio)
    return semitones if abs(semitones) <= _SEMITONES_MOST else None


def volume_ratio(value: str) -> float | None:
    """``+6dB``, ``50`` (of 100), ``-10%``, ``loud``, ``silent``; None if it is not a volume."""
    if value == "silent":
        return 0.0
    decibels = _VOLUMES_DB.get(value)
    if found := _DECIBELS.fullmatch(value):
        decibels = float(found["number"])
    if decibels is not None:
        return min(float(10 ** (decibels / _DB_PER_TENFOLD)), _LOUDEST_RATIO)
    if (found := _PLAIN.fullmatch(value)) and value[0] not in "+-":
        ratio: float | None = float(value) / 100
    else:
        ratio = _share(value)
    return ratio if ratio is not None and 0 <= ratio <= _LOUDEST_RATIO else None


def time_ms(value: str) -> int | None:
    """``500ms``, ``1.5s``; None if it is not a time."""
    found = _TIME.fullmatch(value)
    if found is None:
        return None
    return round(float(found["number"]) * (1000 if found["unit"] == "s" else 1))


def break_of(position: int, strength: str) -> Pause | None:
    """The pause of that strength; None if it is not a strength."""
    name = _STRENGTHS.get(strength)
    return None if name is None else Pause(position, NAMED_PAUSES_MS.get(name, 0), name)


def _share(value: str, *, signed: bool = False) -> float | None:
    """``120%`` and ``+20%`` as 1.2. ``signed``: a ``20%`` without a sign means 20 % more, as for pitches."""
    found = _PERCENT.fullmatch(value)
    if found is None:
        return None
    share = float(found["number"]) / 100
    return 1 + share if signed or value[0] in "+-" else share
