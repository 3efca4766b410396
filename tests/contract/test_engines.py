"""Every engine keeps the promises of ``segue.speech.ports.engine``, the doubles among them."""

from __future__ import annotations

import sys
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest

from segue.speech.core.speech import Utterance
from segue.speech.engines import wyoming
from segue.speech.engines.faulty import FaultyEngine, InMemoryFaultBoard
from segue.speech.engines.shelter.control import EngineSource
from segue.speech.engines.shelter.engine import ShelteredEngine
from segue.testing.clock import FakeClock
from segue.testing.engine import EngineContract, ScriptedEngine
from support.commands import command_engine
from support.embedded import espeak_engine, kokoro_engine, piper_engine, sheltered_engine, sheltered_kokoro_engine
from support.service import staged
from support.wyoming_server import strict_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.ports.engine import Engine

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
        engine = FaultyEngine(ScriptedEngine(), InMemoryFaultBoard(), FakeClock())
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


@pytest.mark.embedded
class TestShelteredEspeakEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = sheltered_engine("espeak")
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en-us+m7", "en-us")


@pytest.mark.embedded
class TestShelteredPiperEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = sheltered_engine("piper", noise_ratio=0.0)
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en_US-joe-medium", "en-US")


@pytest.mark.embedded
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kokoro")
class TestKokoroEngineInMandarin(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = kokoro_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance("北邊的路封閉了。", "zf_xiaobei+zf_xiaoni", "cmn-TW")


@pytest.mark.embedded
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kokoro")
class TestKokoroEngineInEnglish(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = kokoro_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance("The north road is closed.", "am_michael", "en-US")


@pytest.mark.embedded
@pytest.mark.timeout(300)
@pytest.mark.xdist_group("kokoro")
class TestShelteredKokoroEngine(EngineContract):
    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = sheltered_kokoro_engine()
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance("北邊的路封閉了。", "zm_yunxi", "cmn-TW")


@pytest.mark.skipif(sys.platform != "linux", reason="threads are counted there")
class TestShelteredEngineOfAnotherKind(EngineContract):
    """Not of threads: it has a loop in its process."""

    @pytest.fixture
    async def engine(self) -> AsyncIterator[Engine]:
        engine = ShelteredEngine(EngineSource("support.scripted:create", {}), processes=2)
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "en-US", "en-US")


@pytest.mark.skipif(sys.platform != "linux", reason="the engine needs Linux")
@pytest.mark.parametrize("serve", ["each", "lines"])
class TestCommandEngine(EngineContract):
    @pytest.fixture
    async def engine(self, serve: str) -> AsyncIterator[Engine]:
        engine = command_engine(serve=serve)
        await engine.start()
        yield engine
        await engine.close()

    @pytest.fixture
    def utterance(self) -> Utterance:
        return Utterance(SENTENCE, "low", "en-US")


@pytest.mark.parametrize("server", ["strict", "segue"])
class TestWyomingEngine(EngineContract):
    """Over a strict server, and over Segue's own port."""

    @pytest.fixture
    async def engine(self, server: str, tmp_path: Path) -> AsyncIterator[Engine]:
        async with AsyncExitStack() as stack:
            if server == "strict":
                uri = (await stack.enter_async_context(strict_server())).uri
            else:
                stage = await stack.enter_async_context(staged(tmp_path, SEGUE_WYOMING_PORT="0"))
                assert stage.service.wyoming is not None
                uri = f"tcp://127.0.0.1:{stage.service.wyoming.port}"
            engine = wyoming.create({"uri": uri})
            await engine.start()
            yield engine
            await engine.close()

    @pytest.fixture
    def utterance(self, server: str) -> Utterance:
        return Utterance(SENTENCE, "en_US-joe-medium" if server == "strict" else "pip_boy", "en-US")
