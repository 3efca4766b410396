"""Remembers the loudness of each voice's output, to find the gain for audio that cannot be measured in advance."""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from segue.speech.audio.level import Loudness, gain_for
from segue.speech.audio.true_peak import SILENT_DBTP

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_REMEMBERED_OUTPUTS = 64
_REMEMBERED_KEYS = 1024
_LONGEST_COUNTED_S = 30.0
"""The most seconds that one output counts with, so that a whole chapter is still one observation."""


class _Output(NamedTuple):
    lufs: float
    peak_over_lufs_db: float
    weight_s: float


class LevelBook:
    """The measurements of the last 64 outputs of each key, before levelling. Holds at most 1024 keys.

    A key is anything with a loudness of its own: an engine and voice, and settings that change the loudness. Has
    no lock; use it from one thread.
    """

    def __init__(self) -> None:
        self._outputs: OrderedDict[Hashable, deque[_Output]] = OrderedDict()

    def learn(self, key: Hashable, loudness: Loudness, duration_s: float) -> None:
        """Records a measurement.

        Outputs that could not be measured, because they are short or silent, are ignored.
        """
        if loudness.integrated_lufs is None or duration_s <= 0.0:
            return
        lufs, true_peak_dbtp = loudness.integrated_lufs, loudness.true_peak_dbtp
        outputs = self._outputs.setdefault(key, deque(maxlen=_REMEMBERED_OUTPUTS))
        outputs.append(_Output(lufs, true_peak_dbtp - lufs, min(duration_s, _LONGEST_COUNTED_S)))
        self._outputs.move_to_end(key)
        while len(self._outputs) > _REMEMBERED_KEYS:
            self._outputs.popitem(last=False)

    def learn_gain(self, key: Hashable, target_lufs: float, gain_db: float, duration_s: float) -> None:
        """Records the gain that brought an output to the target after limiting.

        This is more exact than a loudness, from which the gain has to be estimated.
        """
        self.learn(key, Loudness(target_lufs - gain_db, SILENT_DBTP), duration_s)

    def heard(self, key: Hashable) -> int:
        """The number of outputs that are remembered."""
        return len(self._outputs.get(key, ()))

    def usual(self, key: Hashable) -> Loudness | None:
        """The median loudness and peak of the key, weighted by duration."""
        outputs = self._outputs.get(key)
        if not outputs:
            return None
        lufs = _middle((output.lufs, output.weight_s) for output in outputs)
        return Loudness(lufs, lufs + _middle((output.peak_over_lufs_db, output.weight_s) for output in outputs))

    def gain_db(self, key: Hashable, target_lufs: float) -> float | None:
        """The gain that brings the key to the target; None if nothing is known about it."""
        usual = self.usual(key)
        return None if usual is None else gain_for(usual, target_lufs)


def _middle(weighted: Iterable[tuple[float, float]]) -> float:
    """The weighted median."""
    ordered = sorted(weighted)
    reached = list(accumulate(weight for _, weight in ordered))
    return next(value for (value, _), at in zip(ordered, reached, strict=True) if at >= reached[-1] / 2)
