"""Texts in which nothing can be spoken are a silence, or the name of a sign."""

from __future__ import annotations

import pytest

from segue.speech.core.catalogue import Capabilities
from segue.speech.core.speech import NEUTRAL, Controls, Pause
from segue.speech.core.text.quiet import LEAST_SILENCE_MS, may_sound, silence_for, silence_loss

NAMING = Capabilities(named_alone=frozenset("👍$"))


@pytest.mark.parametrize("text", ["...", "…", "”", "", "---", "👍", "$", "?!"])
def test_a_voice_that_names_no_signs_is_silent(text: str) -> None:
    assert silence_for(text, NEUTRAL, Capabilities()) == LEAST_SILENCE_MS


@pytest.mark.parametrize("text", ["👍", "👍👍!", "$", "Hello", "5", "…5"])
def test_what_has_a_name_or_letters_is_spoken(text: str) -> None:
    assert silence_for(text, NEUTRAL, NAMING) == 0


def test_pauses_alone_last_as_long_as_they_say() -> None:
    assert silence_for("", Controls(pauses=(Pause(0, 1500), Pause(0, 500))), NAMING) == 2000
    assert silence_for("…", Controls(pauses=(Pause(0, 10),)), NAMING) == LEAST_SILENCE_MS


def test_the_caller_is_told() -> None:
    assert str(silence_loss("…", 300)) == "text … applied as 300 ms of silence: nothing in it can be spoken"
    assert len(str(silence_loss("." * 5000, 300))) < 120


@pytest.mark.parametrize(("text", "may"), [("a", True), ("🙂", True), ("…", False), ("”", False), ("", False)])
def test_only_letters_digits_and_pictures_may_sound(text: str, *, may: bool) -> None:
    assert may_sound(text) is may
