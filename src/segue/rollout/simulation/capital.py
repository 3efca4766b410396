"""Betting on a mean, for many cells at once: the arithmetic of ``segue.rollout.core.betting`` on arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from segue.rollout.core.betting import edges_s, odds_beyond

if TYPE_CHECKING:
    from segue.rollout.simulation.cells import Cells
    from segue.rollout.simulation.drawn import Drawn, Floats, Mask


_ROUGHLY = 1e-9
_BARELY = 1.0 - _ROUGHLY


class Capital:
    """The gains in a slot of each stake on "the mean is above the level"."""

    def __init__(self, level_s: float, longest_s: float) -> None:
        odds = odds_beyond(level_s, longest_s)
        self._at_edge = np.array([one.at_edge for one in odds])
        self._slope = np.array([one.slope for one in odds])
        self._longest = np.array([one.longest for one in odds])
        self._level_s, self._longest_s = level_s, longest_s
        ends_s = np.array(edges_s(longest_s))
        self._lower_s, self._width_s = ends_s[:-1], np.diff(ends_s)
        self.stakes = len(odds)

    def can_gain(self, drawn: Drawn) -> Mask:
        """Where some stake can gain: where the mean of the durations with the smallest gain is above the level.

        Their sum is the drawn one, or that of the lower edges if the counts require more. A logarithm is concave,
        so no stake gains from durations whose mean is at most the level.
        """
        least_s = np.tensordot(np.diff(self._lower_s), drawn.over, 1)
        can: Mask = np.maximum(drawn.seconds, least_s) > _BARELY * self._level_s * drawn.timed
        return can

    def gains(self, drawn: Cells) -> Floats:
        """The gains by stake and cell; ``drawn`` has its cells in one row."""
        counts = _counts_between(drawn)
        room_s = counts * self._width_s[:, None]
        left_s = np.maximum(drawn.seconds - self._lower_s @ counts, 0.0)
        above_s = np.cumsum(room_s[::-1], axis=0)[::-1] - room_s
        taken_s = np.clip(left_s - above_s, 0.0, room_s)
        gained: Floats = self._at_edge @ counts + self._slope @ taken_s
        unlike = left_s - room_s.sum(axis=0) > _ROUGHLY * drawn.seconds
        if unlike.any():
            gained[:, unlike] = self._by_sum(drawn.timed[unlike], drawn.seconds[unlike])
        return gained

    def _by_sum(self, timed: Floats, seconds: Floats) -> Floats:
        """The gains if the counts contradict the sum: every call took either no time or the maximum."""
        longest = np.minimum(seconds / self._longest_s, timed)
        gained: Floats = self._at_edge[:, :1] * (timed - longest) + self._longest[:, None] * longest
        return gained


def _counts_between(drawn: Cells) -> Floats:
    beyond = np.concatenate([drawn.timed[None], drawn.over, np.zeros((1, drawn.timed.size))])
    beyond = np.maximum.accumulate(beyond[::-1], axis=0)[::-1]
    counts: Floats = beyond[:-1] - beyond[1:]
    return counts
