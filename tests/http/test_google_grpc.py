"""Google's gRPC interface over engines that do as they are told; ``tests/live`` does it over real ones."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions as errors
from google.cloud import texttospeech_v1 as google
from google.cloud import texttospeech_v1beta1 as google_beta
from google.rpc.error_details_pb2 import ErrorInfo, RetryInfo

from segue.api.google.voices import GoogleVoices
from segue.api.google_grpc import GrpcAddress, GrpcEndpoint, GrpcLimits
from segue.api.google_grpc.stream import StreamTimeouts
from segue.kernel.connections import ConnectionLimits, Connections
from segue.kernel.errors import QuotaExhausted, Unavailable
from support.audio import duration_of
from support.google import ENGLISH, heard, on_channel, opening, raw, saying, sent, wav
from support.service import Stage, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PCM_BYTES_PER_S = 48_000
HELLO = google.SynthesisInput(text="Hello.")


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path, SEGUE_GOOGLE_GRPC_PORT="0") as started:
        yield started


@pytest.fixture
async def channel(stage: Stage) -> AsyncIterator[grpc.aio.Channel]:
    door = stage.service.google_grpc
    assert door is not None
    async with grpc.aio.insecure_channel(f"127.0.0.1:{door.port}") as opened:
        yield opened


@pytest.fixture
def client(channel: grpc.aio.Channel) -> google.TextToSpeechAsyncClient:
    return on_channel(channel)


Client = google.TextToSpeechAsyncClient


async def ask(client: Client, **change: Any) -> bytes:
    whole: dict[str, Any] = {"input": HELLO, "voice": ENGLISH, "audio_config": wav()} | change
    answer = await client.synthesize_speech(**whole)
    content: bytes = answer.audio_content
    return content


@pytest.mark.parametrize("text", ["…", "👍", "?!"])
async def test_nothing_to_say_is_a_short_silence(client: Client, text: str) -> None:
    assert 0.2 < duration_of(await ask(client, input=google.SynthesisInput(text=text))) < 1.0


async def test_one_foreign_word_does_not_refuse_the_message(client: Client, stage: Stage) -> None:
    await ask(client, input=google.SynthesisInput(text="The brand is called Яндекс."))

    assert stage.calm.asked[-1].text == "The brand is called Yandeks."


async def test_a_call_is_answered_with_audio(client: Client) -> None:
    assert duration_of(await ask(client)) == pytest.approx(0.4, abs=0.05)


async def test_v1beta1_is_served_beside_v1(channel: grpc.aio.Channel) -> None:
    beta: Any = channel
    call = beta.unary_unary(
        "/google.cloud.texttospeech.v1beta1.TextToSpeech/SynthesizeSpeech",
        request_serializer=google_beta.SynthesizeSpeechRequest.serialize,
        response_deserializer=google_beta.SynthesizeSpeechResponse.deserialize,
    )
    request = google_beta.SynthesizeSpeechRequest(
        input={"text": "Hello."},
        voice={"language_code": "en-US"},
        audio_config={"audio_encoding": "LINEAR16"},
        enable_time_pointing=[google_beta.SynthesizeSpeechRequest.TimepointType.SSML_MARK],
    )
    answer = await call(request)

    assert duration_of(answer.audio_content) == pytest.approx(0.4, abs=0.05)
    assert answer.audio_config.sample_rate_hertz == 24_000
    assert not answer.timepoints


async def test_metadata_is_read_like_headers(client: Client, stage: Stage) -> None:
    await stage.steer(share_percent=50)
    for line in range(6):
        for user in ("ann", "bob", "cho", "dan"):
            text = google.SynthesisInput(text=f"Line {line} for {user}.")
            await ask(client, input=text, metadata=[("x-user-id", user), ("x-segue-character", "ghoul")])

    by_arm = [{said.text.split()[3] for said in engine.asked} for engine in (stage.calm, stage.bold)]
    assert not by_arm[0] & by_arm[1]
    assert {said.character_key for engine in (stage.calm, stage.bold) for said in engine.asked} == {"ghoul"}


async def test_trailing_metadata_tells_what_became_of_a_call(channel: grpc.aio.Channel) -> None:
    call = raw(channel, "SynthesizeSpeech")(
        google.SynthesizeSpeechRequest.serialize(
            google.SynthesizeSpeechRequest(
                input=HELLO, voice=ENGLISH, audio_config=wav(effects_profile_id=["telephony-class-application"])
            )
        ),
        metadata=[("x-request-id", "mine")],
    )
    await call
    trailers = dict(await call.trailing_metadata())

    assert trailers["x-request-id"] == "mine"
    assert trailers["x-segue"].startswith("arm=baseline")
    assert trailers["x-segue-warnings"].startswith('"effects_profile telephony-class-application')


async def test_an_unknown_voice_is_an_invalid_argument(client: Client) -> None:
    voice = google.VoiceSelectionParams(language_code="en-US", name="en-US-Wavenet-Q")
    with pytest.raises(errors.InvalidArgument, match=r"'en-US-Wavenet-Q' does not exist\. Is it misspelled\?"):
        await ask(client, voice=voice)


async def test_a_spent_quota_says_when_to_come_back(client: Client, stage: Stage) -> None:
    stage.calm.always = QuotaExhausted("spent", retry_after_s=7.5)
    with pytest.raises(errors.ResourceExhausted) as caught:
        await ask(client)

    info, retry = caught.value.details
    assert isinstance(info, ErrorInfo)
    assert isinstance(retry, RetryInfo)
    assert info.reason == "RATE_LIMIT_EXCEEDED"
    assert retry.retry_delay.ToMilliseconds() == 7500


async def test_an_arm_that_is_down_is_unavailable(client: Client, stage: Stage) -> None:
    stage.calm.always = Unavailable("down")
    with pytest.raises(errors.ServiceUnavailable, match="down"):
        await ask(client)


async def test_the_callers_deadline_ends_the_work(client: Client, stage: Stage) -> None:
    stage.calm.always = 60.0
    with pytest.raises(errors.DeadlineExceeded):
        await ask(client, timeout=0.5)
    await stage.calm.stopped.wait()

    assert stage.calm.cancelled == 1


async def test_a_call_cancelled_stops_the_work(channel: grpc.aio.Channel, stage: Stage) -> None:
    stage.calm.always = 60.0
    request = google.SynthesizeSpeechRequest(input=HELLO, voice=ENGLISH, audio_config=wav())
    call = raw(channel, "SynthesizeSpeech")(google.SynthesizeSpeechRequest.serialize(request))
    waiting = asyncio.ensure_future(call.code())
    await stage.calm.started.wait()
    call.cancel()
    await stage.calm.stopped.wait()

    assert await waiting is grpc.StatusCode.CANCELLED
    assert stage.calm.cancelled == 1


@pytest.mark.parametrize("data", [b"\xff\xff\xff", b"\x0a\xff", b"\x0a\x02\x0a"])
@pytest.mark.parametrize("method", ["SynthesizeSpeech", "ListVoices"])
async def test_bytes_that_are_no_message_are_an_invalid_argument(
    channel: grpc.aio.Channel, client: Client, method: str, data: bytes
) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await raw(channel, method)(data)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "cannot be parsed" in (caught.value.details() or "")
    assert await ask(client)


async def test_a_message_too_large_is_refused(channel: grpc.aio.Channel, client: Client) -> None:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await raw(channel, "SynthesizeSpeech")(b"a" * 300_000)

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert await ask(client)


async def test_a_compressed_message_cannot_unfold(channel: grpc.aio.Channel, client: Client) -> None:
    bomb = b"\x0a" + b"\x80\x80\x80\x20" + bytes(64 * 1024 * 1024)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await raw(channel, "SynthesizeSpeech")(bomb, compression=grpc.Compression.Gzip)

    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert await ask(client)


async def test_voices_are_listed_by_language(client: Client) -> None:
    every = await client.list_voices()
    chinese = await client.list_voices(language_code="zh-TW")

    assert [voice.name for voice in every.voices] == ["en-US", "cmn-TW", "pip_boy", "ghoul"]
    assert [voice.name for voice in chinese.voices] == ["cmn-TW", "pip_boy"]


async def collect(stream: Any, pieces: list[bytes]) -> None:
    """What came before an error is kept, too."""
    async for answer in stream:
        pieces.append(answer.audio_content)  # noqa: PERF401 - extend loses what came before the error


class TestStreaming:
    async def test_sentences_are_spoken_as_they_are_complete(self, client: Client, stage: Stage) -> None:
        scraps = ("Hello there. ", "How are you ", "today? It's ", "such nice weather outside.")
        stream = await client.streaming_synthesize(sent(opening(), *map(saying, scraps)))
        audio = await heard(stream)

        assert [said.text for said in stage.calm.asked] == [
            "Hello there.",
            "How are you today?",
            "It's such nice weather outside.",
        ]
        assert len(audio) / PCM_BYTES_PER_S == pytest.approx(4.8, rel=0.1)

    async def test_the_first_sentence_is_heard_before_the_second_is_written(self, client: Client) -> None:
        may_go_on = asyncio.Event()

        async def writing() -> AsyncIterator[google.StreamingSynthesizeRequest]:
            yield opening()
            yield saying("Hello there.")
            await may_go_on.wait()

        stream = await client.streaming_synthesize(writing())
        first = await anext(aiter(stream))
        may_go_on.set()

        assert first.audio_content

    async def test_a_stream_stays_on_one_arm(self, client: Client, stage: Stage) -> None:
        await stage.steer(share_percent=50)
        for turn in range(6):
            texts = [saying(f"Sentence number {number} of turn {turn}! ") for number in range(4)]
            await heard(await client.streaming_synthesize(sent(opening(), *texts)))
            arms = [engine for engine in (stage.calm, stage.bold) if engine.asked]
            assert len(arms) == 1
            arms[0].asked.clear()

    @pytest.mark.parametrize(
        ("encoding", "rate_hz", "bytes_per_s"),
        [("PCM", 16_000, 32_000), ("ALAW", 8000, 8000), ("MULAW", 0, 24_000)],
    )
    async def test_it_comes_in_the_wanted_encoding(
        self, client: Client, encoding: str, rate_hz: int, bytes_per_s: int
    ) -> None:
        audio = {"audio_encoding": encoding, "sample_rate_hertz": rate_hz}
        first = opening(streaming_audio_config=audio)
        data = await heard(await client.streaming_synthesize(sent(first, saying("Hello there."))))

        assert len(data) / bytes_per_s == pytest.approx(0.96, abs=0.1)

    async def test_opus_plays(self, client: Client) -> None:
        first = opening(streaming_audio_config={"audio_encoding": "OGG_OPUS"})
        data = await heard(await client.streaming_synthesize(sent(first, saying("Hello there."))))

        assert duration_of(data) == pytest.approx(0.96, abs=0.15)

    async def test_traditional_chinese_is_cut_at_its_own_stops(self, client: Client, stage: Stage) -> None:
        first = opening(voice={"language_code": "cmn-TW"})
        texts = (saying("歡迎來到廢土。你"), saying("好嗎?我很"), saying("好"))
        await heard(await client.streaming_synthesize(sent(first, *texts)))

        assert [said.text for said in stage.calm.asked] == ["歡迎來到廢土。", "你好嗎?", "我很好"]

    @pytest.mark.parametrize(
        ("requests", "said"),
        [
            ((), "first message of a stream must contain streaming_config"),
            ((saying("Hello."),), "first message of a stream must contain streaming_config"),
            ((opening(), opening()), "Only the first message"),
            ((opening(), google.StreamingSynthesizeRequest(input={})), "must be set"),
            ((opening(streaming_audio_config={"audio_encoding": "MP3"}),), "Unsupported audio encoding"),
            ((opening(voice={"name": "nobody"}),), "does not exist"),
        ],
    )
    async def test_a_mistake_is_an_invalid_argument(self, client: Client, requests: Any, said: str) -> None:
        with pytest.raises(errors.InvalidArgument, match=said):
            await heard(await client.streaming_synthesize(sent(*requests)))

    async def test_nothing_to_say_is_a_short_silence(self, client: Client) -> None:
        quiet = await heard(await client.streaming_synthesize(sent(opening(), saying(" "), saying("…"))))

        assert quiet
        assert set(quiet) == {0}

    async def test_a_sentence_that_nobody_reads_is_left_out_of_the_others(self, client: Client) -> None:
        one_and_two = sent(opening(), saying("One. "), saying("שלום. "), saying("Two."))

        assert await heard(await client.streaming_synthesize(one_and_two))
        with pytest.raises(errors.InvalidArgument, match="speaks Hebrew"):
            await heard(await client.streaming_synthesize(sent(opening(), saying("שלום."))))

    async def test_a_failure_in_the_middle_ends_with_its_status(self, client: Client, stage: Stage) -> None:
        stage.calm.script.append(0.0)

        async def writing() -> AsyncIterator[google.StreamingSynthesizeRequest]:
            yield opening()
            yield saying("Hello there.")
            await stage.calm.stopped.wait()
            stage.calm.always = Unavailable("down")
            yield saying("And good bye.")

        stream = await client.streaming_synthesize(writing())
        pieces: list[bytes] = []
        with pytest.raises(errors.ServiceUnavailable):
            await collect(stream, pieces)

        assert len(b"".join(pieces)) / PCM_BYTES_PER_S == pytest.approx(0.96, abs=0.1)

    async def test_a_caller_who_leaves_stops_the_work(self, channel: grpc.aio.Channel, stage: Stage) -> None:
        stage.calm.always = 60.0
        call = raw(channel, "StreamingSynthesize")()
        for request in (opening(), saying("Hello there.")):
            await call.write(google.StreamingSynthesizeRequest.serialize(request))
        await stage.calm.started.wait()
        call.cancel()
        await stage.calm.stopped.wait()

        assert stage.calm.cancelled == 1

    async def test_broken_bytes_in_the_middle_are_an_invalid_argument(self, channel: grpc.aio.Channel) -> None:
        call = raw(channel, "StreamingSynthesize")()
        await call.write(google.StreamingSynthesizeRequest.serialize(opening()))
        await call.write(b"\xff\xff")

        assert await call.code() is grpc.StatusCode.INVALID_ARGUMENT


@pytest.fixture
async def hasty(stage: Stage) -> AsyncIterator[grpc.aio.Channel]:
    """A door that takes two calls and waits for nobody."""
    service = stage.service
    voices = GoogleVoices(service.speech.catalogue, service.speech.engines)
    door = GrpcEndpoint(
        service.context, voices, GrpcAddress("127.0.0.1", 0, max_calls=2), StreamTimeouts(0.3, 0.1)
    )
    async with door.running(), grpc.aio.insecure_channel(f"127.0.0.1:{door.port}") as opened:
        yield opened


async def test_one_address_does_not_get_all_calls(stage: Stage) -> None:
    service = stage.service
    voices = GoogleVoices(service.speech.catalogue, service.speech.engines)
    limits = GrpcLimits(Connections(ConnectionLimits(in_all=8, by_address=2)))
    door = GrpcEndpoint(service.context, voices, GrpcAddress("127.0.0.1", 0, max_calls=8), limits=limits)
    async with door.running(), grpc.aio.insecure_channel(f"127.0.0.1:{door.port}") as opened:
        silent = [raw(opened, "StreamingSynthesize")() for _ in range(2)]
        for call in silent:
            await call.write(google.StreamingSynthesizeRequest.serialize(opening()))
        async with asyncio.timeout(10):
            while limits.calls.open < 2:  # noqa: ASYNC110 - calls that have come tell nobody
                await asyncio.sleep(0.02)
        third = raw(opened, "StreamingSynthesize")()
        assert await third.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        assert "from this address" in await third.details()
        for call in silent:
            call.cancel()
        async with asyncio.timeout(10):
            while limits.calls.open:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)


async def test_a_connection_that_does_not_begin_to_speak_is_closed(stage: Stage) -> None:
    service = stage.service
    voices = GoogleVoices(service.speech.catalogue, service.speech.engines)
    limits = GrpcLimits(Connections(ConnectionLimits(8)), header_s=0.5)
    door = GrpcEndpoint(service.context, voices, GrpcAddress("127.0.0.1", 0), limits=limits)
    async with door.running(), asyncio.timeout(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        while await reader.read(1024):
            pass
        writer.close()


async def test_connections_beyond_those_in_all_are_closed(stage: Stage) -> None:
    service = stage.service
    voices = GoogleVoices(service.speech.catalogue, service.speech.engines)
    limits = GrpcLimits(Connections(ConnectionLimits(8)), connections=2)
    door = GrpcEndpoint(service.context, voices, GrpcAddress("127.0.0.1", 0), limits=limits)
    async with door.running(), asyncio.timeout(20):
        held = [await asyncio.open_connection("127.0.0.1", door.port) for _ in range(2)]
        await asyncio.gather(*(reader.read(1) for reader, _ in held))  # the server's settings: it has them
        reader, writer = await asyncio.open_connection("127.0.0.1", door.port)
        assert await reader.read() == b""
        for each in (writer, *(one for _, one in held)):
            each.close()


async def test_a_stream_that_says_nothing_is_ended(hasty: grpc.aio.Channel) -> None:
    call = raw(hasty, "StreamingSynthesize")()
    await call.write(google.StreamingSynthesizeRequest.serialize(opening()))

    assert await call.code() is grpc.StatusCode.ABORTED
    assert "timed out after receiving no more client requests" in await call.details()


async def test_an_unfinished_sentence_is_spoken_when_its_writer_pauses(hasty: grpc.aio.Channel) -> None:
    call = raw(hasty, "StreamingSynthesize")()
    for request in (opening(), saying("Hello there")):
        await call.write(google.StreamingSynthesizeRequest.serialize(request))

    assert await call.read() is not grpc.aio.EOF  # type: ignore[attr-defined]  # missing from its stubs


async def test_calls_beyond_the_bound_are_refused_at_once(hasty: grpc.aio.Channel, stage: Stage) -> None:
    stage.calm.always = 60.0
    request = google.SynthesizeSpeechRequest.serialize(
        google.SynthesizeSpeechRequest(input=HELLO, voice=ENGLISH, audio_config=wav())
    )
    ask_raw = raw(hasty, "SynthesizeSpeech")
    held = [asyncio.ensure_future(ask_raw(request)) for _ in range(2)]
    await stage.calm.started.wait()
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await ask_raw(request)
    for call in held:
        call.cancel()

    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
