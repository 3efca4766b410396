"""How often a voice is measured: each time at first, then now and then."""

from __future__ import annotations

import pytest

from segue.speech.core.speech import AudioFormat, Manner
from segue.speech.service.levels import Levels

MANNER = Manner("espeak", "1", "en-us", "en-US", AudioFormat(), level_lufs=-16.0)
OTHER = Manner("piper", "1", "joe", "en-US", AudioFormat(), level_lufs=-16.0)


def heard(levels: Levels, manner: Manner, outputs: int) -> list[bool]:
    """Which of so many outputs were measured; each needs 3 dB."""
    measured = []
    for _ in range(outputs):
        measured.append(levels.wants(manner))
        if measured[-1]:
            levels.learn(manner, 3.0, 5.0)
    return measured


def test_a_voice_is_measured_each_time_until_it_is_well_known() -> None:
    assert all(heard(Levels(), MANNER, 16))


def test_then_one_output_in_sixteen_is() -> None:
    levels = Levels()
    heard(levels, MANNER, 16)

    assert sum(heard(levels, MANNER, 160)) == 10


def test_voices_are_known_each_for_itself() -> None:
    levels = Levels()
    heard(levels, MANNER, 40)

    assert all(heard(levels, OTHER, 16))


def test_a_voice_that_changes_is_noticed() -> None:
    levels = Levels()
    heard(levels, MANNER, 100)
    for _ in range(1200):
        if levels.wants(MANNER):
            levels.learn(MANNER, -2.0, 5.0)

    assert levels.gain_db(MANNER) == pytest.approx(-2.0, abs=0.1)
