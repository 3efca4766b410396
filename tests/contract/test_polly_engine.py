"""The Polly engine against a local server that refuses what Polly refuses, and checks every signature."""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.kernel.errors import ConfigurationError, SentenceTooLong, Unavailable, Unsupported
from segue.speech.core.speech import Pause, Span, Utterance
from segue.testing.engine import EngineContract
from support.http_vendors import MORNING, POLLY, Vendor, said, started
from support.polly_server import KEY, REGION, SECRET, TOKEN, PollyService, refuse
from support.vendor import Answer, Asked, Trouble, VendorServer, as_json

pytest.importorskip("botocore", reason="needs botocore: pip install 'segue[polly]'")

from botocore.session import Session

from segue.speech.engines.polly import create
from segue.speech.engines.polly.credentials import Signer

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from segue.speech.engines.http.engine import HttpEngine
    from segue.speech.engines.polly.engine import PollyEngine

HELLO = POLLY.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return POLLY


class TestNeural(EngineContract):
    pass


class TestGenerativeMp3(EngineContract):
    @pytest.fixture
    async def engine(self, server: VendorServer) -> AsyncIterator[HttpEngine]:
        async with started(POLLY.at(server.url, engine="generative", format="mp3")) as ready:
            yield ready


class _Role:
    """What issues the credentials of a role: they end in five minutes, so they are renewed for every call."""

    def __init__(self, token: str) -> None:
        self.token = token

    def answer(self, asked: Asked) -> Answer:
        assert asked.path == "/role"
        ends = (dt.datetime.now(dt.UTC) + dt.timedelta(minutes=5)).isoformat()
        return as_json({"AccessKeyId": KEY, "SecretAccessKey": SECRET, "Token": self.token, "Expiration": ends})


class TestSignatures:
    async def test_temporary_credentials_send_their_token(
        self, server: VendorServer, service: PollyService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        service.token = TOKEN
        monkeypatch.setenv("AWS_SESSION_TOKEN", TOKEN)
        async with started(POLLY.at(server.url)) as engine:
            assert (await engine.synthesize(HELLO)).duration_s > 1

    async def test_a_profile_is_read_from_the_shared_file(
        self, server: VendorServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDWRONG")
        file = f"[speech]\naws_access_key_id = {KEY}\naws_secret_access_key = {SECRET}\n"
        (tmp_path / "credentials").write_text(file)
        async with started(POLLY.at(server.url, profile="speech")) as engine:
            assert (await engine.synthesize(HELLO)).duration_s > 1

    async def test_an_address_with_a_path_is_signed_as_it_is_sent(self) -> None:
        async with VendorServer(PollyService(prefix="/proxy to/polly")) as server:
            options: dict[str, object] = {"base_url": f"{server.url}/proxy%20to/polly", "region": REGION}
            async with started(create(options)) as engine:
                assert (await engine.synthesize(HELLO)).duration_s > 1

    @pytest.mark.parametrize(
        ("changed", "error"),
        [
            ({"secret": "other"}, "InvalidSignatureException"),
            ({"key": "AKIDOTHER"}, "UnrecognizedClientException"),
            ({"region": "eu-west-1"}, "InvalidSignatureException"),
            ({"token": TOKEN}, "UnrecognizedClientException"),
        ],
        ids=["secret", "key", "region", "token"],
    )
    async def test_credentials_that_are_not_the_accounts_are_refused(
        self, changed: dict[str, str], error: str
    ) -> None:
        service = PollyService(**cast("Any", changed))
        async with VendorServer(service) as server, started(POLLY.at(server.url)) as engine:
            assert not (await engine.health()).ready
            with pytest.raises(Unavailable, match=f"{error}.*this machine's clock"):
                await engine.synthesize(HELLO)

    async def test_credentials_of_a_role_are_renewed(
        self, server: VendorServer, service: PollyService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        role = _Role("first token")
        service.token = role.token
        async with VendorServer(role) as issuer:
            monkeypatch.delenv("AWS_ACCESS_KEY_ID")
            monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", f"{issuer.url}/role")
            async with started(POLLY.at(server.url)) as engine:
                await engine.synthesize(HELLO)
                service.token = role.token = "second token"
                await engine.synthesize(HELLO)
                issuer.trouble = Trouble(answer=Answer(500, b""), lists=True)
                with pytest.raises(Unavailable, match="cannot be renewed"):
                    await engine.synthesize(HELLO)

    async def test_without_credentials_it_does_not_start(
        self, server: VendorServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(ConfigurationError, match="set AWS_ACCESS_KEY_ID"):
            await POLLY.at(server.url).start()
        with pytest.raises(ConfigurationError, match="nobody"):
            await POLLY.at(server.url, profile="nobody").start()

    async def test_neither_a_key_nor_a_text_is_quoted(
        self, server: VendorServer, engine: PollyEngine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        said_badly = f"Zanzibar secret is no text, and {SECRET} no key"
        server.trouble = Trouble(answer=refuse(400, "InvalidSsmlException", said_badly))
        with pytest.raises(Unsupported) as caught:
            await engine.synthesize(replace(HELLO, text="Zanzibar secret"))
        told = f"{caught.value} {await engine.health()} {capsys.readouterr()} {engine!r}"
        assert "anzibar" not in told
        assert SECRET[:8] not in told
        assert "InvalidSsmlException" in told

    @pytest.mark.parametrize("token", ["", TOKEN], ids=["lasting", "temporary"])
    def test_credentials_are_carried_in_one_string(self, token: str) -> None:
        signer = Signer(KEY, SECRET, token)
        assert Signer.read(signer.written()) == signer


class TestOfficialClient:
    """The server takes what Amazon's own client sends, and the engine sends the same."""

    async def test_the_engine_asks_as_the_official_client_does(
        self, server: VendorServer, engine: PollyEngine
    ) -> None:
        client = Session().create_client("polly", REGION, endpoint_url=server.url)
        wanted = {"Engine": "neural", "VoiceId": "Joanna", "OutputFormat": "pcm", "SampleRate": "16000"}
        server.asked.clear()

        def ask() -> bytes:
            client.describe_voices(IncludeAdditionalLanguageCodes=True, NextToken="page+/=2")
            answer = client.synthesize_speech(**wanted, Text=HELLO.text, TextType="text")
            sound: bytes = answer["AudioStream"].read()
            client.close()
            return sound

        sound = await asyncio.to_thread(ask)
        assert sound == (await engine.synthesize(HELLO)).data
        await engine.refresh_voices()
        theirs, ours = server.asked[:2], server.asked[2:]
        assert theirs[1].content == ours[0].content
        listed = [(asked.method, asked.path, asked.query) for asked in (theirs[0], ours[2])]
        assert listed[0] == listed[1]
        assert _signed_headers(theirs[1]) == _signed_headers(ours[0])


def _signed_headers(asked: Asked) -> set[str]:
    """The names behind ``SignedHeaders``, without what only Amazon's client sends."""
    names = asked.headers["authorization"].partition("SignedHeaders=")[2].partition(",")[0].split(";")
    return set(names) - {"content-type", "amz-sdk-invocation-id", "amz-sdk-request"}


class TestRequests:
    async def test_a_plain_text_is_sent_as_one(
        self, server: VendorServer, service: PollyService, engine: PollyEngine
    ) -> None:
        await engine.synthesize(HELLO)
        assert server.spoken == [
            {
                "Engine": "neural",
                "VoiceId": "Joanna",
                "OutputFormat": "pcm",
                "SampleRate": "16000",
                "Text": HELLO.text,
                "TextType": "text",
            }
        ]
        assert service.heard == [HELLO.text]

    @pytest.mark.parametrize(
        ("engine_name", "format_", "rate_hz", "expected_hz"),
        [
            ("standard", "pcm", 0, 16_000),
            ("neural", "pcm", 8_000, 8_000),
            ("standard", "mp3", 0, 22_050),
            ("neural", "mp3", 0, 24_000),
            ("generative", "mp3", 48_000, 48_000),
        ],
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_the_sample_rate_is_told_as_it_is(
        self,
        server: VendorServer,
        engine_name: str,
        format_: str,
        rate_hz: int,
        expected_hz: int,
        streamed: bool,
    ) -> None:
        options: dict[str, object] = {"engine": engine_name, "format": format_, "sample_rate_hz": rate_hz}
        async with started(POLLY.at(server.url, **options)) as engine:
            pieces = await said(engine, HELLO, streamed=streamed)
        assert {piece.rate_hz for piece in pieces} == {expected_hz}
        assert sum(piece.duration_s for piece in pieces) == pytest.approx(2.2, abs=0.2)

    async def test_marks_are_ssml(self, server: VendorServer, service: PollyService) -> None:
        spans = (Span(13, 15, rate_ratio=0.5, pitch_semitones=-2.0), Span(16, 19, emphasis="strong"))
        asked = replace(HELLO, rate_ratio=1.2, pauses=(Pause(5, 400),), spans=spans, pronunciations=(MORNING,))
        async with started(POLLY.at(server.url, engine="standard")) as engine:
            await engine.synthesize(asked)
        assert server.spoken[0]["TextType"] == "ssml"
        assert server.spoken[0]["Text"] == (
            '<speak><prosody rate="120%">Good <break time="400ms"/>'
            '<phoneme alphabet="ipa" ph="ˈmɔːnɪŋ">morning</phoneme> </prosody>'
            '<prosody rate="60%" pitch="-10.9%">to</prosody><prosody rate="120%"> </prosody>'
            '<prosody rate="120%"><emphasis level="strong">all</emphasis></prosody>'
            '<prosody rate="120%"> of you.</prosody></speak>'
        )
        assert service.heard == [HELLO.text]

    @pytest.mark.parametrize("name", ["standard", "neural", "long-form", "generative"])
    async def test_all_that_an_engine_says_that_it_takes_is_taken(
        self, server: VendorServer, service: PollyService, name: str
    ) -> None:
        """The server refuses every tag and attribute that Amazon's table does not give to this engine."""
        voice = "Ruth" if name == "long-form" else "Joanna"
        async with started(POLLY.at(server.url, engine=name)) as engine:
            can = engine.voice(voice).capabilities
            every = {
                "rate_ratio": 1.5,
                "pitch_semitones": 7.0,
                "emphasis": "strong",
                "say_as": "date:ymd",
                "language": "fr-FR",
                "pronunciation": replace(MORNING, phrase="all"),
            }
            spans = [replace(Span(16, 19), **{key: every[key]}) for key in sorted(can.spans)]  # type: ignore[arg-type]
            rate = can.rate_ratio
            assert rate is not None
            for span in spans:
                await engine.synthesize(replace(HELLO, voice=voice, spans=(span,)))
            for ratio in (rate.low, rate.high):
                asked = replace(HELLO, voice=voice, rate_ratio=ratio, pauses=(Pause(4, 2_000),))
                pitch = can.pitch_semitones
                await engine.synthesize(replace(asked, pitch_semitones=pitch.low if pitch else 0.0))
        assert len(service.heard) == len(spans) + 2

    async def test_lexicons_and_the_language_of_a_bilingual_voice_go_along(self, server: VendorServer) -> None:
        voices: dict[str, object] = {"kajal_hi": {"voice": "Kajal", "language": "hi-IN"}, "zh": "zh-CN"}
        voices["zh"] = {"voice": "Zhiyu", "language": "zh-CN", "engine": "standard"}
        async with started(POLLY.at(server.url, voices=voices, lexicons=["names"])) as engine:
            for name in ("kajal_hi", "zh", "Kajal"):
                await engine.synthesize(replace(HELLO, voice=name))
        sent = [(asked["VoiceId"], asked["Engine"], asked.get("LanguageCode")) for asked in server.spoken]
        assert sent == [("Kajal", "neural", "hi-IN"), ("Zhiyu", "standard", None), ("Kajal", "neural", None)]
        assert {tuple(asked["LexiconNames"]) for asked in server.spoken} == {("names",)}

    async def test_what_answers_were_billed_at_is_counted(self, server: VendorServer, engine: PollyEngine) -> None:
        await engine.synthesize(HELLO)
        await said(engine, HELLO, streamed=True)
        server.trouble = Trouble(headers={"x-amzn-requestcharacters": "-7"})
        await engine.synthesize(HELLO)
        assert engine.billed_chars == 2 * len(HELLO.text)

    @pytest.mark.parametrize(
        "asked",
        [
            replace(HELLO, pitch_semitones=1.0),
            replace(HELLO, voice="Zhiyu", pronunciations=(MORNING,)),
            replace(HELLO, voice="gen", pronunciations=(MORNING,)),
        ],
        ids=["pitch", "mandarin", "generative"],
    )
    async def test_what_an_engine_does_not_take_is_not_left_out_in_silence(
        self, server: VendorServer, asked: Utterance
    ) -> None:
        voices = {"gen": {"voice": "Joanna", "engine": "generative"}}
        async with started(POLLY.at(server.url, voices=voices)) as engine:
            with pytest.raises(Unsupported):
                await engine.synthesize(asked)
        assert not server.spoken

    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.text(st.characters() | st.sampled_from("<>&\"'\0\x1f\ud800\udfff"), min_size=1, max_size=40),
        rate_ratio=st.sampled_from([1.0, 1.5]),
    )
    def test_any_text_is_taken(self, text: str, rate_ratio: float) -> None:
        async def ask() -> None:
            async with VendorServer(PollyService()) as server, started(POLLY.at(server.url)) as engine:
                await engine.synthesize(replace(HELLO, text=text, rate_ratio=rate_ratio))

        asyncio.run(ask())


class TestLimits:
    async def test_no_more_is_sent_than_polly_takes_with_all_tags(
        self, server: VendorServer, engine: PollyEngine
    ) -> None:
        await engine.synthesize(replace(HELLO, text="word " * 600))
        with pytest.raises(SentenceTooLong):
            await engine.synthesize(replace(HELLO, text="word " * 601))
        with pytest.raises(SentenceTooLong, match="6000 characters with their tags"):
            await engine.synthesize(replace(HELLO, text="R&D " * 750, rate_ratio=1.1, pauses=_every(2_900, 29)))
        assert len(server.spoken) == 1

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_sound_that_was_cut_off_at_ten_minutes_is_no_answer(
        self, server: VendorServer, streamed: bool
    ) -> None:
        server.piece_bytes = 1_000_000
        async with started(POLLY.at(server.url, sample_rate_hz=8_000)) as engine:
            asked = replace(HELLO, text="word " * 400, rate_ratio=0.25)
            with pytest.raises(SentenceTooLong, match="10 minutes"):
                await said(engine, asked, streamed=streamed)

    @pytest.mark.parametrize(("name", "chars"), [("Joanna", 3_000), ("Zhiyu", 1_200)])
    async def test_the_limit_goes_by_the_language(self, engine: PollyEngine, name: str, chars: int) -> None:
        assert engine.voice(name).capabilities.max_input_chars == chars


def _every(up_to: int, step: int) -> tuple[Pause, ...]:
    return tuple(Pause(place, 100) for place in range(1, up_to, step))
