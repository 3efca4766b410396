"""A selection of cells of the drawn counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from segue.rollout.simulation.drawn import Drawn, Floats


class Cells:
    """A selection of cells of the drawn counts, in a row; each count is looked up once, on first use."""

    def __init__(self, drawn: Drawn, runs: NDArray[np.intp], scopes: NDArray[np.intp]) -> None:
        self._drawn = drawn
        self._numbers = runs * drawn.units.shape[1] + scopes

    def __getattr__(self, name: str) -> Floats:
        drawn: Floats = getattr(self._drawn, name)
        counts: Floats = drawn.reshape(*drawn.shape[:-2], -1).take(self._numbers, axis=-1)
        setattr(self, name, counts)
        return counts
