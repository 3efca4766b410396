"""The Azure engine's voices and options: what the region lists, what names tell, and what cannot be meant."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import ConfigurationError, Unsupported
from segue.speech.core.speech import PhoneticAlphabet
from segue.speech.engines.azure import create
from support.azure_server import AVA, DRAGON, HEAD, JENNY, ONYX, VOICES, AzureService
from support.http_vendors import AZURE, Vendor, started
from support.vendor import HEALTHY, Answer, Asked, Trouble, VendorServer, as_json

if TYPE_CHECKING:
    from segue.speech.engines.azure.engine import AzureEngine

HELLO = AZURE.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return AZURE


class TestVoices:
    async def test_the_list_is_believed(self, engine: AzureEngine) -> None:
        assert [voice.name for voice in engine.voices()] == [voice["ShortName"] for voice in VOICES]
        jenny, _, taiwan, *_ = engine.voices()
        assert (jenny.locale, jenny.gender, jenny.family) == ("en-US", "female", "neural")
        assert (taiwan.locale, taiwan.scripts[0]) == ("zh-TW", "Hani")

    @pytest.mark.parametrize(
        ("name", "family", "locale"),
        [
            ("zh-CN-liaoning-XiaobeiNeural", "neural", "zh-CN-liaoning"),
            ("sr-Latn-RS-NicholasNeural", "neural", "sr-Latn-RS"),
            ("en-US-Ava:DragonHDLatestNeural", "neural-hd", "en-US"),
            ("en-US-MultiTalker-Ava-Andrew:DragonHDLatestNeural", "neural-hd", "en-US"),
            ("en-US-NovaMultilingualNeuralHD", "openai", "en-US"),
            ("en-US-AvaMultilingualNeural", "neural", "en-US"),
        ],
    )
    def test_a_name_tells_language_and_family(self, name: str, family: str, locale: str) -> None:
        voice = create({"region": "eastus"}).voice(name)
        assert (voice.family, voice.locale) == (family, locale)

    @pytest.mark.parametrize(
        ("name", "spans", "alphabets", "pauses"),
        [
            (JENNY, {"rate_ratio", "pronunciation", "say_as"}, 2, True),
            (AVA, {"rate_ratio", "pronunciation", "say_as", "language"}, 2, True),
            ("zu-ZA-ThandoNeural", {"rate_ratio"}, 0, True),
            (ONYX, {"say_as", "language"}, 0, True),
            (DRAGON, {"say_as", "language"}, 0, False),
        ],
    )
    def test_what_a_voice_can_do_is_what_its_kind_and_language_take(
        self, name: str, spans: set[str], alphabets: int, pauses: bool
    ) -> None:
        can = create({"region": "eastus"}).voice(name).capabilities
        assert set(can.spans) == spans
        assert (len(can.alphabets), can.exact_pauses, can.streaming) == (alphabets, pauses, True)
        assert (can.rate_ratio is None) == (can.pitch_semitones is None) == (name in {ONYX, DRAGON})

    async def test_a_listed_voice_is_multilingual_if_the_list_says_so(self) -> None:
        entry = {"ShortName": "en-US-SomeNeural", "Locale": "en-US", "SecondaryLocaleList": ["fr-FR"]}

        class Odd(AzureService):
            def answer(self, asked: Asked) -> Answer:
                assert asked.path == "/cognitiveservices/voices/list"
                return as_json([entry, 3, {"ShortName": 4}, {"ShortName": "x", "StyleList": "no", "Locale": 1}])

        async with VendorServer(Odd()) as server, started(AZURE.at(server.url)) as engine:
            first, second = engine.voices()
            assert "language" in first.capabilities.spans
            assert (second.name, second.locale, second.gender) == ("x", "en-US", None)

    async def test_an_unlisted_voice_needs_a_preset_or_the_option(self) -> None:
        service = AzureService(custom=("my-voice",))
        async with VendorServer(service) as server:
            async with started(AZURE.at(server.url)) as engine:
                with pytest.raises(Unsupported, match="unlisted_voices"):
                    engine.voice("my-voice")
                with pytest.raises(Unsupported, match=f"did you mean {JENNY}"):
                    engine.voice("en-US-JennNeural")
            for options in ({"unlisted_voices": True}, {"voices": {"my-voice": "en-GB"}}):
                async with started(AZURE.at(server.url, **options)) as engine:
                    assert (await engine.synthesize(replace(HELLO, voice="my-voice"))).duration_s > 1
        assert [document.partition("<voice")[0] for document in service.documents] == [
            HEAD,
            HEAD.replace("en-US", "en-GB"),
        ]

    async def test_a_style_that_its_voice_lacks_is_no_voice(self, server: VendorServer) -> None:
        voices: dict[str, object] = {
            "mad": {"voice": JENNY, "style": "angry"},
            "boy": {"voice": JENNY, "role": "Boy"},
        }
        async with started(AZURE.at(server.url, voices=voices)) as engine:
            with pytest.raises(Unsupported, match="has no style 'angry'; it has cheerful, sad"):
                engine.voice("mad")
            with pytest.raises(Unsupported, match="has no role 'Boy'; it has none"):
                engine.voice("boy")
            assert {"mad", "boy"}.isdisjoint(voice.name for voice in engine.voices())

    @pytest.mark.parametrize("answer", [as_json([]), as_json({"a": 1}), as_json("x", 404)])
    async def test_without_a_list_it_is_not_ready_and_says_why(self, server: VendorServer, answer: Answer) -> None:
        server.trouble = Trouble(answer=answer, lists=True)
        async with started(AZURE.at(server.url)) as engine:
            health = await engine.health()
            assert not health.ready
            assert "check region or base_url" in health.detail
            server.trouble = HEALTHY
            assert (await engine.health()).ready


class TestOptions:
    @pytest.mark.parametrize(
        ("region", "url"),
        [
            ("eastus", "https://eastus.tts.speech.microsoft.com"),
            ("chinaeast2", "https://chinaeast2.tts.speech.azure.cn"),
            ("usgovvirginia", "https://usgovvirginia.tts.speech.azure.us"),
        ],
    )
    async def test_a_region_has_its_address_and_the_usual_key(
        self, region: str, url: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("AZURE_SPEECH_KEY", raising=False)
        engine = create({"region": region})
        assert engine._options.base_url == url
        with pytest.raises(ConfigurationError, match="AZURE_SPEECH_KEY"):
            await engine.start()

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({}, "set region to the region of your Azure resource"),
            ({"region": "East US"}, "region must be written like eastus"),
            ({"region": "eastus", "base_url": "https://x"}, "exclude each other"),
            ({"region": 3}, "'region' must be str|base_url"),
            ({"region": "eastus", "sample_rate_hz": 11_025}, "sample_rate_hz must be one of"),
            ({"region": "eastus", "max_input_chars": 10}, "at least 40"),
            ({"region": "eastus", "style": "sad"}, "unknown options style"),
            ({"region": "eastus", "voices": {JENNY: {"style": "very sad"}}}, "style must be one of Azure's"),
            ({"region": "eastus", "voices": {JENNY: {"style_degree": 1.0}}}, "needs a style"),
            ({"region": "eastus", "voices": {JENNY: {"style": "sad", "style_degree": 0.0}}}, "0.01 to 2, not 0"),
            ({"region": "eastus", "voices": {JENNY: {"role": "King"}}}, "role must be one of"),
            ({"region": "eastus", "voices": {JENNY: {"volume": 101}}}, "volume must be 0 to 100"),
            ({"region": "eastus", "voices": {DRAGON: {"style": "sad"}}}, "does not support style, role or volume"),
            (
                {"region": "eastus", "voices": {"a": {"voice": JENNY, "language": "zh-TW"}}},
                "speaks only en-US, not zh-TW",
            ),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_fault_is_named(self, options: dict[str, object], fault: str) -> None:
        with pytest.raises((TypeError, ValueError), match=fault):
            create(options)

    def test_a_change_that_can_be_heard_changes_the_version(self) -> None:
        versions = {
            create({"region": "eastus", **more}).version
            for more in ({}, {"sample_rate_hz": 48_000}, {"voices": {JENNY: {"style": "sad"}}}, {"revision": "2"})
        }
        assert len(versions) == 4
        assert create({"region": "eastus", "timeout_s": 3}).version == create({"region": "eastus"}).version

    def test_the_alphabets_are_two(self) -> None:
        assert create({"region": "eastus"}).voice(JENNY).capabilities.alphabets == set(PhoneticAlphabet)
