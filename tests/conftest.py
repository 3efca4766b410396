"""What all tests share: how hypothesis works here, and the embedded voices, spoken with once a session."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import Phase, settings

if TYPE_CHECKING:
    from support.speech import Spoken

settings.register_profile("segue", deadline=None, max_examples=300)  # a busy machine is slow, not wrong
# For mutants, which are many: that a test fails is all that counts, not the smallest example for it.
settings.register_profile(
    "brief",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "segue"))


@pytest.fixture(scope="session")
def espeak_speech() -> list[Spoken]:
    """Every text of the corpus by every character of the embedded profile."""
    from support.speech import spoken_by_espeak

    return spoken_by_espeak()


@pytest.fixture(scope="session")
def piper_speech() -> list[Spoken]:
    """Every English text of the corpus at the voice's own pace, a part of them slower and faster."""
    from support.speech import spoken_by_piper

    return spoken_by_piper()
