"""Engines found by name."""

from __future__ import annotations

import pytest

from segue.kernel.errors import ConfigurationError
from segue.speech.engines import registry
from support.embedded import espeak_engine


def test_the_engines_that_come_with_segue_are_registered() -> None:
    shipped = {
        "azure",
        "command",
        "elevenlabs",
        "espeak",
        "google",
        "kokoro",
        "openai",
        "piper",
        "polly",
        "wyoming",
    }
    assert shipped <= set(registry.registered())


def test_an_unknown_engine_is_named_beside_those_that_are_there() -> None:
    with pytest.raises(ConfigurationError, match=r"unknown engine 'siri'; installed: .*espeak"):
        registry.create("siri", {})


@pytest.mark.embedded
async def test_an_engine_is_made_by_its_name() -> None:
    espeak_engine()
    engine = registry.create("espeak", {})

    assert engine.name == "espeak"
    await engine.close()


@pytest.mark.embedded
def test_an_option_it_refuses_is_a_fault_of_the_configuration() -> None:
    espeak_engine()

    with pytest.raises(ConfigurationError, match="engine 'espeak': unknown options speed; known: none"):
        registry.create("espeak", {"speed": 2})
