"""The Polly engine's voices and options: what the region describes, and what cannot be meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import Unsupported
from support.http_vendors import POLLY, Vendor, started
from support.polly_server import REGION, VOICES
from support.vendor import HEALTHY, Answer, Trouble, VendorServer, as_json

pytest.importorskip("botocore", reason="needs botocore: pip install 'segue[polly]'")

from segue.speech.engines.polly import create

if TYPE_CHECKING:
    from segue.speech.engines.polly.engine import PollyEngine

HELLO = POLLY.hello

pytestmark = pytest.mark.usefixtures("signed_in")


@pytest.fixture
def vendor() -> Vendor:
    return POLLY


class TestVoices:
    async def test_all_pages_are_read_and_voices_without_the_engine_left_out(self, engine: PollyEngine) -> None:
        assert [voice.name for voice in engine.voices()] == ["Joanna", "Ruth", "Zhiyu", "Kajal"]
        joanna, _, zhiyu, _ = engine.voices()
        assert (joanna.locale, joanna.gender, joanna.family) == ("en-US", "female", "neural")
        assert (zhiyu.locale, zhiyu.scripts[0]) == ("cmn-CN", "Hani")

    async def test_one_voice_speaks_with_several_engines(self, server: VendorServer) -> None:
        voices: dict[str, object] = {
            "std": {"voice": "Joanna", "engine": "standard"},
            "gen": {"voice": "Joanna", "engine": "generative"},
            "long": {"voice": "Joanna", "engine": "long-form"},
        }
        async with started(POLLY.at(server.url, voices=voices)) as engine:
            families = [engine.voice(name).family for name in ("std", "Joanna", "gen")]
            assert families == ["standard", "neural", "generative"]
            with pytest.raises(Unsupported, match="has no engine long-form; it has standard, neural, generative"):
                engine.voice("long")

    async def test_a_voice_speaks_its_own_languages_alone(self, server: VendorServer) -> None:
        voices: dict[str, object] = {"fr": {"voice": "Joanna", "language": "fr-FR"}}
        async with started(POLLY.at(server.url, voices=voices)) as engine:
            with pytest.raises(Unsupported, match="Joanna does not speak fr-FR; it speaks en-US"):
                engine.voice("fr")

    async def test_an_unlisted_voice_needs_the_option(self, server: VendorServer) -> None:
        async with started(POLLY.at(server.url)) as engine:
            with pytest.raises(Unsupported, match="did you mean Joanna"):
                engine.voice("Joana")
            with pytest.raises(Unsupported, match="lists no voice 'vc-9a8fa85dd3'"):
                engine.voice("vc-9a8fa85dd3")
        async with started(POLLY.at(server.url, unlisted_voices=True)) as engine:
            assert engine.voice("vc-0123456789").name == "vc-0123456789"
            with pytest.raises(Unsupported):
                engine.voice("../v1/lexicons")

    @pytest.mark.parametrize("answer", [as_json({"Voices": []}), as_json([1]), as_json("x", 404)])
    async def test_without_a_list_it_is_not_ready_and_says_why(self, server: VendorServer, answer: Answer) -> None:
        server.trouble = Trouble(answer=answer, lists=True)
        async with started(POLLY.at(server.url)) as engine:
            health = await engine.health()
            assert (health.ready, "check region and base_url" in health.detail) == (False, True)
            server.trouble = HEALTHY
            assert (await engine.health()).ready

    async def test_a_list_without_end_is_not_read_to_it(self, server: VendorServer) -> None:
        server.trouble = Trouble(answer=as_json({"Voices": [VOICES[0]], "NextToken": "again"}), lists=True)
        async with started(POLLY.at(server.url)) as engine:
            assert [voice.name for voice in engine.voices()] == ["Joanna"]
        assert len(server.asked) == 50


class TestOptions:
    @pytest.mark.parametrize(
        ("region", "url"),
        [
            ("us-east-1", "https://polly.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "https://polly.us-gov-west-1.amazonaws.com"),
            ("cn-northwest-1", "https://polly.cn-northwest-1.amazonaws.com.cn"),
        ],
    )
    def test_a_region_has_its_address(self, region: str, url: str) -> None:
        assert create({"region": region})._options.base_url == url

    @pytest.mark.parametrize(
        ("options", "fault"),
        [
            ({}, "such as us-east-1"),
            ({"region": "US East"}, "such as us-east-1"),
            ({"region": 3}, "'region' must be str"),
            ({"region": REGION, "key_env": "A"}, "key_env and key_file are not used"),
            ({"region": REGION, "engine": "best"}, "engine must be one of standard, neural"),
            ({"region": REGION, "format": "ogg_vorbis"}, "format must be pcm or mp3"),
            ({"region": REGION, "sample_rate_hz": 24_000}, "sample_rate_hz of pcm must be one of 8000, 16000"),
            ({"region": REGION, "lexicons": ["a-b"]}, "lexicons must be at most 5"),
            ({"region": REGION, "lexicons": ["a"] * 6}, "lexicons must be at most 5"),
            ({"region": REGION, "max_input_chars": 3_001}, "40 to 3000"),
            ({"region": REGION, "voices": {"a": {"engine": "best"}}}, "voices.a: engine must be one of"),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_fault_is_named(self, options: dict[str, object], fault: str) -> None:
        with pytest.raises((TypeError, ValueError), match=fault):
            create(options)
