"""The gain of each voice, looked up by manner."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from segue.speech.audio.level_book import LevelBook

if TYPE_CHECKING:
    from segue.speech.core.speech import Manner

_WELL_KNOWN_OUTPUTS = 16
_MEASURED_OF = 16
"""Once a voice is well known, one in this many outputs is measured.

Voices rarely change, and measuring takes as long as processing the audio.
"""
_MOST_KEYS = 1024


class Levels:
    """What has been measured of each voice, by engine and name. Manners without a target loudness are ignored."""

    def __init__(self) -> None:
        self._book = LevelBook()
        self._passed: Counter[tuple[str, str]] = Counter()

    def gain_db(self, manner: Manner) -> float | None:
        """The gain that brings the voice to its target loudness, from earlier measurements; None without any."""
        if manner.level_lufs is None:
            return 0.0
        return self._book.gain_db((manner.engine, manner.voice), manner.level_lufs)

    def learn(self, manner: Manner, gain_db: float | None, duration_s: float) -> None:
        """Records the gain that an output of the voice needed. None is ignored."""
        if manner.level_lufs is not None and gain_db is not None:
            self._book.learn_gain((manner.engine, manner.voice), manner.level_lufs, gain_db, duration_s)

    def wants(self, manner: Manner) -> bool:
        """Whether an output of the voice should be measured: few have been so far, or it is the next in turn."""
        key = manner.engine, manner.voice
        if self._book.heard(key) < _WELL_KNOWN_OUTPUTS:
            return True
        if len(self._passed) >= _MOST_KEYS:
            self._passed.clear()
        self._passed[key] += 1
        return self._passed[key] % _MEASURED_OF == 0
