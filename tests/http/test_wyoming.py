"""Wyoming over engines that do as they are told, asked by its official client; ``tests/live`` does it over real
ones.
"""

from __future__ import annotations

import asyncio
import socket
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from wyoming.event import Event, async_write_event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeVoice

from segue.api.wyoming import ConnectionTimeouts, WyomingAddress, WyomingEndpoint
from segue.api.wyoming.voices import WyomingVoices
from segue.kernel.connections import ConnectionLimits, Connections
from segue.kernel.errors import Unavailable
from segue.testing.engine import Interrupted
from support.ports import free_port
from support.service import Stage, staged
from support.wyoming import STOPPED, Heard, as_bytes, client_of, heard, in_chunks, said, synthesize

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

HELLO = "Hello there, wanderer."
HELLO_S = 1.8
SENTENCES = ["The water is cl", "ean. The road is lo", "ng, and the sky is red. Sleep", " well!"]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, SEGUE_WYOMING_PORT="0") as started:
        yield started


@pytest.fixture
def port(stage: Stage) -> int:
    assert stage.service.wyoming is not None
    return stage.service.wyoming.port


@pytest.fixture
async def hasty(stage: Stage) -> AsyncIterator[WyomingEndpoint]:
    """Another door to the same service: few connections, no patience."""
    service = stage.service
    voices = WyomingVoices(service.context.catalogue, service.speech.engines)
    listening = WyomingAddress("127.0.0.1", 0, max_connections=2)
    waits = ConnectionTimeouts(idle_s=0.2, writing_s=0.2, stall_s=0.3)
    door = WyomingEndpoint(service.context, voices, listening, waits)
    async with door.running():
        yield door


async def raw(port: int, sent: bytes, *, half_close: bool = False) -> bytes:
    """What comes back for these bytes, to the connection's end."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(sent)
        if half_close:
            writer.write_eof()
        async with asyncio.timeout(10):
            return await reader.read()
    finally:
        writer.close()


async def test_a_text_is_answered_with_its_sound(port: int) -> None:
    answer = await said(port, synthesize(HELLO, "ghoul"))

    assert answer.last == "audio-stop"
    (start,) = answer.starts
    assert (start.rate, start.width, start.channels) == (16_000, 2, 1)
    assert {(chunk.rate, chunk.width, chunk.channels) for chunk in answer.chunks} == {(16_000, 2, 1)}
    assert answer.duration_s == pytest.approx(HELLO_S / 0.8, abs=0.25)
    assert answer.told["arm"] == "baseline"


async def test_chunks_tell_their_place_in_the_sound(port: int) -> None:
    chunks = (await said(port, synthesize(HELLO * 5))).chunks

    assert len(chunks) > 3
    for first, second in pairwise(chunks):
        assert second.timestamp is not None
        assert first.timestamp is not None
        assert second.timestamp == pytest.approx(first.timestamp + first.seconds * 1000, abs=2)


async def test_the_text_is_said_by_the_character_of_that_name_or_alias(port: int, stage: Stage) -> None:
    await said(port, synthesize("By its key.", "ghoul"))
    await said(port, synthesize("By its alias.", "alloy"))
    await said(port, synthesize("By nobody's name."))

    assert [item.character_key for item in stage.calm.asked] == ["ghoul", "pip_boy", "pip_boy"]


async def test_a_language_alone_finds_who_speaks_it(port: int, stage: Stage) -> None:
    voice = SynthesizeVoice(language="zh-TW").to_dict()
    answer = await said(port, Event("synthesize", {"text": "你好，流浪者。", "voice": voice}))

    assert answer.last == "audio-stop"
    assert [(item.character_key, item.voice) for item in stage.calm.asked] == [("pip_boy", "cmn-TW")]


async def test_traditional_chinese_is_said_by_the_voice_that_reads_it(port: int, stage: Stage) -> None:
    text = "核子冬天之後，廢土上的人們仍然努力生活。"
    answer = await said(port, synthesize(text, "pip_boy"))

    assert [(item.text, item.voice) for item in stage.calm.asked] == [(text, "cmn-TW")]
    assert answer.duration_s == pytest.approx(len(text) * 0.08, abs=0.25)


async def test_ssml_is_read(port: int, stage: Stage) -> None:
    markup = '<speak>One.<break time="500ms"/> Two.</speak>'
    answer = await said(port, synthesize(markup, text_format="ssml"))

    assert [item.text for item in stage.calm.asked] == ["One.", "Two."]
    assert answer.duration_s > 0.5 + 2 * 0.4 - 0.1


@pytest.mark.parametrize(
    "more",
    [
        {"voice": {"name": "Pip-Boy"}},
        {"voice": {"name": "ALLOY", "language": None}},
        {"voice": {"language": "EN_us"}},
        {"text_format": "Markdown"},
        {"text": "<speak>Hello.</speak>", "text_format": "SSML"},
        {"context": {"user_id": 7, "session_id": None}},
    ],
)
async def test_events_are_read_as_clients_write_them(port: int, stage: Stage, more: dict[str, Any]) -> None:
    answer = await said(port, Event("synthesize", {"text": "Hello."} | more))

    assert answer.error is None
    assert stage.calm.asked[0].character_key == "pip_boy"


async def test_what_cannot_be_done_is_told_beside_the_sound(port: int) -> None:
    voice = SynthesizeVoice(name="ghoul", speaker="younger").to_dict()
    answer = await said(port, Event("synthesize", {"text": HELLO, "voice": voice}))

    assert answer.told["warnings"] == ["speaker younger not applied: a character has one speaker"]


async def test_describe_lists_the_characters(port: int) -> None:
    async with client_of(port) as client:
        await client.write_event(Describe().event())
        event = await client.read_event()
    assert event is not None
    (program,) = Info.from_event(event).tts

    assert program.installed
    assert program.supports_synthesize_streaming
    assert program.version
    assert program.attribution.url.startswith("https://")
    assert [(voice.name, voice.description, voice.languages) for voice in program.voices] == [
        ("pip_boy", "Pip-Boy", ["en-US", "zh-TW"]),
        ("ghoul", "Ghoul", ["en-US"]),
    ]


async def test_a_ping_is_answered_even_while_something_is_said(port: int, stage: Stage) -> None:
    stage.calm.always = 5.0
    async with client_of(port) as client:
        await client.write_event(synthesize(HELLO))
        await stage.calm.started.wait()
        await client.write_event(Ping(text="still there?").event())
        event = await client.read_event()

    assert event is not None
    assert Pong.from_event(event).text == "still there?"


async def test_unknown_events_and_their_payloads_are_passed_over(port: int) -> None:
    events = (
        Event("audio-chunk", {"rate": 16_000, "width": 2, "channels": 1}, b"\0" * 100_000),
        Event("select-program", {"name": "segue"}),
        Event("from-the-future"),
    )
    assert (await said(port, *events, synthesize(HELLO))).last == "audio-stop"


async def test_one_connection_serves_one_text_after_another(port: int) -> None:
    async with client_of(port) as client:
        for number in range(3):
            await client.write_event(synthesize(f"Number {number}."))
            assert (await heard(client)).last == "audio-stop"
        for number in range(3, 6):
            await client.write_event(synthesize(f"Number {number}."))
        assert [(await heard(client)).last for _ in range(3)] == ["audio-stop"] * 3


class TestTextInChunks:
    async def test_it_is_said_once_as_one_sound(self, port: int, stage: Stage) -> None:
        answer = await said(port, *in_chunks(SENTENCES, "ghoul"), until=STOPPED)

        assert answer.last == STOPPED
        assert len(answer.starts) == 1
        assert " ".join(item.text for item in stage.calm.asked) == "".join(SENTENCES)
        assert {item.character_key for item in stage.calm.asked} == {"ghoul"}
        whole = await said(port, synthesize("".join(SENTENCES), "ghoul"))
        assert answer.duration_s == pytest.approx(whole.duration_s, abs=0.5)

    async def test_sound_comes_before_the_text_is_whole(self, port: int) -> None:
        async with client_of(port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One is said. And another").event())
            first = await heard(client, until="audio-chunk")
            await client.write_event(SynthesizeChunk(" follows.").event())
            await client.write_event(SynthesizeStop().event())
            rest = await heard(client, until=STOPPED)

        assert first.chunks
        assert rest.last == STOPPED
        assert not rest.starts

    async def test_a_sentence_is_said_when_its_writer_pauses_after_it(self, port: int) -> None:
        async with client_of(port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One moment.").event())
            assert (await heard(client, until="audio-chunk")).chunks

    async def test_chinese_sentences_are_told_apart(self, port: int, stage: Stage) -> None:
        chunks = ["今天天", "氣很好。我們", "出發吧！", "路上小心"]
        answer = await said(port, *in_chunks(chunks), until=STOPPED)

        assert answer.last == STOPPED
        assert "".join(item.text for item in stage.calm.asked) == "".join(chunks)
        assert {item.voice for item in stage.calm.asked} == {"cmn-TW"}

    async def test_all_of_it_is_said_by_one_arm(self, port: int, stage: Stage) -> None:
        await stage.steer(share_percent=50)
        texts = [[f"Sentence {number} of text {text}. " for number in range(4)] for text in range(4)]
        for chunks in texts:
            await said(port, *in_chunks(chunks), until=STOPPED)

        assert not (stage.calm.asked and stage.bold.asked)

    async def test_whoever_the_context_names_is_assigned_instead_of_the_address(
        self, port: int, stage: Stage
    ) -> None:
        await stage.steer(share_percent=50)
        for number in range(16):
            await said(port, synthesize(HELLO, context={"user_id": f"u{number}"}))

        assert stage.calm.asked
        assert stage.bold.asked

    async def test_a_change_of_arm_keeps_the_sample_rate(self, port: int, stage: Stage) -> None:
        await stage.steer(share_percent=100)
        async with client_of(port) as client:
            await client.write_event(SynthesizeStart().event())
            await client.write_event(SynthesizeChunk("One is said. And").event())
            first = await heard(client, until="audio-chunk")
            await stage.steer(share_percent=0)
            await client.write_event(SynthesizeChunk(" another follows.").event())
            await client.write_event(SynthesizeStop().event())
            rest = await heard(client, until=STOPPED)

        assert rest.last == STOPPED
        assert {chunk.rate for chunk in (*first.chunks, *rest.chunks)} == {16_000}

    @pytest.mark.parametrize("chunks", [["…", " ?!"], ["🙂"], [""], [" \n"]])
    async def test_nothing_to_say_is_a_short_silence_and_what_follows_is_said(
        self, port: int, chunks: list[str]
    ) -> None:
        async with client_of(port) as client:
            for event in in_chunks(chunks):
                await client.write_event(event)
            quiet = await heard(client, until=STOPPED)
            for event in in_chunks(["Hello there."]):
                await client.write_event(event)
            spoken = await heard(client, until=STOPPED)

        assert quiet.error is None
        assert quiet.last == STOPPED
        assert 0.2 < sum(len(chunk.audio) for chunk in quiet.chunks) / 2 / quiet.chunks[0].rate < 1.0
        assert spoken.error is None
        assert spoken.chunks

    async def test_a_sentence_that_nobody_reads_is_left_out_of_the_others(self, port: int) -> None:
        answer = await said(port, *in_chunks(["One. ", "שלום. ", "Ask Яндекс. ", "Three."]), until=STOPPED)

        assert answer.error is None
        assert answer.chunks
        assert any("Hebrew" in warning for warning in answer.warnings)
        assert any("Яндекс applied as Yandeks" in warning for warning in answer.warnings)

    async def test_a_text_that_nobody_reads_is_an_error(self, port: int) -> None:
        answer = await said(port, *in_chunks(["שלום. ", "עולם."]), until=STOPPED)

        assert answer.error is not None
        assert "speaks Hebrew" in answer.error.text

    @pytest.mark.parametrize("kind", ["synthesize-chunk", "synthesize-stop"])
    async def test_the_middle_without_a_beginning_is_an_error(self, port: int, kind: str) -> None:
        answer = await said(port, Event(kind, {"text": HELLO}))

        assert answer.error is not None
        assert answer.error.text == f"{kind} without a synthesize-start before it"

    async def test_a_second_beginning_is_an_error(self, port: int) -> None:
        answer = await said(port, SynthesizeStart().event(), SynthesizeStart().event())

        assert answer.error is not None
        assert "before the previous text's synthesize-stop" in answer.error.text

    async def test_a_text_that_grows_too_long_is_an_error(self, port: int) -> None:
        answer = await said(port, *in_chunks(["word " * 500] * 3), until=STOPPED)

        assert answer.error is not None
        assert "more than 5000 characters" in answer.error.text

    async def test_a_text_that_never_ends_is_given_up(self, hasty: WyomingEndpoint) -> None:
        answer = await said(hasty.port, SynthesizeStart().event(), until=STOPPED)

        assert answer.error is not None
        assert answer.error.text == "neither synthesize-stop nor more text arrived within 0.2 s"


def refusal(answer: Heard) -> tuple[str | None, str]:
    assert answer.error is not None
    assert not answer.chunks
    return answer.error.code, answer.error.text


class TestErrors:
    async def test_an_unknown_voice_is_named(self, port: int) -> None:
        code, text = refusal(await said(port, synthesize(HELLO, "deathclaw")))
        assert (code, text) == ("invalid_request", "unknown character 'deathclaw'; known: ghoul, pip_boy")

    async def test_an_unknown_voice_is_named_before_any_text_comes(self, port: int) -> None:
        start = SynthesizeStart(voice=SynthesizeVoice(name="deathclaw")).event()
        assert refusal(await said(port, start))[1].startswith("unknown character 'deathclaw'")

    async def test_a_text_too_long_is_refused(self, port: int) -> None:
        assert "5000" in refusal(await said(port, synthesize("word " * 1001)))[1]

    async def test_a_text_of_the_wrong_kind_is_refused(self, port: int) -> None:
        code, text = refusal(await said(port, Event("synthesize", {"text": 5})))
        assert (code, text) == ("invalid_request", "synthesize: text must be a string, not 5")

    async def test_a_format_nobody_reads_is_refused(self, port: int) -> None:
        assert "supported: text, ssml" in refusal(await said(port, synthesize(HELLO, text_format="latex")))[1]

    async def test_what_both_arms_cannot_is_an_error_with_its_code(self, port: int, stage: Stage) -> None:
        stage.calm.always = stage.bold.always = Unavailable("the engine is away")
        assert refusal(await said(port, synthesize(HELLO)))[0] == "unavailable"

    async def test_the_connection_ends_after_an_error(self, port: int) -> None:
        """Home Assistant passes errors over, and waits for the sound's end or the connection's."""
        async with client_of(port) as client:
            await client.write_event(synthesize(HELLO, "deathclaw"))
            assert (await heard(client)).error is not None
            assert await client.read_event() is None

    async def test_a_sound_that_breaks_off_is_not_ended_as_if_it_were_whole(self, port: int, stage: Stage) -> None:
        stage.calm.always = Interrupted(2.0, Unavailable("gone"))
        stage.calm.chunk_delay_s = 0.01
        answer = await said(port, synthesize("on and on and on and on and on and on and on"))

        assert answer.chunks
        assert answer.error is not None
        assert "cut off" in answer.error.text

    async def test_refusals_are_counted(self, port: int, stage: Stage) -> None:
        await said(port, synthesize(HELLO, "deathclaw"))
        page = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
        assert 'segue_rejected_total{code="invalid_request",dialect="wyoming"} 1.0' in page


class TestMalformed:
    @pytest.mark.parametrize(
        "sent",
        [
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
            b"\x16\x03\x01\x02\x00\x01\x00\n",
            b"[1, 2]\n",
            b"{}\n",
            b'{"type": 5}\n',
            b'{"type": "synthesize", "data": []}\n',
            b'{"type": "synthesize", "data_length": -1}\n',
            b'{"type": "synthesize", "data_length": "12"}\n',
            b'{"type": "synthesize", "data_length": 3}\nabc',
            b'{"type": "synthesize", "data_length": 4}\n[{}]',
            b'{"type": "synthesize", "data_length": 10000000000}\n',
            b'{"type": "synthesize", "payload_length": 10000000000}\n' + b"x" * 100_000,
            b'{"type": "synthesize", "data": ' + b"[" * 100_000 + b"]" * 100_000 + b"}\n",
            b"\xff\xfe\n",
            b"x" * 1_000_000,
        ],
        ids=lambda sent: repr(sent[:48]),
    )
    async def test_bytes_that_are_no_event_are_told_so(self, port: int, sent: bytes) -> None:
        answer = await raw(port, sent)

        assert b'"error"' in answer
        assert b"invalid_request" in answer
        assert (await said(port, synthesize(HELLO))).last == "audio-stop"

    @pytest.mark.parametrize(
        "sent", [b'{"type": "synth', b'{"type": "synthesize", "data_length": 50}\n{"text"'], ids=["line", "data"]
    )
    async def test_an_event_cut_off_is_told_so(self, port: int, sent: bytes) -> None:
        assert b"the connection ended in the middle of an event" in await raw(port, sent, half_close=True)
        assert (await said(port, synthesize(HELLO))).last == "audio-stop"

    async def test_an_event_in_one_line_is_understood(self, port: int) -> None:
        """As hands write it, and early versions of the client did."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write('{"type": "synthesize", "data": {"text": "你好，流浪者。"}}\n'.encode())
        async with asyncio.timeout(10):
            first = await reader.readline()
        writer.close()
        assert b"audio-start" in first


class TestGone:
    async def test_a_listener_who_leaves_stops_the_engine(self, port: int, stage: Stage) -> None:
        stage.calm.always = 30.0
        client = client_of(port)
        await client.connect()
        await client.write_event(synthesize(HELLO))
        await stage.calm.started.wait()
        await client.disconnect()
        async with asyncio.timeout(5):
            await stage.calm.stopped.wait()

        assert stage.calm.cancelled == 1

    async def test_one_who_leaves_in_the_middle_stops_the_engine(self, port: int, stage: Stage) -> None:
        stage.calm.chunk_delay_s = 0.05
        client = client_of(port)
        await client.connect()
        await client.write_event(synthesize(HELLO * 8))
        await heard(client, until="audio-chunk")
        await client.disconnect()
        async with asyncio.timeout(5):
            await stage.calm.stopped.wait()

        assert stage.calm.cancelled >= 1  # with the line after it, which may have been begun

    async def test_a_half_closed_connection_is_told_to_stay_open(self, port: int, stage: Stage) -> None:
        stage.calm.always = 30.0
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        await async_write_event(synthesize(HELLO), writer)
        await stage.calm.started.wait()
        writer.write_eof()
        async with asyncio.timeout(5):
            answer = await reader.read()
        writer.close()

        assert b"keep it open until then" in answer
        assert stage.calm.cancelled == 1
        stage.calm.always = None
        assert (await said(port, synthesize(HELLO))).last == "audio-stop"

    async def test_one_who_says_nothing_is_let_go(self, hasty: WyomingEndpoint) -> None:
        assert await raw(hasty.port, b"") == b""

    async def test_one_who_reads_nothing_is_let_go_and_holds_nobody_up(
        self, hasty: WyomingEndpoint, stage: Stage
    ) -> None:
        silent = socket.create_connection(("127.0.0.1", hasty.port))
        silent.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        for number in range(4):
            silent.sendall(as_bytes(synthesize(f"{number} " + f"{HELLO} " * 210)))
        assert (await said(hasty.port, synthesize(HELLO, "ghoul"))).last == "audio-stop"
        async with asyncio.timeout(20):
            while hasty.connections:  # noqa: ASYNC110 - clients let go tell nobody
                await asyncio.sleep(0.02)
        silent.close()
        made_chars = sum(len(item.text) for item in stage.calm.asked if item.character_key == "pip_boy")
        assert made_chars < 210 * len(HELLO) / 2  # of one text of four: what is not taken is not made

    async def test_too_many_connections_are_refused(self, hasty: WyomingEndpoint) -> None:
        async with client_of(hasty.port), client_of(hasty.port):
            code, text = refusal(await said(hasty.port, synthesize(HELLO)))
        assert (code, text) == ("unavailable", "all 2 connections are in use; try again in a moment")


class TestLimits:
    """What one client may take of the door."""

    @pytest.fixture
    async def limited(self, stage: Stage) -> AsyncIterator[WyomingEndpoint]:
        service = stage.service
        voices = WyomingVoices(service.context.catalogue, service.speech.engines)
        connections = Connections(ConnectionLimits(in_all=3, by_address=2))
        door = WyomingEndpoint(
            service.context,
            voices,
            WyomingAddress("127.0.0.1", 0),
            ConnectionTimeouts(line_s=0.3),
            connections=connections,
        )
        async with door.running():
            yield door

    async def test_connections_from_one_address_are_counted_and_their_places_given_back(
        self, limited: WyomingEndpoint, stage: Stage
    ) -> None:
        for _ in range(3):
            async with client_of(limited.port), client_of(limited.port):
                code, text = refusal(await said(limited.port, synthesize(HELLO)))
            assert code == "unavailable"
            assert text.startswith("too many open connections from this address")
            async with asyncio.timeout(10):
                while limited.connections:  # noqa: ASYNC110 - clients who leave tell nobody
                    await asyncio.sleep(0.02)
        page = (await stage.client.get("/api/v1/monitoring/metrics/prometheus")).text
        assert 'segue_turned_away_total{door="wyoming",reason="by_address"} 3.0' in page

    async def test_a_line_that_does_not_end_is_not_waited_for(self, limited: WyomingEndpoint) -> None:
        answer = await raw(limited.port, b'{"type": "desc')
        assert b"the event's first line has not ended within 0.3 s" in answer


async def test_a_hundred_listeners_at_once_are_all_answered(port: int) -> None:
    async def ask(number: int) -> Heard:
        events: list[Any] = [synthesize(f"Listener {number} of many.")]
        if number % 2:
            events = in_chunks([f"Listener {number}", " of many. ", "Good luck!"])
        return await said(port, *events, until=STOPPED if number % 2 else "audio-stop")

    answers = await asyncio.gather(*(ask(number) for number in range(100)))

    assert {answer.last for answer in answers} == {"audio-stop", STOPPED}
    assert all(answer.duration_s > 1.0 for answer in answers)


async def test_what_is_being_said_when_the_service_stops_is_said_to_its_end(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_WYOMING_PORT="0") as stage:
        assert stage.service.wyoming is not None
        stage.calm.chunk_delay_s = 0.02
        client = client_of(stage.service.wyoming.port)
        await client.connect()
        await client.write_event(synthesize(HELLO))
        first = await heard(client, until="audio-chunk")
        rest = asyncio.create_task(heard(client))
    assert (await rest).last == "audio-stop"
    assert first.duration_s + rest.result().duration_s == pytest.approx(HELLO_S, abs=0.25)
    await client.disconnect()


async def test_a_port_that_is_taken_is_named(tmp_path: Path) -> None:
    port = free_port()
    holder = await asyncio.start_server(lambda *_: None, "127.0.0.1", port)
    async with holder:
        with pytest.raises(Unavailable, match=rf"cannot listen on 127\.0\.0\.1, port {port}.*SEGUE_WYOMING_PORT"):
            async with staged(tmp_path, SEGUE_WYOMING_PORT=str(port)):
                pass


async def test_markdown_in_chunks_is_read_as_markdown_in_one(port: int, stage: Stage) -> None:
    text = "## A plan\n\nIt is **very good. And** true, see [this](https://a.b/c.d).\n\n- one\n- two\n"
    chunks = [text[start : start + 7] for start in range(0, len(text), 7)]

    await said(port, *in_chunks(chunks), until=STOPPED)

    heard_whole = " ".join(one.text.rstrip(".") for one in stage.calm.asked)
    assert heard_whole.replace(". two", " two") == "A plan It is very good. And true, see this one two"


@pytest.mark.parametrize(("text_format", "heard_text"), [("plain", "**Hi** you"), ("text", "Hi you")])
async def test_the_format_of_a_text_may_be_named(
    port: int, stage: Stage, text_format: str, heard_text: str
) -> None:
    await said(port, synthesize("**Hi** you", text_format=text_format))

    assert [one.text for one in stage.calm.asked] == [heard_text]
