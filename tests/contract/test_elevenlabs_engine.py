"""The ElevenLabs engine against a local server that refuses what ElevenLabs refuses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from segue.kernel.errors import ConfigurationError, QuotaExhausted, SentenceTooLong, Unavailable, Unsupported
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import (
    AudioFormat,
    Container,
    Pause,
    PhoneticAlphabet,
    Pronunciation,
    Span,
    Utterance,
)
from segue.speech.engines.elevenlabs import create
from segue.testing.audio import babble
from segue.testing.engine import EngineContract
from support.elevenlabs_server import GEORGE, MEI, SARAH, ElevenLabsService, refuse
from support.http_vendors import ELEVENLABS, MORNING, Vendor, said, started
from support.vendor import Trouble, VendorServer

if TYPE_CHECKING:
    from segue.speech.engines.elevenlabs.engine import ElevenLabsEngine

MP3 = encode(to_samples(babble("Good morning.")), 16_000, AudioFormat(Container.MP3)).data
HELLO = ELEVENLABS.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return ELEVENLABS


class TestMultilingual(EngineContract):
    async def test_faster_is_shorter(self, engine: Any, utterance: Utterance) -> None:
        """At most 1.2 times as fast: less than the suite asks for."""
        usual = await engine.synthesize(utterance)
        fast = await engine.synthesize(replace(utterance, rate_ratio=1.2))
        assert fast.duration_s == pytest.approx(usual.duration_s / 1.2, rel=0.1)


class TestRequests:
    async def test_only_what_differs_from_the_usual_is_sent(
        self, server: VendorServer, engine: ElevenLabsEngine
    ) -> None:
        await engine.synthesize(HELLO)
        assert server.spoken == [{"text": HELLO.text, "model_id": "eleven_multilingual_v2"}]
        assert server.asked[-1].path == f"/v1/text-to-speech/{GEORGE}"
        assert server.asked[-1].query == {"output_format": "pcm_24000"}

    async def test_a_stream_is_asked_for_as_one(self, server: VendorServer, engine: ElevenLabsEngine) -> None:
        await said(engine, HELLO, streamed=True)
        assert server.asked[-1].path == f"/v1/text-to-speech/{GEORGE}/stream"

    async def test_settings_are_the_presets_else_the_engines(self, server: VendorServer) -> None:
        options: dict[str, object] = {
            "stability": 0.4,
            "similarity_boost": 0.8,
            "voices": {"calm": {"voice": SARAH, "stability": 0.9, "use_speaker_boost": False}},
        }
        async with started(ELEVENLABS.at(server.url, **options)) as engine:
            await engine.synthesize(replace(HELLO, rate_ratio=0.9))
            await engine.synthesize(replace(HELLO, voice="calm"))
        assert [asked["voice_settings"] for asked in server.spoken] == [
            {"stability": 0.4, "similarity_boost": 0.8, "speed": 0.9},
            {"stability": 0.9, "similarity_boost": 0.8, "use_speaker_boost": False},
        ]

    async def test_the_rest_of_the_options_goes_along(self, server: VendorServer) -> None:
        dictionaries = [{"pronunciation_dictionary_id": "d1", "version_id": "v1"}]
        options: dict[str, object] = {"seed": 7, "dictionaries": dictionaries, "text_normalization": "on"}
        async with started(ELEVENLABS.at(server.url, logging=False, sample_rate_hz=16_000, **options)) as engine:
            assert (await engine.synthesize(HELLO)).rate_hz == 16_000
        asked = server.spoken[0]
        assert asked["seed"] == 7
        assert asked["pronunciation_dictionary_locators"] == dictionaries
        assert asked["apply_text_normalization"] == "on"
        assert server.asked[-1].query == {"output_format": "pcm_16000", "enable_logging": "false"}

    @pytest.mark.parametrize(
        ("language", "code"), [("en-GB", "en"), ("zh-TW", "zh"), ("cmn-TW", "zh"), ("nb-NO", "no"), ("hak", None)]
    )
    async def test_the_language_is_named_to_models_that_read_it(
        self, server: VendorServer, language: str, code: str | None
    ) -> None:
        async with started(ELEVENLABS.at(server.url, model="eleven_v3")) as engine:
            await engine.synthesize(replace(HELLO, language=language))
        assert server.spoken[0].get("language_code") == code

    @pytest.mark.parametrize(
        "asked",
        [
            replace(HELLO, pitch_semitones=2.0),
            replace(HELLO, pauses=(Pause(3, 500),)),
            replace(HELLO, spans=(Span(0, 4, rate_ratio=2.0),)),
            replace(HELLO, pronunciations=(MORNING,)),
        ],
        ids=["pitch", "pauses", "spans", "pronunciations"],
    )
    async def test_what_the_model_cannot_say_is_not_left_out_in_silence(
        self, engine: ElevenLabsEngine, server: VendorServer, asked: Utterance
    ) -> None:
        with pytest.raises(Unsupported):
            await engine.synthesize(asked)
        assert not server.spoken


class TestTags:
    async def test_pronunciations_are_phoneme_tags_for_models_that_read_them(
        self, server: VendorServer, service: ElevenLabsService
    ) -> None:
        async with started(ELEVENLABS.at(server.url, model="eleven_flash_v2")) as engine:
            assert engine.voice(GEORGE).capabilities.alphabets == {PhoneticAlphabet.IPA}
            await engine.synthesize(replace(HELLO, pronunciations=(MORNING,)))
        assert server.spoken[0]["text"] == (
            'Good <phoneme alphabet="ipa" ph="ˈmɔːnɪŋ">morning</phoneme> to all of you.'
        )
        assert service.heard == [HELLO.text]

    @pytest.mark.parametrize("pronunciations", [(), (MORNING,)], ids=["plain", "tagged"])
    async def test_a_text_opens_no_tag(
        self, server: VendorServer, service: ElevenLabsService, pronunciations: tuple[Pronunciation, ...]
    ) -> None:
        text = 'morning <break time="3s"/> and </speak> 1 < 2 <3'
        async with started(ELEVENLABS.at(server.url, model="eleven_flash_v2")) as engine:
            await engine.synthesize(replace(HELLO, text=text, pronunciations=pronunciations))
        assert service.heard == ['morning < break time="3s"/> and < /speak> 1 < 2 <3']


class TestVoices:
    @pytest.mark.parametrize(
        "page_voices", [0, 1, 2, 9], ids=["older list", "one a page", "two a page", "one page"]
    )
    async def test_all_pages_are_read(self, page_voices: int) -> None:
        service = ElevenLabsService(page_voices=page_voices)
        async with VendorServer(service) as server, started(ELEVENLABS.at(server.url)) as engine:
            assert [voice.name for voice in engine.voices()] == [GEORGE, SARAH, MEI]

    async def test_what_the_list_says_of_a_voice_is_believed(self, engine: ElevenLabsEngine) -> None:
        george, sarah, mei = engine.voices()
        assert (george.locale, george.gender, george.label) == ("en-GB", "male", "George (eleven_multilingual_v2)")
        assert (sarah.locale, sarah.gender) == ("en-US", "female")
        assert (mei.locale, mei.scripts[0]) == ("zh", "Hani")

    async def test_an_english_model_speaks_english_with_every_voice(self, server: VendorServer) -> None:
        async with started(ELEVENLABS.at(server.url, model="eleven_flash_v2")) as engine:
            assert {voice.locale for voice in engine.voices()} == {"en-GB", "en-US"}

    async def test_a_voices_own_name_leads_to_its_identifier(self, engine: ElevenLabsEngine) -> None:
        with pytest.raises(Unsupported, match=f"george is {GEORGE}"):
            engine.voice("george")

    async def test_a_preset_gives_a_voice_its_language(self, server: VendorServer) -> None:
        voices: dict[str, object] = {"george_zh": {"voice": GEORGE, "language": "zh-TW"}}
        async with started(ELEVENLABS.at(server.url, voices=voices)) as engine:
            assert engine.voice("george_zh").locale == "zh-TW"
            assert (await engine.synthesize(replace(HELLO, voice="george_zh"))).duration_s > 1

    async def test_unlisted_voices_need_the_option(self, server: VendorServer) -> None:
        library = "pNInz6obpgDQGcFmaJgB"
        async with started(ELEVENLABS.at(server.url)) as engine:
            with pytest.raises(Unsupported, match="unlisted_voices"):
                engine.voice(library)
        async with started(ELEVENLABS.at(server.url, unlisted_voices=True)) as engine:
            assert engine.voice(library).name == library
            with pytest.raises(Unsupported):
                engine.voice("../v1/voices")

    @pytest.mark.parametrize(
        ("model", "chars"),
        [
            ("eleven_v3", 5_000),
            ("eleven_multilingual_v2", 10_000),
            ("eleven_flash_v2_5", 40_000),
            ("eleven_v9", 5_000),
        ],
    )
    def test_limits_are_the_models(self, model: str, chars: int) -> None:
        can = create({"model": model}).voice(GEORGE).capabilities
        assert (can.max_input_chars, can.streaming, can.pitch_semitones) == (chars, True, None)
        assert can.rate_ratio is not None
        assert (can.rate_ratio.low, can.rate_ratio.high) == (0.7, 1.2)


class TestRefusals:
    async def test_a_refused_text_and_a_refused_key_are_not_quoted(
        self, server: VendorServer, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async with started(ELEVENLABS.at(server.url, max_input_chars=90_000)) as engine:
            with pytest.raises(SentenceTooLong) as caught:
                await engine.synthesize(replace(HELLO, text="Zanzibar secret " * 2000))
        assert "anzibar" not in str(caught.value)
        monkeypatch.setenv("A_KEY", "xi-other-fedcba98765")
        async with started(ELEVENLABS.at(server.url)) as engine:
            with pytest.raises(Unavailable) as refused:
                await engine.synthesize(HELLO)
            told = f"{refused.value} {await engine.health()} {capsys.readouterr()}"
        assert "xi-oth" not in told

    async def test_a_full_plan_says_when_to_come_back(
        self, server: VendorServer, engine: ElevenLabsEngine
    ) -> None:
        server.trouble = Trouble(answer=refuse(429, "too_many_concurrent_requests", retry_after="3"))
        with pytest.raises(QuotaExhausted, match="too_many_concurrent_requests") as caught:
            await engine.synthesize(HELLO)
        assert caught.value.retry_after_s == 3.0


class TestBilled:
    async def test_what_answers_cost_is_counted(self, server: VendorServer, engine: ElevenLabsEngine) -> None:
        await engine.synthesize(HELLO)
        await said(engine, HELLO, streamed=True)
        server.trouble = Trouble(headers={"character-cost": ""})
        await engine.synthesize(HELLO)
        billed = engine.billed
        assert (billed.requests, billed.characters, billed.unpriced) == (3, 2.0 * len(HELLO.text), 1)
        assert (billed.concurrent, billed.most_concurrent) == (1, 5)

    @pytest.mark.parametrize("cost", ["much", "-4", "inf", "nan"])
    async def test_a_cost_that_is_no_number_is_none(
        self, server: VendorServer, engine: ElevenLabsEngine, cost: str
    ) -> None:
        server.trouble = Trouble(headers={"character-cost": cost})
        await engine.synthesize(HELLO)
        assert (engine.billed.characters, engine.billed.unpriced) == (0.0, 1)


class TestOptions:
    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({"model": ""}, "model must not be empty"),
            ({"sample_rate_hz": 11_025}, "sample_rate_hz must be one of"),
            ({"stability": 1.5}, "stability must be 0 to 1"),
            ({"stability": "high"}, "must be float"),
            ({"seed": -1}, "seed must be"),
            ({"text_normalization": "maybe"}, "text_normalization"),
            ({"dictionaries": [{"id": "x"}]}, "pronunciation_dictionary_id"),
            ({"dictionaries": [{"pronunciation_dictionary_id": "x"}] * 4}, "at most 3"),
            ({"voices": {"a": {"stability": 3}}}, "voices.a: stability"),
            ({"model": "eleven_flash_v2", "voices": {"a": "zh-TW"}}, "eleven_flash_v2 does not speak zh-TW"),
            ({"model": "eleven_flash_v2", "language": "fr-FR"}, "does not speak fr-FR"),
            ({"max_input_chars": 10}, "at least 40"),
            ({"format": "pcm"}, "unknown options format"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_fault_is_named(self, options: dict[str, object], fault: str) -> None:
        with pytest.raises((TypeError, ValueError), match=fault):
            create(options)

    async def test_without_a_key_it_does_not_start(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("ELEVENLABS_API_KEY", raising=False)
        with pytest.raises(ConfigurationError, match="ELEVENLABS_API_KEY"):
            await create({}).start()
