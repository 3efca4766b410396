"""Real speech is never refused; the same speech, spoiled, always is."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from segue.audio.inspect import FATAL, Finding, inspect
from segue.audio.pcm import to_samples
from segue.core.text.pace import plausible_duration
from segue.engines.faulty import spoiled
from segue.ports.faults import FaultKind

if TYPE_CHECKING:
    from segue.core.speech import Pcm
    from support.speech import Spoken

pytestmark = [pytest.mark.embedded, pytest.mark.timeout(300)]  # minutes of speech are spoken first

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


def fatal(pcm: Pcm, spoken: Spoken) -> frozenset[Finding]:
    said = spoken.utterance
    return FATAL.intersection(
        inspect(to_samples(pcm), pcm.rate_hz, plausible_duration(said.text, said.rate_ratio))
    )


def test_nothing_espeak_ng_says_is_refused(espeak_speech: list[Spoken]) -> None:
    assert len({spoken.utterance.text for spoken in espeak_speech}) > 60
    assert {str(spoken): found for spoken in espeak_speech if (found := fatal(spoken.pcm, spoken))} == {}


def test_nothing_piper_says_is_refused(piper_speech: list[Spoken]) -> None:
    assert len({spoken.utterance.text for spoken in piper_speech}) > 40
    assert {str(spoken): found for spoken in piper_speech if (found := fatal(spoken.pcm, spoken))} == {}


@pytest.mark.parametrize("kind", HEARD_AS)
def test_espeak_ng_spoiled_is_always_heard_as_what_it_is(espeak_speech: list[Spoken], kind: FaultKind) -> None:
    some = [spoken for spoken in espeak_speech if spoken.utterance.character_key in SPOILED_CHARACTERS]

    assert missed(some, kind) == {}


@pytest.mark.parametrize("kind", HEARD_AS)
def test_piper_spoiled_is_always_heard_as_what_it_is(piper_speech: list[Spoken], kind: FaultKind) -> None:
    assert missed(piper_speech, kind) == {}


def missed(speech: list[Spoken], kind: FaultKind) -> dict[str, frozenset[Finding]]:
    """What passed, or was refused for no reason that fits, and why."""
    dice = random.Random(7)
    heard = {str(spoken): fatal(spoiled(spoken.pcm, kind, dice), spoken) for spoken in speech}
    return {what: found for what, found in heard.items() if not found & HEARD_AS[kind]}
