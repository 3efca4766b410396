"""A scripted engine, and the contract suite for engines."""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import pytest

from segue.kernel.errors import SegueError, Unavailable, Unsupported
from segue.speech.core.catalogue import Capabilities, Range, Voice
from segue.speech.core.speech import Pcm, SampleEncoding, Utterance
from segue.speech.core.text.scripts import scripts_of_language
from segue.speech.ports.engine import Engine, Health
from segue.testing.audio import babble

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

_CAPABILITIES = Capabilities(pitch_semitones=Range(-12, 12), rate_ratio=Range(0.25, 4), streaming=True)


class Interrupted(NamedTuple):
    """Speech that fails with ``error`` after ``after_s`` seconds of sound; a whole synthesis raises ``error``."""

    after_s: float
    error: Exception


class ScriptedEngine:
    """Implements ``segue.speech.ports.engine.Engine``: returns ``babble``, unless the script says otherwise.

    Each call takes one item of ``script``: an error is raised, audio is returned, a number delays the call by so
    many seconds, an interruption interrupts it. After that, calls follow ``always``, or return ``babble``. Streams
    have chunks of a tenth of a second, ``chunk_delay_s`` apart. ``asked`` records every utterance; ``started`` and
    ``stopped`` are set when the first call begins and ends. Voices are named by language, and all of them have the
    ``capabilities``.
    """

    def __init__(self, name: str = "scripted", *, version: str = "1", delay_s: float = 0.0) -> None:
        self.name = name
        self.version = version
        self.voices_revision = 0
        self.capabilities = _CAPABILITIES
        self.delay_s = delay_s
        self.chunk_delay_s = 0.0
        self.script: deque[BaseException | Pcm | float | Interrupted] = deque()
        self.always: BaseException | Pcm | float | Interrupted | None = None
        self.asked: list[Utterance] = []
        self.started = asyncio.Event()
        self.stopped = asyncio.Event()
        self.cancelled = 0
        self.ready = False
        self._closed = False

    async def start(self) -> None:
        self.ready = True

    def voices(self) -> Sequence[Voice]:
        return [self.voice("en-US"), self.voice("cmn-TW")]

    def voice(self, name: str) -> Voice:
        if not name[:2].isalpha() or not name.isascii():
            raise Unsupported(f"no voice {name!r}")
        scripts = scripts_of_language(name)
        return Voice(name, self.name, "babble", name, scripts, f"Babble {name}", self.capabilities)

    async def synthesize(self, utterance: Utterance) -> Pcm:
        with self._call(utterance):
            whole, broken_off = await self._act(utterance)
            if broken_off is not None:
                raise broken_off.error
            return whole

    async def stream(self, utterance: Utterance) -> AsyncIterator[Pcm]:
        with self._call(utterance):
            whole, broken_off = await self._act(utterance)
            step = whole.rate_hz // 10 * 2
            end = len(whole.data) if broken_off is None else int(broken_off.after_s * 10) * step
            for start in range(0, end, step):
                await asyncio.sleep(self.chunk_delay_s)
                yield replace(whole, data=whole.data[start : start + step])
            if broken_off is not None:
                raise broken_off.error

    async def health(self) -> Health:
        return Health(self.ready, "scripted")

    async def close(self) -> None:
        self.ready, self._closed = False, True

    @contextmanager
    def _call(self, utterance: Utterance) -> Iterator[None]:
        self.voice(utterance.voice)
        if self._closed:
            raise Unavailable("the engine is closed")
        self.asked.append(utterance)
        self.started.set()
        try:
            yield
        except (asyncio.CancelledError, GeneratorExit):
            self.cancelled += 1
            raise
        finally:
            self.stopped.set()

    async def _act(self, utterance: Utterance) -> tuple[Pcm, Interrupted | None]:
        await asyncio.sleep(self.delay_s)
        act = self.script.popleft() if self.script else self.always
        babbled = babble(utterance.text, rate_ratio=utterance.rate_ratio)
        match act:
            case BaseException():
                raise act
            case Interrupted():
                return babbled, act
            case float() | int():
                await asyncio.sleep(act)
            case Pcm():
                return act, None
        return babbled, None


class EngineContract:
    """The contract of every engine.

    Subclass it with fixtures ``engine`` (started) and ``utterance`` (a sentence of about two seconds).
    """

    async def test_it_is_an_engine(self, engine: Engine) -> None:
        assert isinstance(engine, Engine)
        assert engine.name
        assert engine.version

    async def test_a_whole_utterance_is_audible_speech(self, engine: Engine, utterance: Utterance) -> None:
        pcm = await engine.synthesize(utterance)
        assert 0.5 < pcm.duration_s < 30
        assert 8000 <= pcm.rate_hz <= 48_000
        assert any(pcm.data)

    async def test_a_stream_says_as_much_as_the_whole(self, engine: Engine, utterance: Utterance) -> None:
        whole = await engine.synthesize(utterance)
        pieces = [piece async for piece in engine.stream(utterance)]
        assert {(piece.rate_hz, piece.encoding) for piece in pieces} == {(pieces[0].rate_hz, pieces[0].encoding)}
        assert sum(piece.duration_s for piece in pieces) == pytest.approx(whole.duration_s, rel=0.25)

    async def test_in_the_background_it_says_as_much(self, engine: Engine, utterance: Utterance) -> None:
        whole = await engine.synthesize(utterance)
        behind = replace(utterance, background=True)
        pieces = [piece async for piece in engine.stream(behind)]
        assert (await engine.synthesize(behind)).duration_s == pytest.approx(whole.duration_s, rel=0.25)
        assert sum(piece.duration_s for piece in pieces) == pytest.approx(whole.duration_s, rel=0.25)

    async def test_samples_are_whole(self, engine: Engine, utterance: Utterance) -> None:
        pcm = await engine.synthesize(utterance)
        assert len(pcm.data) % (4 if pcm.encoding is SampleEncoding.F32 else 2) == 0

    async def test_calls_at_once_do_not_mix(self, engine: Engine, utterance: Utterance) -> None:
        longer = replace(utterance, text=f"{utterance.text} {utterance.text} {utterance.text}")
        alone = await engine.synthesize(utterance)
        answers = await asyncio.gather(*(engine.synthesize(item) for item in (utterance, longer) * 4))
        for short, long in zip(answers[::2], answers[1::2], strict=True):
            assert short.duration_s == pytest.approx(alone.duration_s, rel=0.25)
            assert long.duration_s > 1.8 * alone.duration_s

    async def test_a_cancelled_call_does_no_harm(self, engine: Engine, utterance: Utterance) -> None:
        task = asyncio.ensure_future(engine.synthesize(utterance))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await engine.synthesize(utterance)).duration_s > 0.5

    async def test_a_stream_left_early_does_no_harm(self, engine: Engine, utterance: Utterance) -> None:
        stream = engine.stream(utterance)
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]  # engines stream with async generators
        assert (await engine.synthesize(utterance)).duration_s > 0.5

    async def test_every_listed_voice_is_known(self, engine: Engine) -> None:
        listed = engine.voices()
        assert listed
        assert all(engine.voice(voice.name) == voice for voice in listed)

    async def test_an_unknown_voice_is_unsupported(self, engine: Engine, utterance: Utterance) -> None:
        with pytest.raises(Unsupported):
            engine.voice("no-such-voice-☃")
        with pytest.raises(SegueError):
            await engine.synthesize(replace(utterance, voice="no-such-voice-☃"))

    async def test_odd_texts_end(self, engine: Engine, utterance: Utterance) -> None:
        for text in ("a", "1,000,007", "<speak>&amp;</speak>", "[[h@l@U]]", "🙂 hi", "x" * 400, "…!?"):
            try:
                await engine.synthesize(replace(utterance, text=text))
            except SegueError:
                continue

    async def test_faster_is_shorter(self, engine: Engine, utterance: Utterance) -> None:
        if engine.voice(utterance.voice).capabilities.rate_ratio is None:
            pytest.skip("this voice has a fixed rate")
        usual = await engine.synthesize(utterance)
        fast = await engine.synthesize(replace(utterance, rate_ratio=1.5))
        assert fast.duration_s < 0.85 * usual.duration_s

    async def test_it_is_healthy_until_closed(self, engine: Engine, utterance: Utterance) -> None:
        assert (await engine.health()).ready
        await engine.close()
        await engine.close()
        assert not (await engine.health()).ready
        with pytest.raises(SegueError):
            await engine.synthesize(utterance)
