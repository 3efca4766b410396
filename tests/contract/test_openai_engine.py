"""The OpenAI engine against a local server that refuses what OpenAI refuses."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import BadAudio, SentenceTooLong, Unavailable, Unsupported
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Original,
    Pause,
    Pronunciation,
    Span,
    Utterance,
    joined,
)
from segue.speech.engines.openai import create
from segue.testing.audio import babble
from segue.testing.engine import EngineContract
from support.http_vendors import OPENAI, Vendor, said, started, stream_of
from support.openai_server import LISTS, PEERS_VOICES, OpenAiService
from support.vendor import Trouble, VendorServer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.engines.http.engine import HttpEngine
    from segue.speech.engines.openai.engine import OpenAiEngine

MP3 = encode(to_samples(babble("Good morning.")), 16_000, AudioFormat(Container.MP3)).data
ALLOY = OPENAI.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return OPENAI


class TestPcm(EngineContract):
    pass


class TestWav(EngineContract):
    @pytest.fixture
    async def engine(self, server: VendorServer) -> AsyncIterator[HttpEngine]:
        async with started(OPENAI.at(server.url, format="wav")) as ready:
            yield ready


class TestMp3(EngineContract):
    @pytest.fixture
    async def engine(self, server: VendorServer) -> AsyncIterator[HttpEngine]:
        async with started(OPENAI.at(server.url, format="mp3")) as ready:
            yield ready


class TestRequests:
    async def test_only_what_differs_from_the_usual_is_sent(
        self, server: VendorServer, engine: OpenAiEngine
    ) -> None:
        await engine.synthesize(ALLOY)
        assert server.spoken == [
            {"model": "tts-1", "input": ALLOY.text, "voice": "alloy", "response_format": "pcm"}
        ]

    async def test_a_pace_is_sent_as_speed(self, server: VendorServer, engine: OpenAiEngine) -> None:
        await engine.synthesize(replace(ALLOY, rate_ratio=1.25))
        assert server.spoken[0]["speed"] == 1.25

    async def test_instructions_are_the_presets_else_the_engines(self, server: VendorServer) -> None:
        options: dict[str, object] = {
            "model": "gpt-4o-mini-tts",
            "instructions": "Speak calmly.",
            "voices": {"grump": {"voice": "af_bella", "instructions": "Speak like a grump."}},
        }
        async with started(OPENAI.at(server.url, **options)) as engine:
            await engine.synthesize(ALLOY)
            await engine.synthesize(replace(ALLOY, voice="grump"))
        assert [(asked["voice"], asked["instructions"]) for asked in server.spoken] == [
            ("alloy", "Speak calmly."),
            ("af_bella", "Speak like a grump."),
        ]

    async def test_extra_fields_go_along(self, server: VendorServer) -> None:
        async with started(OPENAI.at(server.url, extra={"lang_code": "z"})) as engine:
            with pytest.raises(Unsupported, match="lang_code"):  # this server refuses what it does not know
                await engine.synthesize(ALLOY)
        assert server.spoken[0]["lang_code"] == "z"

    @pytest.mark.parametrize(
        "asked",
        [
            replace(ALLOY, pitch_semitones=2.0),
            replace(ALLOY, pauses=(Pause(3, 500),)),
            replace(ALLOY, spans=(Span(0, 4, rate_ratio=2.0),)),
            replace(ALLOY, pronunciations=(Pronunciation("morning", "ˈmɔːnɪŋ"),)),
        ],
        ids=["pitch", "pauses", "spans", "pronunciations"],
    )
    async def test_what_the_api_cannot_say_is_not_left_out_in_silence(
        self, engine: OpenAiEngine, server: VendorServer, asked: Utterance
    ) -> None:
        with pytest.raises(Unsupported):
            await engine.synthesize(asked)
        assert not server.spoken


class TestSampleRates:
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_bare_samples_are_at_the_rate_of_the_option(self, streamed: bool) -> None:
        async with (
            VendorServer(OpenAiService(rate_hz=22_050)) as server,
            started(OPENAI.at(server.url, sample_rate_hz=22_050)) as engine,
        ):
            pieces = await said(engine, ALLOY, streamed=streamed)
        assert {piece.rate_hz for piece in pieces} == {22_050}

    async def test_a_rate_in_the_content_type_goes_before_the_option(
        self, server: VendorServer, engine: OpenAiEngine
    ) -> None:
        server.trouble = Trouble(headers={"content-type": "audio/pcm;rate=16000;channels=1"})
        assert (await engine.synthesize(ALLOY)).rate_hz == 16_000

    async def test_a_proxy_that_calls_everything_mp3_is_understood(
        self, server: VendorServer, engine: OpenAiEngine
    ) -> None:
        server.trouble = Trouble(headers={"content-type": "audio/mpeg"})
        assert (await engine.synthesize(ALLOY)).rate_hz == 24_000

    async def test_two_channels_of_bare_samples_are_refused(
        self, server: VendorServer, engine: OpenAiEngine
    ) -> None:
        server.trouble = Trouble(headers={"content-type": "audio/pcm;rate=16000;channels=2"})
        with pytest.raises(BadAudio, match="2 channels"):
            await engine.synthesize(ALLOY)

    @pytest.mark.parametrize("format_", ["wav", "mp3"])
    @pytest.mark.parametrize("rate_hz", [16_000, 44_100])
    async def test_files_say_their_own_rate(self, format_: str, rate_hz: int) -> None:
        async with (
            VendorServer(OpenAiService(rate_hz=rate_hz)) as server,
            started(OPENAI.at(server.url, format=format_)) as engine,
        ):
            whole = await engine.synthesize(ALLOY)
            pieces = await said(engine, ALLOY, streamed=True)
        assert whole.rate_hz == rate_hz
        assert {piece.rate_hz for piece in pieces} == {rate_hz}
        assert b"".join(piece.data for piece in pieces) == whole.data


class TestOriginals:
    """What may go out as it came is with the samples."""

    @pytest.mark.parametrize("format_", ["wav", "mp3", "pcm"])
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_a_file_is_there_as_the_server_sent_it(
        self, server: VendorServer, format_: str, streamed: bool
    ) -> None:
        async with started(OPENAI.at(server.url, format=format_)) as engine:
            pieces = await said(engine, ALLOY, streamed=streamed)
        sound = babble(ALLOY.text, rate_hz=24_000)
        sent = encode(to_samples(sound), 24_000, AudioFormat(Container(format_), 24_000)).data
        assert joined([piece.original for piece in pieces]) == Original(sent, Container(format_))


class TestVoices:
    @pytest.mark.parametrize("shape", sorted(LISTS))
    @pytest.mark.parametrize("path", ["/v1/audio/voices", "/v1/voices"])
    async def test_lists_of_every_shape_are_read(self, shape: str, path: str) -> None:
        async with (
            VendorServer(OpenAiService(list_path=path, list_shape=shape)) as server,
            started(OPENAI.at(server.url)) as engine,
        ):
            assert [voice.name for voice in engine.voices()] == list(PEERS_VOICES)

    async def test_a_voice_that_is_not_listed_is_refused_with_the_nearest(self, engine: OpenAiEngine) -> None:
        with pytest.raises(Unsupported, match="did you mean af_bella"):
            engine.voice("af_bela")

    async def test_a_mixture_of_listed_voices_is_known(self, engine: OpenAiEngine) -> None:
        assert engine.voice("af_bella(2)+af_heart(1)").name == "af_bella(2)+af_heart(1)"
        with pytest.raises(Unsupported):
            engine.voice("af_bella(2)+nobody(1)")

    async def test_before_it_is_asked_any_name_may_be_right(self, server: VendorServer) -> None:
        engine = OPENAI.at(server.url)
        assert engine.voice("whoever").locale == "en-US"
        with pytest.raises(Unsupported):
            engine.voice("\x00")
        await engine.start()
        with pytest.raises(Unsupported):
            engine.voice("whoever")
        await engine.close()

    async def test_names_that_nobody_lists_need_the_option(self) -> None:
        async with VendorServer(OpenAiService(list_path="")) as server:
            async with started(OPENAI.at(server.url)) as engine:
                assert (await engine.health()).ready
                assert engine.voices() == []
                with pytest.raises(Unsupported, match="unlisted_voices"):
                    engine.voice("alloy")
            async with started(OPENAI.at(server.url, unlisted_voices=True)) as engine:
                assert (await engine.synthesize(ALLOY)).duration_s > 1

    async def test_a_preset_gives_a_voice_its_language(self, server: VendorServer) -> None:
        voices: dict[str, object] = {
            "alloy_zh": {"voice": "alloy", "language": "zh-TW", "gender": "female"},
            "af_heart": "en-GB",
        }
        async with started(OPENAI.at(server.url, voices=voices)) as engine:
            voice = engine.voice("alloy_zh")
            assert (voice.locale, voice.gender, voice.scripts[0]) == ("zh-TW", "female", "Hani")
            assert engine.voice("af_heart").locale == "en-GB"
            assert [found.name for found in engine.voices()][:2] == ["alloy_zh", "af_heart"]

    def test_of_openai_itself_the_voices_are_known_and_its_key_is_looked_for(self) -> None:
        engine = create({"model": "tts-1"})
        assert {"alloy", "verse"} <= {voice.name for voice in engine.voices()}
        assert engine.voice("voice_1234").name == "voice_1234"
        with pytest.raises(Unsupported, match="did you mean shimmer"):
            engine.voice("shimer")

    def test_capabilities_are_those_of_the_api(self) -> None:
        can = create({"model": "tts-1"}).voice("alloy").capabilities
        assert can.rate_ratio is not None
        assert (can.rate_ratio.low, can.rate_ratio.high) == (0.25, 4.0)
        assert (can.max_input_chars, can.max_input_bytes, can.streaming) == (4096, None, True)
        assert (can.pitch_semitones, can.alphabets, can.exact_pauses) == (None, frozenset(), False)

    def test_a_server_without_speed_has_no_pace(self) -> None:
        can = create({"model": "tts-1", "min_speed": 1, "max_speed": 1}).voice("alloy").capabilities
        assert can.rate_ratio is None


class TestRefusals:
    """The server refuses by its own rules; nothing is told it but what a catalogue could hold."""

    async def test_a_text_over_the_limit_is_not_even_sent(
        self, server: VendorServer, engine: OpenAiEngine
    ) -> None:
        with pytest.raises(SentenceTooLong, match="4096"):
            await engine.synthesize(replace(ALLOY, text="a" * 4097))
        assert not server.spoken

    async def test_a_refused_text_is_not_quoted(self, server: VendorServer) -> None:
        async with started(OPENAI.at(server.url, max_input_chars=9000)) as engine:
            with pytest.raises(SentenceTooLong) as caught:
                await engine.synthesize(replace(ALLOY, text="Zanzibar secret " * 400))
        assert "anzibar" not in str(caught.value)
        assert "string" in str(caught.value)

    async def test_a_refused_key_is_not_quoted(
        self, server: VendorServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setenv("A_KEY", "sk-other-fedcba9876543210")
        async with started(OPENAI.at(server.url)) as engine:
            with pytest.raises(Unavailable, match="check the key and its permissions") as caught:
                await engine.synthesize(ALLOY)
            told = f"{caught.value} {await engine.health()} {engine._server._secret!r} {capsys.readouterr()}"
        for part in ("sk-other", "fedc", "3210"):
            assert part not in told

    async def test_a_peers_refusals_are_understood(self) -> None:
        service = OpenAiService(kokoro_errors=True)
        async with VendorServer(service) as server, started(OPENAI.at(server.url, unlisted_voices=True)) as engine:
            with pytest.raises(Unsupported, match="no such voice"):
                await engine.synthesize(replace(ALLOY, voice="nobody"))


class TestTroubles:
    async def test_sound_that_is_longer_than_its_bytes_has_the_same_bound(self, server: VendorServer) -> None:
        async with started(OPENAI.at(server.url, format="mp3", max_answer_bytes=50_000)) as engine:
            with pytest.raises(BadAudio, match="more than 50000 bytes"):
                await engine.synthesize(ALLOY)
        assert len(server.service.answer(server.asked[-1]).body) < 50_000

    @pytest.mark.parametrize("format_", ["wav", "mp3"])
    async def test_a_stream_of_a_file_begins_before_it_is_all_there(
        self, server: VendorServer, format_: str
    ) -> None:
        async with started(OPENAI.at(server.url, format=format_)) as engine:
            server.trouble = Trouble(hang_after=2)
            async with aclosing(stream_of(engine, ALLOY)) as stream:
                assert (await anext(stream)).sample_count > 0

    async def test_a_wav_that_lacks_its_end_is_no_answer(self, server: VendorServer) -> None:
        async with started(OPENAI.at(server.url, format="wav")) as engine:
            whole = await engine.synthesize(ALLOY)
            sent = server.service.answer(server.asked[-1]).body
            server.trouble = Trouble(body=sent[:-2000])
            with pytest.raises(BadAudio, match="bytes fewer than its WAV header says"):
                await engine.synthesize(ALLOY)
        assert whole.duration_s > 1


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({"model": ""}, "model must be named"),
            ({"speed": 2}, "unknown options speed"),
            ({"format": "ogg"}, "format must be pcm, wav, mp3"),
            ({"sample_rate_hz": 7000}, "sample_rate_hz"),
            ({"sample_rate_hz": "24000"}, "must be int"),
            ({"timeout_s": 0}, "timeout_s must be positive"),
            ({"base_url": "ftp://x/v1"}, "must begin with http"),
            ({"base_url": "http://user:pass@host/v1"}, "not contain a user, password"),
            ({"key_env": "A", "key_file": "b"}, "not both"),
            ({"min_speed": 2}, "min_speed"),
            ({"instructions": "calmly"}, "does not support instructions"),
            ({"extra": {"input": "x"}}, "Segue sets them"),
            ({"voices": {"a": {"voicee": "b"}}}, "voices.a: unknown options voicee"),
            ({"voices": {"a": 3}}, "voices.a: it must be a language or a mapping"),
            ({"voices": {"a": "english!"}}, "voices.a: language must be written"),
            ({"voices": {"a": {"gender": "robot"}}}, "gender"),
            ({"unlisted_voices": 1}, "must be bool"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_fault_is_named(self, options: dict[str, object], fault: str) -> None:
        with pytest.raises((TypeError, ValueError), match=fault):
            create({"model": "tts-1", **options})

    def test_the_version_changes_with_what_is_heard_and_only_then(self) -> None:
        def version(**options: object) -> str:
            return create({"model": "tts-1-hd", "base_url": "http://127.0.0.1/v1", **options}).version

        assert version() == version(timeout_s=3, max_connections=4, key_env="A")
        changed = [
            version(instructions="calmly"),
            version(voices={"a": "en-GB"}),
            version(format="wav"),
            version(sample_rate_hz=16_000),
            version(revision="2"),
            version(extra={"lang_code": "z"}),
        ]
        assert len({version(), *changed}) == len(changed) + 1
