"""The gain of each voice, as those see it who make audio in some manner."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.audio.level_book import LevelBook

if TYPE_CHECKING:
    from segue.core.speech import Manner

_WELL_KNOWN_OUTPUTS = 16


class Levels:
    """What has been learnt of voices, by engine and name; where no level is wanted, nothing is."""

    def __init__(self) -> None:
        self._book = LevelBook()

    def gain_db(self, manner: Manner) -> float | None:
        """What brings the voice to its level, by what has been heard of it; None: nothing yet."""
        if manner.level_lufs is None:
            return 0.0
        return self._book.gain_db((manner.engine, manner.voice), manner.level_lufs)

    def learn(self, manner: Manner, gain_db: float | None, duration_s: float) -> None:
        """An output of the voice took this gain; None teaches nothing."""
        if manner.level_lufs is not None and gain_db is not None:
            self._book.learn_gain((manner.engine, manner.voice), manner.level_lufs, gain_db, duration_s)

    def knows_little_of(self, manner: Manner) -> bool:
        """Whether the voice has hardly been heard yet."""
        return self._book.heard((manner.engine, manner.voice)) < _WELL_KNOWN_OUTPUTS
