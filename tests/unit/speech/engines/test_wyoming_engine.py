"""Servers of the Wyoming protocol as an engine: what they say, how they fail, and that no connection is left."""

from __future__ import annotations

import asyncio
import threading
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    InvalidRequest,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.core.speech import SampleEncoding, Utterance
from segue.speech.engines.wyoming import create
from segue.speech.engines.wyoming.answer import AnswerLimits, WyomingAnswer
from segue.speech.engines.wyoming.events import WyomingEvent
from support.ports import free_port
from support.waiting import soon
from support.wyoming_server import BEAT_SAMPLES, RATE_HZ, StrictServer, strict_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.engines.wyoming.engine import WyomingEngine

HELLO = Utterance("one two three", "en_US-joe-medium", "en-US")
FORMS = ["whole", "streamed"]


@asynccontextmanager
async def started(uri: str, **more: Any) -> AsyncIterator[WyomingEngine]:
    engine = create({"uri": uri, **more})
    await engine.start()
    try:
        yield engine
    finally:
        await engine.close()


@asynccontextmanager
async def speaking(**more: Any) -> AsyncIterator[tuple[StrictServer, WyomingEngine]]:
    async with strict_server() as server:
        async with started(server.uri, **more) as engine:
            yield server, engine
        await soon(lambda: server.open == 0)
        assert server.refusals == []


async def counted(engine: WyomingEngine, text: str, form: str = "whole") -> int:
    utterance = replace(HELLO, text=text)
    if form == "whole":
        return (await engine.synthesize(utterance)).sample_count
    return sum([piece.sample_count async for piece in engine.stream(utterance)])


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("kept", [0, 30])
async def test_it_says_what_the_server_says(kept: int) -> None:
    async with speaking(keep_s=kept) as (_, engine):
        whole = await engine.synthesize(HELLO)
        pieces = [piece async for piece in engine.stream(replace(HELLO, text="one. two. three."))]

    assert (whole.sample_count, whole.rate_hz, whole.encoding) == (3 * BEAT_SAMPLES, RATE_HZ, SampleEncoding.S16)
    assert b"".join(piece.data for piece in pieces) == whole.data
    assert len(pieces) == 3


async def test_over_a_unix_socket_it_is_the_same(tmp_path: Path) -> None:
    async with strict_server(path=str(tmp_path / "s")) as server, started(server.uri) as engine:
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
        assert await counted(engine, "one. two", "streamed") == 2 * BEAT_SAMPLES


async def test_a_server_that_takes_no_chunks_is_asked_for_the_whole() -> None:
    async with strict_server(streaming=False) as server, started(server.uri) as engine:
        assert not engine.voice("en_US-joe-medium").capabilities.streaming
        assert await counted(engine, "one. two", "streamed") == 2 * BEAT_SAMPLES
        assert [event.type for event in server.asked] == ["describe", "synthesize"]


async def test_the_catalogue_may_forbid_chunks() -> None:
    async with speaking(streaming=False) as (server, engine):
        assert await counted(engine, "one. two", "streamed") == 2 * BEAT_SAMPLES
        assert [event.type for event in server.asked] == ["describe", "synthesize"]


async def test_voices_are_those_of_the_server() -> None:
    async with speaking(languages={"many": "cmn-TW"}, verbalizes=False) as (_, engine):
        joe, many = engine.voices()
        assert (joe.name, joe.locale, joe.label, joe.engine) == (
            "en_US-joe-medium",
            "en-US",
            "strict: Joe",
            "wyoming",
        )
        assert (many.locale, many.scripts[0], "Latn" in many.scripts) == ("cmn-TW", "Hani", True)
        assert engine.voice("many#p2").label == "strict: Many (p2)"
        assert engine.voice("not-here-yet").locale == "de"
        can = joe.capabilities
        assert (can.streaming, can.rate_ratio, can.pitch_semitones, can.verbalizes) == (True, None, None, False)
        for name in ("en_US-jo-medium", "many#p3", "☃"):
            with pytest.raises(Unsupported):
                engine.voice(name)
        assert engine.voices_revision == 1


async def test_a_speaker_is_asked_by_name() -> None:
    async with speaking() as (server, engine):
        await engine.synthesize(replace(HELLO, voice="many#p2"))
        assert server.asked[-1].data["voice"] == {"name": "many", "speaker": "p2"}


async def test_before_the_server_has_described_itself_the_catalogue_is_believed() -> None:
    port = free_port()
    engine = create({"uri": f"tcp://127.0.0.1:{port}", "languages": {"pip_boy": "cmn-TW"}})
    await engine.start()
    version = engine.version

    assert [(voice.name, voice.locale) for voice in engine.voices()] == [("pip_boy", "cmn-TW")]
    assert engine.voice("de_DE-thorsten-low").locale == "de-DE"
    health = await engine.health()
    assert not health.ready
    assert f"127.0.0.1:{port} cannot be reached" in health.detail
    with pytest.raises(Unavailable, match="cannot be reached"):
        await engine.synthesize(HELLO)
    await engine.close()
    assert version == f"wyoming-127.0.0.1:{port}"


async def test_the_version_has_those_of_the_programs() -> None:
    async with speaking(revision="7") as (_, engine):
        assert engine.version.endswith("-strict-2.5-7")


async def test_health_follows_the_server(tmp_path: Path) -> None:
    path = str(tmp_path / "s")
    async with strict_server(path=path) as server:
        engine = create({"uri": server.uri})
        await engine.start()
        assert (await engine.health()).ready
        asked = len(server.asked)
        assert (await engine.health()).ready
        assert len(server.asked) == asked
    with pytest.raises(Unavailable):
        await engine.synthesize(HELLO)
    assert not (await engine.health()).ready
    async with strict_server(path=path):
        assert (await engine.health()).ready
        assert await counted(engine, "one") == BEAT_SAMPLES
        await engine.close()
    assert not (await engine.health()).ready


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("order", "kind", "told"),
    [
        ("cut", Unavailable, "closed the connection"),
        ("hang", DeadlineExceeded, "nothing for 3 s"),
        ("change", BadAudio, "changed from 16000 Hz, 16 bits, 1 channels to 8000 Hz"),
        ("odd", BadAudio, "in the middle of a sample"),
        ("flood", BadAudio, "more than 300000 bytes"),
        ("no_json", InternalFailure, "no event of the Wyoming protocol"),
        ("no_type", InternalFailure, "no event of the Wyoming protocol"),
        ("negative", InternalFailure, "no event of the Wyoming protocol"),
        ("huge_payload", InternalFailure, "no event of the Wyoming protocol"),
        ("endless_line", InternalFailure, "a line of more than"),
        ("half_event", Unavailable, "closed the connection"),
        ("no_rate", BadAudio, "without rate, width and channels"),
        ("pong", InternalFailure, "1000 events without sound"),
        ("empty", InternalFailure, "1000 events without sound"),
    ],
)
async def test_how_it_fails_is_told(form: str, order: str, kind: type[SegueError], told: str) -> None:
    async with speaking(read_timeout_s=3, max_output_bytes=300_000) as (_, engine):
        others = [asyncio.ensure_future(counted(engine, "one two", form)) for _ in range(3)]
        with pytest.raises(kind, match=told):
            await counted(engine, f"can say {order} it", form)

        assert await asyncio.gather(*others) == [2 * BEAT_SAMPLES] * 3
        assert await counted(engine, "one two", form) == 2 * BEAT_SAMPLES


@pytest.mark.parametrize("text", ["narrow one", "slow_rate one"])
async def test_sound_that_cannot_be_read_is_bad_audio(text: str) -> None:
    async with speaking() as (_, engine):
        with pytest.raises(BadAudio, match="which cannot be read"):
            await counted(engine, text)


async def test_channels_are_mixed_and_wide_samples_become_floats() -> None:
    async with speaking() as (_, engine):
        stereo = await engine.synthesize(replace(HELLO, text="stereo"))
        wide = await engine.synthesize(replace(HELLO, text="wide"))

    assert (stereo.sample_count, stereo.encoding) == (BEAT_SAMPLES, SampleEncoding.S16)
    assert (wide.sample_count, wide.encoding) == (BEAT_SAMPLES, SampleEncoding.F32)


async def test_too_many_seconds_of_sound_are_bad_audio() -> None:
    async with speaking(max_audio_s=0.5) as (_, engine):
        with pytest.raises(BadAudio, match=r"0\.5 s of sound"):
            await counted(engine, "one " * 9)


@pytest.mark.parametrize("form", FORMS)
async def test_an_error_of_the_server_is_told_without_the_text(form: str) -> None:
    async with speaking() as (_, engine):
        with pytest.raises(Unsupported, match="for it is long") as failure:
            await counted(engine, "refuse my diagnosis", form)

    assert "diagnosis" not in str(failure.value)


async def test_what_the_protocol_has_no_words_for_is_not_asked() -> None:
    async with speaking() as (server, engine):
        asked = len(server.asked)
        for wrong in (replace(HELLO, rate_ratio=1.2), replace(HELLO, pitch_semitones=2.0)):
            with pytest.raises(Unsupported, match="neither rate nor pitch"):
                await engine.synthesize(wrong)
        with pytest.raises(InvalidRequest, match="surrogate"):
            await engine.synthesize(replace(HELLO, text="\ud800"))
        assert len(server.asked) == asked


async def test_connections_are_kept_for_texts_of_the_same_kind() -> None:
    async with speaking() as (server, engine):
        before = server.connections
        for _ in range(3):
            await counted(engine, "one", "whole")
            await counted(engine, "one", "streamed")
        assert server.connections - before == 2


async def test_a_kept_connection_that_the_server_closed_is_replaced_unheard() -> None:
    async with speaking() as (server, engine):
        server.closes_after_answers = True
        assert [await counted(engine, "one", form) for form in FORMS * 4] == [BEAT_SAMPLES] * 8


async def test_no_more_connections_than_allowed_are_open() -> None:
    async with speaking(connections=2) as (server, engine):
        calls = [asyncio.ensure_future(counted(engine, "nap one", FORMS[number % 2])) for number in range(8)]
        most = 0
        while not all(call.done() for call in calls):
            most = max(most, server.open)
            await asyncio.sleep(0.01)
        assert [call.result() for call in calls] == [2 * BEAT_SAMPLES] * 8
        assert most <= 4


@pytest.mark.parametrize("form", FORMS)
async def test_a_cancelled_call_closes_its_connection(form: str) -> None:
    async with speaking(connections=1) as (server, engine):
        task = asyncio.ensure_future(counted(engine, "one hang", form))
        await soon(lambda: any(event.data.get("text") for event in server.asked))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await counted(engine, "one two", form) == 2 * BEAT_SAMPLES


async def test_closing_ends_what_is_under_way() -> None:
    async with speaking() as (server, engine):
        calls = [asyncio.ensure_future(counted(engine, "one hang")) for _ in range(3)]
        await soon(lambda: server.open == 3)
        await engine.close()
        for call in calls:
            with pytest.raises(Unavailable, match="closed"):
                await call
        with pytest.raises(Unavailable, match="closed"):
            await engine.synthesize(HELLO)


async def test_an_error_without_end_costs_no_time() -> None:
    answer = WyomingAnswer("audio-stop", "Zanzibar " * 600, AnswerLimits(1000, 1.0))
    began_s = time.process_time()
    with pytest.raises(InternalFailure) as failure:
        answer.take(WyomingEvent("error", {"text": "Zanzibar \x1b[31m word " * 500_000}))
    assert time.process_time() - began_s < 1
    assert len(str(failure.value)) < 400
    assert str(failure.value).isprintable()
    assert "anzibar" not in str(failure.value)


async def test_a_server_without_speech_is_not_ready() -> None:
    async with strict_server() as server, started(server.uri, program="other") as engine:
        health = await engine.health()

    assert not health.ready
    assert "it describes: strict" in health.detail


@pytest.mark.parametrize(
    "uri", ["", "localhost", "http://localhost:1", "unix://", "tcp://", "tcp://host:99999", "tcp://host:1/path"]
)
def test_a_wrong_address_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match=r"uri|[Pp]ort"):
        create({"uri": uri})


def test_a_host_alone_has_the_usual_port() -> None:
    assert create({"uri": "tcp://[::1]"}).version == "wyoming-::1:10200"


@pytest.mark.timeout(300)
async def test_five_hundred_calls_leave_nothing_behind() -> None:
    texts = [
        "one",
        "one. two",
        "cut",
        "odd",
        "change",
        "flood",
        "no_json",
        "half_event",
        "one two",
        "endless_line",
    ]
    async with speaking(read_timeout_s=3, max_output_bytes=300_000, connections=6) as (server, engine):
        await counted(engine, "one")
        files, threads = open_files(), threading.active_count()

        async def call(number: int) -> None:
            text = "hang" if number % 125 == 0 else texts[number % len(texts)]
            task = asyncio.ensure_future(counted(engine, text, FORMS[number // 10 % 2]))
            if number % 7 == 0:
                await asyncio.sleep(number % 5 * 0.01)
                task.cancel()
            with suppress(SegueError, asyncio.CancelledError):
                await task

        for first in range(0, 500, 25):
            await asyncio.gather(*(call(number) for number in range(first, first + 25)))
        assert await counted(engine, "one two") == 2 * BEAT_SAMPLES
        await soon(lambda: server.open <= 12)
        assert open_files() - files <= 2 * 12
        assert threading.active_count() == threads
