"""Streams: early, through failures, never cut in silence, kept only when whole."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from segue.kernel.arms import Arm, Unit, UnitSource
from segue.kernel.errors import SegueError, Unavailable
from segue.speech.audio.decode import decode
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Controls,
    Pause,
    Pcm,
    SpeechRequest,
)
from segue.testing.engine import Interrupted
from support.service import staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.core.speech import Utterance
    from segue.speech.service.stream import Stream
    from segue.testing.engine import ScriptedEngine
    from support.service import Stage

pytestmark = pytest.mark.whole_service

FIRST = "Good morning, wanderer, and welcome back to the only shop that is open this early."
SECOND = "Today we have water, clean water, and a very few things that were once biscuits."
THIRD = "Do mind the step on your way out, for the last customer did not, and look at him."
TEXT = f"{FIRST} {SECOND} {THIRD}"
BROKEN = Unavailable("the engine went away")


def asked(text: str = TEXT, *, arm: Arm = Arm.CANDIDATE, cached: bool = False) -> SpeechRequest:
    return SpeechRequest(
        text=text,
        character_key="pip_boy",
        unit=Unit("ann", UnitSource.USER),
        request_id="r",
        dialect="test",
        audio_format=AudioFormat(Container.WAV),
        forced_arm=arm,
        cache_enabled=cached,
    )


@asynccontextmanager
async def stream_of(stage: Stage, request: SpeechRequest) -> AsyncIterator[Stream]:
    pipeline = stage.service.speech.pipeline
    stream = await pipeline.stream(pipeline.enter(request))
    try:
        yield stream
    finally:
        await stream.aclose()


async def heard(stage: Stage, request: SpeechRequest) -> bytes:
    async with stream_of(stage, request) as stream:
        return b"".join([data async for data in stream])


def words(stage: Stage) -> tuple[list[str], list[str]]:
    """What the candidate was asked to say, and what the baseline."""
    return [said.text for said in stage.bold.asked], [said.text for said in stage.calm.asked]


async def test_a_stream_says_the_text_sentence_by_sentence(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        whole = decode(await heard(stage, asked()))

        assert words(stage) == ([FIRST, SECOND, THIRD], [])
        assert whole.duration_s == pytest.approx(len(TEXT) * 0.08, rel=0.05)


async def test_the_first_sound_leaves_before_the_engine_is_done(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.2
        async with stream_of(stage, asked()) as stream:
            header_and_sound = await asyncio.wait_for(anext(stream), 5.0)

        assert len(header_and_sound) > 44
        assert stage.bold.cancelled >= 1


@pytest.mark.parametrize("scrap", ["...", "…", "?!", "- - -", "—.", '"..."', "( ).", "😀!"])
async def test_what_makes_no_sound_is_no_line(tmp_path: Path, scrap: str) -> None:
    sentence = f"{FIRST[:-1]}, and that for as long as anyone who lives around here can remember it."
    async with staged(tmp_path) as stage:
        await heard(stage, asked(f"{scrap} {sentence} {scrap} {sentence} {scrap}"))

        lines, fallen_back = words(stage)
        assert len(lines) >= 2
        assert not fallen_back
        assert all(any(sign.isalnum() for sign in line) for line in lines)
        assert "".join(lines).count("remember it") == 2


async def test_texts_that_cannot_be_spoken_close_the_engine_to_nobody(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_BREAKER_FAILURES="2") as stage:
        for engine in (stage.bold, stage.calm):
            silent_about(FIRST, engine)
        for number in range(4):
            with pytest.raises(SegueError):
                await heard(stage, asked(f"{FIRST} {number}"))

        await heard(stage, asked(SECOND))
        assert stage.bold.asked[-1].text == SECOND


def silent_about(text: str, engine: ScriptedEngine) -> None:
    """The engine has no sound for texts that hold this one."""
    babbled = engine.synthesize
    streamed = engine.stream

    async def synthesize(utterance: Utterance) -> Pcm:
        return SILENCE if text in utterance.text else await babbled(utterance)

    async def stream(utterance: Utterance) -> AsyncIterator[Pcm]:
        if text in utterance.text:
            yield SILENCE
            return
        async for pcm in streamed(utterance):
            yield pcm

    engine.synthesize, engine.stream = synthesize, stream  # type: ignore[method-assign]


SILENCE = Pcm(bytes(44_100), 22_050)


async def test_the_next_line_is_begun_once_the_first_sound_has_left(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage, stream_of(stage, asked()) as stream:
        await anext(stream)
        await asyncio.sleep(0.05)
        assert words(stage) == ([FIRST], [])

        await anext(stream)
        await asyncio.sleep(0.05)
        assert words(stage) == ([FIRST, SECOND], [])


async def test_the_time_to_the_first_sound_is_counted_and_is_not_the_time_to_the_last(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.01
        await heard(stage, asked())
        first, whole = await first_audio_and_synthesis_s(stage)

        assert 0.01 <= first < whole / 5


async def test_a_stream_that_never_began_in_time_was_waited_for_all_that_time(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false", SEGUE_REQUEST_TIMEOUT_S="0.5") as stage:
        stage.bold.script.append(30.0)
        await heard(stage, asked())
        first, whole = await first_audio_and_synthesis_s(stage)

        assert first == whole > 0.1


async def first_audio_and_synthesis_s(stage: Stage) -> tuple[float, float]:
    """Sums, of the candidate."""
    text = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
    labels = 'character_key="pip_boy",voice_model="bold"'
    names = ("tts_first_audio_seconds_sum", "tts_synthesis_duration_seconds_sum")
    found = dict(line.rsplit(" ", 1) for line in text.splitlines() if line.startswith(names))
    first, whole = (float(found[f"{name}{{{labels}}}"]) for name in names)
    return first, whole


async def test_a_candidate_that_fails_before_its_first_sound_is_not_heard(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.bold.script.append(BROKEN)
        async with stream_of(stage, asked()) as stream:
            assert stream.heard.result.rendition.render_plan.arm is Arm.BASELINE
            sound = decode(b"".join([data async for data in stream]))

        assert words(stage) == ([FIRST], [FIRST, SECOND, THIRD])
        assert sound.duration_s == pytest.approx(len(TEXT) * 0.08, rel=0.05)
        assert (
            "tts_chirp3_fallback_total" in (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
        )


async def test_a_candidate_that_breaks_off_is_followed_by_the_baseline_from_the_next_sentence(
    tmp_path: Path,
) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.script.append(Interrupted(1.0, BROKEN))
        stage.bold.chunk_delay_s = 0.01
        sound = decode(await heard(stage, asked()))

        assert words(stage)[1] == [SECOND, THIRD]
        assert sound.duration_s == pytest.approx(1.0 + (len(SECOND) + len(THIRD)) * 0.08, rel=0.1)


async def test_a_last_sentence_that_breaks_off_is_said_again(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.script.append(Interrupted(1.0, BROKEN))
        stage.bold.chunk_delay_s = 0.01
        await heard(stage, asked(FIRST))

        assert words(stage) == ([FIRST], [FIRST])


async def test_a_stream_may_be_told_to_end_instead(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_STREAM_ON_FAILURE="end", SEGUE_LEVEL="false") as stage:
        stage.bold.script.append(Interrupted(1.0, BROKEN))
        stage.bold.chunk_delay_s = 0.01
        async with stream_of(stage, asked()) as stream:
            assert len(await anext(stream)) > 44
            with pytest.raises(Unavailable, match="cut off after"):
                [data async for data in stream]

        assert words(stage)[1] == []


async def test_a_later_sentence_of_bad_audio_is_never_heard(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        stage.bold.script += [0.0, Pcm(bytes(2 * 16_000 * 5), 16_000)]
        sound = decode(await heard(stage, asked()))

        assert words(stage)[1] == [SECOND, THIRD]
        assert sound.duration_s == pytest.approx(len(TEXT) * 0.08, rel=0.05)


async def test_a_stream_that_ended_well_is_kept_and_answers_the_next(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        first = await heard(stage, asked(cached=True))
        pipeline = stage.service.speech.pipeline
        kept = pipeline.at_hand(pipeline.enter(asked(cached=True)))

        assert kept is not None
        assert kept.result.audio.data[44:] == first[44:]
        assert kept.result.audio.duration_s == pytest.approx(decode(kept.result.audio.data).duration_s)
        assert len(stage.bold.asked) == 3


@pytest.mark.parametrize("broken_off", [True, False])
async def test_a_stream_that_was_cut_is_not_kept(tmp_path: Path, *, broken_off: bool) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.01
        if broken_off:
            stage.bold.script.append(Interrupted(1.0, BROKEN))
            await heard(stage, asked(cached=True))
        else:
            async with stream_of(stage, asked(cached=True)) as stream:
                await anext(stream)

        pipeline = stage.service.speech.pipeline
        assert pipeline.at_hand(pipeline.enter(asked(cached=True))) is None


async def test_a_reader_who_leaves_stops_the_work(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.05
        async with stream_of(stage, asked()) as stream:
            await anext(stream)

        assert stage.bold.cancelled >= 1
        assert len(stage.bold.asked) <= 2


async def test_a_slow_reader_holds_no_place(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MAX_CONCURRENCY="1") as stage:
        async with stream_of(stage, asked()) as slow:
            await anext(slow)
            for _ in range(3):
                await asyncio.wait_for(heard(stage, asked(FIRST)), 10.0)
            rest = [data async for data in slow]

        assert rest


async def test_a_stream_nobody_began_to_read_is_closed_all_the_same(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.05
        async with stream_of(stage, asked()):
            pass

        assert stage.bold.cancelled == 1


async def test_a_pause_before_the_sentence_where_the_baseline_takes_over_is_kept(tmp_path: Path) -> None:
    pauses = (Pause(len(FIRST) + 1, 3000),)
    request = asked(f"{FIRST} {SECOND}")._replace(controls=Controls(pauses=pauses))
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        whole = decode(await heard(stage, request))
        stage.bold.script += [0.0, BROKEN]
        unheard = decode(await heard(stage, request))
        stage.bold.script.append(Interrupted(1.0, BROKEN))
        stage.bold.chunk_delay_s = 0.01
        after_a_break = decode(await heard(stage, request))

    assert whole.duration_s == pytest.approx((len(FIRST) + len(SECOND)) * 0.08 + 3.0, rel=0.02)
    assert unheard.duration_s == pytest.approx(whole.duration_s, abs=0.1)
    assert after_a_break.duration_s == pytest.approx(1.0 + 3.0 + len(SECOND) * 0.08, rel=0.05)


async def test_who_hears_something_already_goes_before_who_hears_nothing_yet(tmp_path: Path) -> None:
    """More listeners than the engine can serve: some are told to come later, and nobody is cut off."""
    settings = {"SEGUE_MAX_CONCURRENCY": "1", "SEGUE_STREAM_GAP_S": "1", "SEGUE_LEVEL": "false"}
    async with staged(tmp_path, **settings) as stage:
        stage.calm.delay_s = 0.15

        async def listened(number: int) -> str:
            try:
                request = asked(f"{number}. {TEXT}", arm=Arm.BASELINE)._replace(timeout_s=2.0)
                return str(decode(await heard(stage, request)).duration_s > len(TEXT) * 0.07)
            except SegueError as error:
                return str(error)

        came_of_it = await asyncio.gather(*(listened(number) for number in range(20)))

    assert came_of_it.count("True") >= 2
    assert not [came for came in came_of_it if "cut off" in came]


async def test_a_stream_is_closed_to_its_end_though_who_closes_it_is_cancelled(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_LEVEL="false") as stage:
        stage.bold.chunk_delay_s = 0.05
        pipeline = stage.service.speech.pipeline
        stream = await pipeline.stream(pipeline.enter(asked()))
        await anext(stream)
        closing = asyncio.create_task(stream.aclose())
        await asyncio.sleep(0)
        closing.cancel()
        async with asyncio.timeout(5):
            await stage.bold.stopped.wait()

        assert stage.bold.cancelled >= 1
