"""One slot of every run: what each arm's units came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, NOTHING, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Mask: TypeAlias = NDArray[np.bool_]


@dataclass(slots=True)
class Drawn:
    """Counts by run and character for one arm; ``over`` and ``late`` have the edges first, ``late`` none of them
    where no gate looks at streams.
    """

    units: Floats
    errors: Floats
    bad_audio: Floats
    timed: Floats
    seconds: Floats
    over: Floats
    streams: Floats
    late: Floats

    def pooled(self) -> Drawn:
        """With the sum over all characters in front of them."""
        return Drawn(*(_with_sum(getattr(self, name)) for name in Drawn.__slots__))

    def plus(self, other: Drawn) -> Drawn:
        return Drawn(*(getattr(self, name) + getattr(other, name) for name in Drawn.__slots__))

    def times(self, factor: float) -> Drawn:
        return Drawn(*(getattr(self, name) * factor for name in Drawn.__slots__))

    def tally(self, run: int, number: int, *, handed_on: bool) -> Tally:
        """One run's counts of one character; ``handed_on``: the baseline answered for every failure."""
        at = (run, number)
        errors = float(self.errors[at])
        return Tally(
            units=float(self.units[at]),
            errors=errors,
            bad_audio=float(self.bad_audio[at]),
            fallbacks=errors if handed_on else 0.0,
            timed=float(self.timed[at]),
            seconds=float(self.seconds[at]),
            over=tuple(float(count) for count in self.over[:, run, number]),
            streams=float(self.streams[at]),
            late=tuple(float(count) for count in self.late[:, run, number]) or NOTHING.late,
        )


def nothing_drawn(runs: int, characters: int, *, streams: bool) -> Drawn:
    """``streams``: whether some gate looks at them."""
    shape = (runs, characters)
    plain = {name: np.zeros(shape) for name in Drawn.__slots__ if name not in {"over", "late"}}
    return Drawn(**plain, over=np.zeros((len(EDGES_S), *shape)), late=nobody_late(shape, streams=streams))


def nobody_late(shape: tuple[int, ...], *, streams: bool) -> Floats:
    return np.zeros((len(FIRST_AUDIO_EDGES_S) if streams else 0, *shape))


def _with_sum(counts: Floats) -> Floats:
    return np.concatenate([counts.sum(axis=-1, keepdims=True), counts], axis=-1)
