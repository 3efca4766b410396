"""The Azure engine against a local server that refuses what Azure refuses."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from segue.kernel.errors import BadAudio, QuotaExhausted, SentenceTooLong, Unavailable, Unsupported
from segue.speech.core.speech import Pause, Span, Utterance
from segue.speech.engines.azure import create
from segue.testing.engine import EngineContract
from support.azure_server import (
    AVA,
    DRAGON,
    HEAD,
    HSIAO_CHEN,
    JENNY,
    KEY,
    MOST_AUDIO_S,
    AzureService,
    refuse,
    words,
)
from support.http_vendors import AZURE, MORNING, Vendor, said, started
from support.vendor import Trouble, VendorServer

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.engines.azure.engine import AzureEngine

HELLO = AZURE.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return AZURE


class TestNeural(EngineContract):
    pass


class TestHighDefinition(EngineContract):
    @pytest.fixture
    def utterance(self) -> Utterance:
        return replace(HELLO, voice=DRAGON)


class TestRequests:
    async def test_a_plain_text_has_only_its_voice_around_it(
        self, server: VendorServer, service: AzureService, engine: AzureEngine
    ) -> None:
        await engine.synthesize(HELLO)
        assert service.documents == [f'{HEAD}<voice name="{JENNY}">{HELLO.text}</voice></speak>']
        asked = server.asked[-1]
        assert asked.headers["x-microsoft-outputformat"] == "raw-24khz-16bit-mono-pcm"
        assert asked.headers["ocp-apim-subscription-key"] == KEY
        assert "authorization" not in asked.headers

    @pytest.mark.parametrize("rate_hz", [8_000, 16_000, 22_050, 24_000, 44_100, 48_000])
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_every_sample_rate_is_told_as_it_is(
        self, server: VendorServer, rate_hz: int, streamed: bool
    ) -> None:
        async with started(AZURE.at(server.url, sample_rate_hz=rate_hz)) as engine:
            pieces = await said(engine, HELLO, streamed=streamed)
        assert {piece.rate_hz for piece in pieces} == {rate_hz}
        assert sum(piece.duration_s for piece in pieces) == pytest.approx(2.2, abs=0.2)

    async def test_a_token_is_sent_as_one(self) -> None:
        async with (
            VendorServer(AzureService(bearer=True)) as server,
            started(AZURE.at(server.url, bearer=True)) as engine,
        ):
            assert (await engine.synthesize(HELLO)).duration_s > 1

    async def test_a_token_in_a_file_is_read_again(self, tmp_path: Path) -> None:
        service = AzureService(bearer=True)
        file = tmp_path / "token"
        file.write_text(KEY)
        async with VendorServer(service) as server:
            options = {"key_env": "", "key_file": str(file), "bearer": True}
            async with started(AZURE.at(server.url, **options)) as engine:
                await engine.synthesize(HELLO)
                service.key = "another.token.of.ten.minutes"
                file.write_text(service.key)
                await asyncio.sleep(1.05)  # files are looked at once a second
                assert (await engine.synthesize(HELLO)).duration_s > 1

    async def test_rate_and_pitch_are_around_the_whole(self, service: AzureService, engine: AzureEngine) -> None:
        await engine.synthesize(replace(HELLO, rate_ratio=1.25, pitch_semitones=-2.5))
        assert f'<prosody rate="+25.00%" pitch="-2.50st">{HELLO.text}</prosody>' in service.documents[0]

    async def test_pauses_pronunciations_and_spans_stand_where_they_belong(
        self, service: AzureService, engine: AzureEngine
    ) -> None:
        spans = (Span(13, 15, rate_ratio=0.5), Span(16, 19, say_as="date:ymd"))
        asked = replace(HELLO, pronunciations=(MORNING,), pauses=(Pause(5, 400), Pause(27, 90)), spans=spans)
        await engine.synthesize(asked)
        assert service.documents[0] == (
            f'{HEAD}<voice name="{JENNY}">Good <break time="400ms"/>'
            '<phoneme alphabet="ipa" ph="ˈmɔːnɪŋ">morning</phoneme> <prosody rate="-50.00%">to</prosody> '
            '<say-as interpret-as="date" format="ymd">all</say-as> of you.<break time="90ms"/></voice></speak>'
        )
        assert service.heard == [HELLO.text]

    async def test_a_preset_has_its_style_role_and_volume(
        self, server: VendorServer, service: AzureService
    ) -> None:
        voices: dict[str, object] = {
            "glad": {"voice": JENNY, "style": "cheerful", "style_degree": 1.5, "volume": 80},
            "boy": {"voice": "zh-CN-YunxiNeural", "role": "Boy", "style": "chat"},
        }
        async with started(AZURE.at(server.url, voices=voices)) as engine:
            await engine.synthesize(replace(HELLO, voice="glad"))
            await engine.synthesize(replace(HELLO, voice="boy", text="早安。"))
        assert (
            f'<voice name="{JENNY}"><mstts:express-as style="cheerful" styledegree="1.5">'
            f'<prosody volume="80">{HELLO.text}</prosody></mstts:express-as></voice>'
        ) in service.documents[0]
        assert '<mstts:express-as style="chat" role="Boy">早安。</mstts:express-as>' in service.documents[1]

    async def test_a_multilingual_voice_speaks_the_language_of_its_preset(
        self, server: VendorServer, service: AzureService
    ) -> None:
        voices: dict[str, object] = {"ava_zh": {"voice": AVA, "language": "zh-TW"}}
        async with started(AZURE.at(server.url, voices=voices)) as engine:
            assert engine.voice("ava_zh").locale == "zh-TW"
            spans = (Span(2, 7, language="de-DE"),)
            await engine.synthesize(replace(HELLO, voice="ava_zh", text="早安Hallo", spans=spans))
        assert service.documents[0].startswith(
            f'{HEAD}<voice name="{AVA}"><lang xml:lang="zh-TW">早安</lang><lang xml:lang="de-DE">Hallo</lang>'
        )

    async def test_a_voice_of_one_language_is_told_no_other(
        self, server: VendorServer, service: AzureService
    ) -> None:
        voices: dict[str, object] = {"jenny": {"voice": JENNY, "language": "en-GB"}}
        async with started(AZURE.at(server.url, voices=voices)) as engine:
            await engine.synthesize(replace(HELLO, voice="jenny"))
        assert "<lang" not in service.documents[0]

    @pytest.mark.parametrize(
        "asked",
        [
            replace(HELLO, voice=DRAGON, rate_ratio=1.2),
            replace(HELLO, voice=DRAGON, pitch_semitones=1.0),
            replace(HELLO, voice=DRAGON, pauses=(Pause(3, 500),)),
            replace(HELLO, voice=DRAGON, pronunciations=(MORNING,)),
        ],
        ids=["rate", "pitch", "pauses", "pronunciations"],
    )
    async def test_what_a_voice_does_not_take_is_not_left_out_in_silence(
        self, engine: AzureEngine, service: AzureService, asked: Utterance
    ) -> None:
        with pytest.raises(Unsupported):
            await engine.synthesize(asked)
        assert not service.documents

    @settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(
        text=st.text(st.characters() | st.sampled_from("<>&\"'\0\x1f\ud800\udfff\ufffe"), min_size=1, max_size=40)
    )
    def test_any_text_is_taken_or_has_no_sound(self, text: str) -> None:
        async def ask() -> None:
            async with VendorServer(AzureService()) as server, started(AZURE.at(server.url)) as engine:
                await engine.synthesize(replace(HELLO, text=text))

        findings: tuple[str, ...] = ()
        try:
            asyncio.run(ask())
        except BadAudio as error:
            findings = error.findings
        assert findings in {(), ("empty",)}


class TestLimits:
    async def test_a_document_of_more_than_64_kib_is_not_sent(
        self, server: VendorServer, service: AzureService
    ) -> None:
        async with started(AZURE.at(server.url, max_input_chars=100_000)) as engine:
            with pytest.raises(SentenceTooLong, match=r"the SSML for .* the limit is 65536"):
                await engine.synthesize(replace(HELLO, text="R&D " * 9_000))
        assert not service.documents

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_sound_that_was_cut_off_at_ten_minutes_is_no_answer(
        self, server: VendorServer, streamed: bool
    ) -> None:
        server.piece_bytes = 1_000_000
        async with started(AZURE.at(server.url, sample_rate_hz=8_000, max_input_chars=100_000)) as engine:
            with pytest.raises(SentenceTooLong, match="10 minutes"):
                await said(engine, replace(HELLO, text="word " * 1_550), streamed=streamed)
            assert (await engine.synthesize(replace(HELLO, text="word " * 1_450))).duration_s < MOST_AUDIO_S

    @pytest.mark.parametrize(
        ("name", "chars"), [(JENNY, 4_000), (HSIAO_CHEN, 1_200), ("ja-JP-NanamiNeural", 1_200)]
    )
    def test_a_request_has_as_many_characters_as_ten_minutes_have_room_for(self, name: str, chars: int) -> None:
        assert create({"region": "eastus"}).voice(name).capabilities.max_input_chars == chars
        own = create({"region": "eastus", "max_input_chars": 500}).voice(name)
        assert own.capabilities.max_input_chars == 500

    async def test_the_limit_is_kept_before_anything_is_sent(
        self, engine: AzureEngine, service: AzureService
    ) -> None:
        with pytest.raises(SentenceTooLong):
            await engine.synthesize(replace(HELLO, text="word " * 801))
        assert not service.documents


class TestRefusals:
    async def test_a_refused_text_and_a_refused_key_are_not_quoted(
        self, server: VendorServer, engine: AzureEngine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        server.trouble = Trouble(answer=words(400, f"bad SSML near 'Zanzibar secret', key {KEY}"))
        with pytest.raises(Unsupported) as caught:
            await engine.synthesize(replace(HELLO, text="Zanzibar secret"))
        told = f"{caught.value} {await engine.health()} {capsys.readouterr()} {engine!r}"
        assert "anzibar" not in told
        assert KEY[:10] not in told
        assert "bad SSML near" in told

    async def test_a_full_resource_says_when_to_come_back(self, server: VendorServer, engine: AzureEngine) -> None:
        server.trouble = Trouble(answer=refuse(429, "Too many requests", retry_after="7"))
        with pytest.raises(QuotaExhausted) as caught:
            await engine.synthesize(HELLO)
        assert caught.value.retry_after_s == 7.0

    async def test_a_spent_account_is_asked_again_much_later(
        self, server: VendorServer, engine: AzureEngine
    ) -> None:
        server.trouble = Trouble(answer=refuse(403, "Out of call volume quota."))
        with pytest.raises(QuotaExhausted) as caught:
            await engine.synthesize(HELLO)
        assert caught.value.retry_after_s == 300.0


class TestTroubles:
    @pytest.mark.parametrize(
        "kind", ["audio/x-wav", "audio/basic", "audio/pcm", "audio/mpeg", "application/octet-stream", ""]
    )
    async def test_bare_samples_may_have_any_name_that_is_used_for_them(self, kind: str) -> None:
        async with (
            VendorServer(AzureService(content_type=kind)) as server,
            started(AZURE.at(server.url)) as engine,
        ):
            assert (await engine.synthesize(HELLO)).duration_s > 1

    async def test_health_costs_nothing(self, server: VendorServer, engine: AzureEngine) -> None:
        server.trouble = Trouble(cut_after=0)
        with pytest.raises(Unavailable):
            await engine.synthesize(HELLO)
        before = len(server.asked)
        assert (await engine.health()).ready
        assert [asked.path for asked in server.asked[before:]] == ["/cognitiveservices/voices/list"]
