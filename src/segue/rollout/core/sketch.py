"""A sketch of durations, from which any quantile can be read with an error of at most 1 %.

DDSketch (Masson, Rim, Lee 2019, PVLDB 12(12)): durations are counted in buckets whose edges grow by a constant
ratio. A quantile read from them has a relative error of at most ``ACCURACY``, and two sketches are added bucket by
bucket. Sketches are for reports only; gates count exactly, at their own edges.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ACCURACY = 0.01
_GAMMA = (1.0 + ACCURACY) / (1.0 - ACCURACY)
_LOG_GAMMA = math.log(_GAMMA)
_LEAST_S = 1e-6
"""Shorter durations are counted as this long."""

_ROUNDING = 1e-9
"""Part of a rank that is a rounding error: 0.07 of 100 is a little more than 7 in floating point."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """How many durations are in each bucket, by bucket number, in order."""

    buckets: tuple[tuple[int, float], ...] = ()

    @property
    def count(self) -> float:
        return sum(count for _, count in self.buckets)

    def plus(self, other: Sketch) -> Sketch:
        if not other.buckets:
            return self
        summed = Counter(dict(self.buckets))
        summed.update(dict(other.buckets))
        return Sketch(tuple(sorted(summed.items())))

    def times(self, ratio: float) -> Sketch:
        return Sketch(tuple((number, count * ratio) for number, count in self.buckets))

    def quantile_s(self, part: float) -> float | None:
        """The smallest value that ``part`` (0 to 1) of the durations do not exceed (nearest rank); None if there
        are none.

        Of a few durations a high quantile is thus the longest one, not one that half of them exceed.
        """
        rank, seen = part * self.count * (1.0 - _ROUNDING), 0.0
        for number, count in self.buckets:
            seen += count
            if seen >= rank:
                return 2.0 * math.exp(number * _LOG_GAMMA) / (_GAMMA + 1.0)
        return None


EMPTY = Sketch()


def sketched(durations_s: Iterable[float]) -> Sketch:
    """A sketch of these durations."""
    numbers = Counter(math.ceil(math.log(max(one, _LEAST_S)) / _LOG_GAMMA) for one in durations_s)
    return Sketch(tuple(sorted((number, float(count)) for number, count in numbers.items())))
