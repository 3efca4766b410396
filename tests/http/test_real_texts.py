"""Real-life texts through the doors: none refused, none read as markup, and each loss told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from segue.speech.core.text.written import TextFormat, read_text
from support.real_texts import RealText, real_texts, shown
from support.service import SYNTHESIZE, Stage, staged

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

NO_CACHE = {"SEGUE_CACHE_MEMORY_BYTES": "0", "SEGUE_CACHE_DISK_BYTES": "0"}
SPOKEN_HERE = ("en", "zh-TW")
"""The languages of the stage's voices."""

_KANA = re.compile("[\u3040-\u30ff]")
"""No voice of the stage reads it."""

_CONTROLS_OF_ELEVENLABS = ("<break", "<phoneme")

Asked = tuple[str, dict[str, Any], dict[str, str]]


def native(text: str) -> Asked:
    body = {"text": text, "character_key": "pip_boy", "audio_format": "wav", "return_format": "base64"}
    return SYNTHESIZE, body, {}


def openai(text: str) -> Asked:
    body = {"model": "tts-1", "voice": "alloy", "input": text, "response_format": "wav"}
    return "/v1/audio/speech", body, {"x-stainless-lang": "python"}


def elevenlabs(text: str) -> Asked:
    return "/v1/text-to-speech/pip_boy?output_format=pcm_22050", {"text": text}, {}


def google(text: str, language: str = "en-US") -> Asked:
    body = {
        "input": {"text": text},
        "voice": {"languageCode": language},
        "audioConfig": {"audioEncoding": "LINEAR16"},
    }
    return "/v1/text:synthesize", body, {"x-segue-character": "pip_boy"}


def bare(said: str) -> str:
    """What is heard of it, however it was cut into calls."""
    return re.sub(r"\s|⟦\w+⟧", "", said)


async def assert_said(stage: Stage, asked: Asked, text: str, said: str, lost: tuple[str, ...]) -> None:
    stage.calm.asked.clear()
    path, body, headers = asked

    answer = await stage.client.post(path, json=body, headers=headers)

    assert answer.status_code == 200, (text, answer.text)
    assert bare("".join(one.text for one in stage.calm.asked)) == bare(said)
    told = answer.headers.get("x-segue-warnings", "")
    if path == SYNTHESIZE:
        told = str(answer.json()["warnings"])
    assert all(control in told for control in lost), (text, told)


def spoken_here() -> list[RealText]:
    return [item for item in real_texts() if item.language in SPOKEN_HERE and not _KANA.search(item.text)]


@pytest.mark.timeout(300)
@pytest.mark.parametrize("door", [native, openai, elevenlabs], ids=lambda door: door.__name__)
async def test_the_doors_of_chat_apps_read_texts_as_the_list_says(
    tmp_path: Path, door: Callable[[str], Asked]
) -> None:
    async with staged(tmp_path, **NO_CACHE) as stage:
        for item in spoken_here():
            if door is elevenlabs and any(tag in item.text for tag in _CONTROLS_OF_ELEVENLABS):
                continue
            await assert_said(stage, door(item.text), item.text, item.said, item.lost)


@pytest.mark.timeout(300)
async def test_googles_door_reads_every_sign_and_rests_at_blank_lines(tmp_path: Path) -> None:
    async with staged(tmp_path, **NO_CACHE) as stage:
        for item in spoken_here()[::5]:
            plain = read_text(item.text, TextFormat.PLAIN)
            asked = google(item.text, "cmn-TW" if item.language == "zh-TW" else "en-US")
            await assert_said(stage, asked, item.text, shown(plain.text, plain.pauses), ())


async def test_googles_door_reads_markdown_where_it_is_set(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_TEXT_FORMAT="markdown") as stage:
        await assert_said(stage, google("**Hello** there"), "**Hello** there", "Hello there", ())


@pytest.mark.parametrize("door", [native, openai, elevenlabs], ids=lambda door: door.__name__)
@pytest.mark.parametrize(
    ("setting", "field", "said"),
    [
        ("plain", None, "**Hello** you *all"),
        ("plain", "markdown", "Hello you *all"),
        ("auto", "plain", "**Hello** you *all"),
        ("auto", None, "Hello you *all"),
    ],
)
async def test_a_request_says_how_it_is_read_else_the_setting_does(
    tmp_path: Path, door: Callable[[str], Asked], setting: str, field: str | None, said: str
) -> None:
    path, body, headers = door("**Hello** you *all")
    async with staged(tmp_path, SEGUE_TEXT_FORMAT=setting) as stage:
        asked = (path, body if field is None else body | {"text_format": field}, headers)
        await assert_said(stage, asked, "", said, ())


async def test_phonemes_at_elevenlabs_door_are_a_control(stage: Stage) -> None:
    text = 'Hello <phoneme alphabet="ipa" ph="təˈmɑːtəʊ">tomato</phoneme>'

    await assert_said(stage, elevenlabs(text), text, "Hello tomato", ())


async def test_a_blank_line_is_heard(stage: Stage) -> None:
    apart = (await stage.say("Chapter One\n\nIt was a dark night")).json()["duration"]
    together = (await stage.say("Chapter One It was a dark night")).json()["duration"]

    assert apart >= together + 0.4
