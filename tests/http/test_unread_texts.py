"""Texts with words that no voice reads, and texts with nothing to say: alike at every door of HTTP."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest

from segue.kernel.assign import Diversion
from segue.kernel.errors import Unavailable
from support.audio import duration_of
from support.service import SYNTHESIZE

if TYPE_CHECKING:
    import httpx

    from support.service import Stage

DOORS = ("native", "openai", "elevenlabs", "google")


async def ask(stage: Stage, door: str, text: str) -> tuple[httpx.Response, bytes, str]:
    """The answer, its audio and its warnings."""
    posts: dict[str, tuple[str, dict[str, Any]]] = {
        "native": (SYNTHESIZE, {"text": text, "character_key": "pip_boy", "return_format": "base64"}),
        "openai": ("/v1/audio/speech", {"model": "tts-1", "voice": "alloy", "input": text}),
        "elevenlabs": ("/v1/text-to-speech/pip_boy", {"text": text}),
        "google": (
            "/v1/text:synthesize",
            {"input": {"text": text}, "voice": {"languageCode": ""}, "audioConfig": {"audioEncoding": "MP3"}},
        ),
    }
    path, body = posts[door]
    answer = await stage.client.post(path, json=body)
    warned = unquote(answer.headers.get("x-segue-warnings", ""))
    if answer.status_code != 200 or door in ("openai", "elevenlabs"):
        return answer, answer.content, warned
    told = answer.json()
    if door == "google":
        return answer, base64.b64decode(told["audioContent"]), warned
    return answer, base64.b64decode(told["audio_base64"]), "\n".join(told["warnings"])


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(
    ("text", "spoken", "named"),
    [
        ("I don't know ¯\\_(ツ)_/¯ sorry.", "I don't know sorry.", "(ツ)"),
        ("The brand is called Яндекс.", "The brand is called Yandeks.", "Яндекс applied as Yandeks"),
        ("He said שלום and left.", "He said and left.", "שלום not applied"),
        ("我の朋友", "我的朋友", "の applied as 的"),
        ("Hеllo", "Hello", "applied as e"),
    ],
)
async def test_one_foreign_word_does_not_refuse_the_message(
    stage: Stage, door: str, text: str, spoken: str, named: str
) -> None:
    answer, audio, warned = await ask(stage, door, text)

    assert answer.status_code == 200, answer.text
    assert stage.calm.asked[-1].text == spoken
    assert duration_of(audio) > 0.2
    assert named in warned


@pytest.mark.parametrize("text", ["他說﹁你好﹂。", "第一章︰開始", "價格﹐數量﹔﹙三﹚﹖", "︵好︶"])
async def test_chinese_punctuation_is_chinese(stage: Stage, text: str) -> None:
    answer = await stage.say(text)

    assert answer.status_code == 200, answer.text
    assert stage.calm.asked[-1].voice == "cmn-TW"
    assert not [warning for warning in answer.json()["warnings"] if warning.startswith("script")]


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", ["...", "…", "”", "👍", " ", "\u200b", "？！", "¯\\_(ツ)_/¯"])
async def test_nothing_to_say_is_a_short_silence_and_a_warning(stage: Stage, door: str, text: str) -> None:
    answer, audio, warned = await ask(stage, door, text)

    assert answer.status_code == 200, answer.text
    assert 0.2 < duration_of(audio) < 1.0
    assert "silence: nothing in it can be spoken" in warned
    assert not stage.calm.asked


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("text", ["שלום עולם", "Привет", "ᚠᚢᚦ!"])
async def test_a_text_of_which_nobody_reads_a_letter_is_refused(stage: Stage, door: str, text: str) -> None:
    answer, _, _ = await ask(stage, door, text)

    assert answer.status_code in (400, 422)
    assert "no voice of 'pip_boy' speaks" in answer.text


async def test_pauses_alone_last_as_long_as_they_say(stage: Stage) -> None:
    answer = await stage.say('<speak><break time="2s"/></speak>', text_type="ssml")

    assert answer.status_code == 200, answer.text
    assert answer.json()["duration"] == pytest.approx(2.0, abs=0.1)


@pytest.mark.parametrize(("wanted", "start"), [("wav", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS")])
async def test_silence_comes_in_the_format_asked_for(stage: Stage, wanted: str, start: bytes) -> None:
    answer = await stage.client.post(
        "/v1/audio/speech", json={"model": "tts-1", "voice": "alloy", "input": "…", "response_format": wanted}
    )

    assert answer.content.startswith(start)


async def test_silence_has_a_url_and_is_kept(stage: Stage) -> None:
    first = (await stage.say("…")).json()
    again = (await stage.say("…")).json()

    assert (await stage.client.get(first["url"])).status_code == 200
    assert (first["cached"], again["cached"]) == (False, True)
    assert again["warnings"] == first["warnings"]


async def test_no_arm_is_judged_by_silence(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.always = Unavailable("down")

    answer = (await stage.say("…")).json()

    assert (answer["arm"], answer["fallback_error"]) == ("candidate", None)
    assert not stage.bold.asked


async def test_the_arm_whose_voice_reads_most_of_the_letters_answers(stage: Stage) -> None:
    await stage.steer(share_percent=100)

    chinese = (await stage.say("Hello 世界朋友你好, привет.")).json()
    english = (await stage.say("Hello there, привет.")).json()

    assert (chinese["arm"], chinese["reason"]) == ("baseline", Diversion.NO_VOICE)
    assert stage.calm.asked[-1].text == "Hello 世界朋友你好, privet."
    assert (english["arm"], stage.bold.asked[-1].text) == ("candidate", "Hello there, privet.")


async def test_a_fallback_says_what_it_can(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.always = Unavailable("down")

    answer = (await stage.say("Ask Яндекс.")).json()

    assert (answer["arm"], answer["fallback_error"]) == ("baseline", "unavailable")
    assert stage.calm.asked[-1].text == "Ask Yandeks."
    assert any("Яндекс applied as Yandeks" in warning for warning in answer["warnings"])


async def test_pauses_by_position_keep_their_places(stage: Stage) -> None:
    text = "Ask Щука now."
    await stage.say(text, voice_controls={"pauses": [{"position": text.index("now"), "length": 1}]})

    assert [utterance.text.strip(" .") for utterance in stage.calm.asked[-2:]] == ["Ask Shchuka", "now"]
