"""The engine keeps the promises that Segue relies on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.ports.engine import Utterance
from segue.testing.engine import EngineContract
from segue_engine_notes import create

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.ports.engine import Engine


class TestNotesEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = create({})
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance("The road to the north is closed.", "flute", "en-US")


def test_an_unknown_option_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown options loudness; known: note_s"):
        create({"loudness": 3})
