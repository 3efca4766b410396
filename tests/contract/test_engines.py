"""Every engine keeps the promises of ``segue.ports.engine``, the doubles among them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.core.speech import Utterance
from segue.engines.faulty import Faults, FaultyEngine
from segue.testing.clock import FakeClock
from segue.testing.engine import EngineContract, ScriptedEngine
from support.embedded import espeak_engine, piper_engine

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.ports.engine import Engine

SENTENCE = "The road to the north is closed, wanderer."


class TestScriptedEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = ScriptedEngine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en-US", "en-US")


class TestFaultyEngineWithoutFaults(EngineContract):
    """With nothing on the board it is the engine it stands before."""

    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = FaultyEngine(ScriptedEngine(), Faults(), FakeClock())
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en-US", "en-US")


@pytest.mark.embedded
class TestEspeakEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = espeak_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en-us+m7", "en-us")


@pytest.mark.embedded
class TestEspeakEngineInMandarin(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = espeak_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance("往北的路已經封閉了,流浪者。", "cmn+f1", "cmn")


@pytest.mark.embedded
class TestPiperEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = piper_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en_US-joe-medium", "en-US")
