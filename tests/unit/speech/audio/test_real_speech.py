"""Real speech takes no longer than its text may, and is never refused; the same speech, spoiled, always is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.speech.audio.inspect import DEFAULT_LIMITS, FATAL, Finding, inspect
from segue.speech.audio.pcm import to_samples
from segue.speech.core.text.pace import plausible_duration
from segue.speech.engines.faulty import spoiled
from segue.speech.ports.faults import FaultKind
from support.speech import spoken_by_espeak, spoken_by_piper

if TYPE_CHECKING:
    from segue.speech.core.speech import Pcm
    from support.speech import LineAudio

pytestmark = [
    pytest.mark.embedded,
    pytest.mark.timeout(300),  # minutes of speech are spoken first
    pytest.mark.xdist_group("corpus"),
]

HEARD_AS = {
    FaultKind.EMPTY: {Finding.EMPTY},
    FaultKind.SILENCE: {Finding.SILENT},
    FaultKind.NOISE: {Finding.NOISE},
    FaultKind.CLIPPING: {Finding.CLIPPED},
    FaultKind.NAN: {Finding.NOT_A_NUMBER},
    FaultKind.TRUNCATION: {Finding.TOO_SHORT, Finding.EMPTY, Finding.SILENT},
    FaultKind.LOOP: {Finding.LOOPING, Finding.TOO_LONG},
}
SPOILED_CHARACTERS = ("super_mutant", "pip_boy", "codsworth")


@pytest.fixture(scope="module")
def espeak_speech() -> list[LineAudio]:
    """Every text of the corpus by every character of the embedded profile."""
    return spoken_by_espeak()


@pytest.fixture(scope="module")
def piper_speech() -> list[LineAudio]:
    """Every English text of the corpus at the voice's own pace, a part of them slower and faster."""
    return spoken_by_piper()


def fatal(pcm: Pcm, spoken: LineAudio) -> frozenset[Finding]:
    said = spoken.utterance
    return FATAL.intersection(
        inspect(to_samples(pcm), pcm.rate_hz, plausible_duration(said.text, said.rate_ratio))
    )


def test_nothing_espeak_ng_says_is_refused(espeak_speech: list[LineAudio]) -> None:
    assert len({spoken.utterance.text for spoken in espeak_speech}) > 60
    assert {str(spoken): found for spoken in espeak_speech if (found := fatal(spoken.pcm, spoken))} == {}


def test_nothing_piper_says_is_refused(piper_speech: list[LineAudio]) -> None:
    assert len({spoken.utterance.text for spoken in piper_speech}) > 40
    assert {str(spoken): found for spoken in piper_speech if (found := fatal(spoken.pcm, spoken))} == {}


@pytest.mark.parametrize("kind", HEARD_AS)
def test_espeak_ng_spoiled_is_always_heard_as_what_it_is(espeak_speech: list[LineAudio], kind: FaultKind) -> None:
    some = [spoken for spoken in espeak_speech if spoken.utterance.character_key in SPOILED_CHARACTERS]

    assert missed(some, kind) == {}


@pytest.mark.parametrize("kind", HEARD_AS)
def test_piper_spoiled_is_always_heard_as_what_it_is(piper_speech: list[LineAudio], kind: FaultKind) -> None:
    assert missed(piper_speech, kind) == {}


def missed(speech: list[LineAudio], kind: FaultKind) -> dict[str, frozenset[Finding]]:
    """What passed, or was refused for no reason that fits, and why."""
    dice = random.Random(7)
    heard = {str(spoken): fatal(spoiled(spoken.pcm, kind, dice), spoken) for spoken in speech}
    return {what: found for what, found in heard.items() if not found & HEARD_AS[kind]}


def test_real_speech_of_espeak_ng_is_within_the_bounds(espeak_speech: list[LineAudio]) -> None:
    assert [str(spoken) for spoken in espeak_speech if not _within_bounds(spoken)] == []


def test_real_speech_of_piper_is_within_the_bounds(piper_speech: list[LineAudio]) -> None:
    assert [str(spoken) for spoken in piper_speech if not _within_bounds(spoken)] == []


def test_a_text_that_repeats_itself_is_no_longer_than_usual(
    espeak_speech: list[LineAudio], piper_speech: list[LineAudio]
) -> None:
    """What is longer than usual is asked whether it loops; "ha ha ha ha" must not be."""
    repeating = (
        "no no",
        "No, no",
        "ha ha",
        "Ha! Ha!",
        "Yes yes",
        "tick tock",
        "哈哈",
        "不不",
        "不,不",
        "滴答",
        "好好",
    )
    repeated = [
        spoken for spoken in (*espeak_speech, *piper_speech) if spoken.utterance.text.startswith(repeating)
    ]
    assert len(repeated) > 100

    def is_longer_than_usual(spoken: LineAudio) -> bool:
        said = spoken.utterance
        return last_sound_s(spoken.pcm) > plausible_duration(said.text, said.rate_ratio).usual_s

    assert [str(spoken) for spoken in repeated if is_longer_than_usual(spoken)] == []


def last_sound_s(pcm: Pcm) -> float:
    """Where the inspection, too, takes speech to end: at its last sound, not after the pause that follows."""
    loud = np.flatnonzero(np.abs(to_samples(pcm)) > 10 ** (DEFAULT_LIMITS.silence_db / 20))
    return float(loud[-1] + 1) / pcm.rate_hz


def _within_bounds(spoken: LineAudio) -> bool:
    said = spoken.utterance
    bounds = plausible_duration(said.text, said.rate_ratio)
    return bounds.shortest_s <= spoken.pcm.duration_s <= bounds.longest_s
