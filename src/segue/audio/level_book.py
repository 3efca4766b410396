"""How loud each voice has been, learnt from what it has said: the gain for what cannot be measured beforehand."""

from __future__ import annotations

from collections import OrderedDict, deque
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from segue.audio.level import Loudness, gain_for
from segue.audio.true_peak import SILENT_DBTP

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

_REMEMBERED_OUTPUTS = 64
_REMEMBERED_KEYS = 1024
_LONGEST_COUNTED_S = 30.0
"""One reading of a whole chapter is still one reading."""


class _Output(NamedTuple):
    lufs: float
    peak_over_lufs_db: float
    weight_s: float


class LevelBook:
    """What was measured of each key's last 64 outputs, as they left the engine; of at most 1024 keys.

    A key is whatever has a loudness of its own: engine and voice, and what makes it louder or softer. Holds no
    lock: to be used from one thread.
    """

    def __init__(self) -> None:
        self._outputs: OrderedDict[Hashable, deque[_Output]] = OrderedDict()

    def learn(self, key: Hashable, loudness: Loudness, duration_s: float) -> None:
        """What could not be measured, being short or silent, teaches nothing."""
        if loudness.integrated_lufs is None or duration_s <= 0.0:
            return
        lufs, true_peak_dbtp = loudness.integrated_lufs, loudness.true_peak_dbtp
        outputs = self._outputs.setdefault(key, deque(maxlen=_REMEMBERED_OUTPUTS))
        outputs.append(_Output(lufs, true_peak_dbtp - lufs, min(duration_s, _LONGEST_COUNTED_S)))
        self._outputs.move_to_end(key)
        while len(self._outputs) > _REMEMBERED_KEYS:
            self._outputs.popitem(last=False)

    def learn_gain(self, key: Hashable, target_lufs: float, gain_db: float, duration_s: float) -> None:
        """It took this gain to bring an output to the target with its peaks limited: worth more than a loudness,
        from which the gain would have to be estimated.
        """
        self.learn(key, Loudness(target_lufs - gain_db, SILENT_DBTP), duration_s)

    def heard(self, key: Hashable) -> int:
        """How many outputs it remembers."""
        return len(self._outputs.get(key, ()))

    def usual(self, key: Hashable) -> Loudness | None:
        """Half of the key's seconds were louder, half softer, whatever single outputs were; likewise its peaks."""
        outputs = self._outputs.get(key)
        if not outputs:
            return None
        lufs = _middle((output.lufs, output.weight_s) for output in outputs)
        return Loudness(lufs, lufs + _middle((output.peak_over_lufs_db, output.weight_s) for output in outputs))

    def gain_db(self, key: Hashable, target_lufs: float) -> float | None:
        """What brings the key to the target; None while nothing is known of it."""
        usual = self.usual(key)
        return None if usual is None else gain_for(usual, target_lufs)


def _middle(weighted: Iterable[tuple[float, float]]) -> float:
    """The median of values by their weights."""
    ordered = sorted(weighted)
    reached = list(accumulate(weight for _, weight in ordered))
    return next(value for (value, _), at in zip(ordered, reached, strict=True) if at >= reached[-1] / 2)
