"""One slot of every run: the counts of each arm's units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.windows import NOTHING, Tally

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats: TypeAlias = NDArray[np.float64]
    Mask: TypeAlias = NDArray[np.bool_]


@dataclass(slots=True)
class Drawn:
    """Counts by run and character for one arm, named as in ``segue.rollout.core.windows.Tally``.

    The first dimension of ``over`` and ``late`` are the edges; ``late`` has none if no gate uses streams.
    """

    units: Floats
    errors: Floats
    bad_audio: Floats
    refused: Floats
    fallbacks: Floats
    unserved: Floats
    timed: Floats
    seconds: Floats
    over: Floats
    streams: Floats
    late: Floats

    def pooled(self) -> Drawn:
        """The same with an additional first column: the sum over all characters."""
        return Drawn(*(_with_sum(getattr(self, name)) for name in Drawn.__slots__))

    def plus(self, other: Drawn) -> Drawn:
        return Drawn(*(getattr(self, name) + getattr(other, name) for name in Drawn.__slots__))

    def times(self, factor: float) -> Drawn:
        return Drawn(*(getattr(self, name) * factor for name in Drawn.__slots__))

    def add(self, other: Drawn, runs: Mask) -> None:
        """Adds the other's counts of these runs to these."""
        left_out = np.flatnonzero(~runs)
        for name in Drawn.__slots__:
            counts = getattr(self, name)
            kept = counts[..., left_out, :]
            counts += getattr(other, name)
            counts[..., left_out, :] = kept

    def set_run(self, run: int, other: Drawn) -> None:
        """Replaces one run's counts by the other's."""
        for name in Drawn.__slots__:
            getattr(self, name)[..., run, :] = getattr(other, name)[..., run, :]

    def of_run(self, run: int) -> Drawn:
        """One run's counts alone."""
        return Drawn(*(getattr(self, name)[..., run : run + 1, :] for name in Drawn.__slots__))

    def minus(self, other: Drawn) -> Drawn:
        return Drawn(*(getattr(self, name) - getattr(other, name) for name in Drawn.__slots__))

    def first(self) -> Drawn:
        """Only the first column: in pooled counts, the sum over all characters."""
        return Drawn(*(getattr(self, name)[..., :1] for name in Drawn.__slots__))

    def clear(self, run: int) -> None:
        """Sets the counts of one run to 0."""
        for name in Drawn.__slots__:
            getattr(self, name)[..., run, :] = 0.0

    def tally(self, run: int, number: int) -> Tally:
        """One run's counts for one character."""
        plain = {name: float(getattr(self, name)[run, number]) for name in _PLAIN}
        over = tuple(float(count) for count in self.over[:, run, number])
        late = tuple(float(count) for count in self.late[:, run, number]) or NOTHING.late
        return Tally(over=over, late=late, **plain)  # type: ignore[arg-type]  # the plain ones are all floats


_PLAIN = tuple(name for name in Drawn.__slots__ if name not in {"over", "late"})


def nothing_drawn(runs: int, characters: int, *, streams: bool) -> Drawn:
    """Counts of 0. ``streams``: whether some gate uses streams."""
    shape = (runs, characters)
    plain = {name: np.zeros(shape) for name in _PLAIN}
    return Drawn(**plain, over=np.zeros((len(EDGES_S), *shape)), late=nobody_late(shape, streams=streams))


def nobody_late(shape: tuple[int, ...], *, streams: bool) -> Floats:
    return np.zeros((len(FIRST_AUDIO_EDGES_S) if streams else 0, *shape))


def _with_sum(counts: Floats) -> Floats:
    characters = counts.shape[-1]
    pooled = np.empty((*counts.shape[:-1], characters + 1))
    pooled[..., 1:] = counts
    pooled[..., 0] = counts @ np.ones(characters)  # faster than a sum along a short axis
    return pooled
