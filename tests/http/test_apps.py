"""Requests like those of well-known apps; docs/clients.md tells which were compared with sources."""

from __future__ import annotations

import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import pytest

from segue.wiring.front import fronted
from support.audio import duration_of
from support.service import staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

SPEECH = "/v1/audio/speech"
ELEVENLABS = "/v1/text-to-speech/alloy"
TEXT = "Hello there, wanderer."
AIOHTTP = {"Accept": "*/*", "Accept-Encoding": "gzip, deflate", "User-Agent": "Python/3.11 aiohttp/3.12.15"}
AXIOS = {
    "Accept": "application/json, text/plain, */*",
    "Accept-Encoding": "gzip, compress, deflate, br",
    "User-Agent": "axios/1.12.1",
}
NODE_FETCH = {
    "Accept": "*/*",
    "Accept-Encoding": "gzip, deflate, br",
    "User-Agent": "node-fetch",
    "Connection": "keep-alive",
}
UNDICI = {"Accept": "*/*", "Accept-Language": "*", "Sec-Fetch-Mode": "cors", "User-Agent": "node"}
STAINLESS = {
    "Accept": "application/octet-stream",
    "X-Stainless-OS": "Linux",
    "X-Stainless-Arch": "x64",
    "X-Stainless-Retry-Count": "0",
    "X-Stainless-Package-Version": "4.104.0",
    "X-Stainless-Runtime": "node",
}
JSON = {"Content-Type": "application/json"}


class Request(NamedTuple):
    """One request of an app. ``with_blanks``: its JSON is written as Python writes it, not as JavaScript does."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]
    with_blanks: bool = False

    @property
    def content(self) -> bytes:
        return json.dumps(self.body, separators=None if self.with_blanks else (",", ":")).encode()


APPS = {
    "Open WebUI": Request(
        SPEECH,
        AIOHTTP
        | JSON
        | {
            "Authorization": "Bearer sk-1",
            "X-OpenWebUI-User-Name": "Ann%20Lee",
            "X-OpenWebUI-User-Id": "6f1b",
            "X-OpenWebUI-User-Email": "ann@example.com",
            "X-OpenWebUI-User-Role": "user",
        },
        {"input": TEXT, "voice": "alloy", "model": "tts-1"},
        with_blanks=True,
    ),
    "Open WebUI, with parameters of its administrator": Request(
        SPEECH,
        AIOHTTP | JSON | {"Authorization": "Bearer "},
        {
            "input": TEXT,
            "voice": "Alloy",
            "model": "tts-1-hd",
            "response_format": "MP3",
            "speed": "1.0",
            "stream": False,
        },
        with_blanks=True,
    ),
    "Open WebUI, ElevenLabs": Request(
        ELEVENLABS,
        AIOHTTP | JSON | {"Accept": "audio/mpeg", "xi-api-key": "k"},
        {
            "text": TEXT,
            "model_id": "eleven_multilingual_v2",
            "voice_settings": {"stability": 0.5, "similarity_boost": 0.5},
        },
        with_blanks=True,
    ),
    "SillyTavern": Request(
        SPEECH,
        NODE_FETCH | JSON | {"Authorization": "Bearer "},
        {"input": TEXT, "response_format": "mp3", "voice": "alloy", "speed": 1, "model": "tts-1"},
    ),
    "SillyTavern, with parameters of its user, all of them texts": Request(
        SPEECH,
        NODE_FETCH | JSON | {"Authorization": "Bearer k"},
        {
            "input": TEXT,
            "response_format": "mp3",
            "voice": "alloy",
            "speed": "1.0",
            "model": "tts-1",
            "user": "7",
            "temperature": "0.8",
            "lang_code": "a",
            "normalize": "true",
        },
    ),
    "SillyTavern, ElevenLabs": Request(
        ELEVENLABS,
        UNDICI | JSON | {"xi-api-key": "k"},
        {
            "model_id": "eleven_turbo_v2_5",
            "text": TEXT,
            "voice_settings": {
                "stability": "0.75",
                "similarity_boost": "0.75",
                "speed": "1.0",
                "style": "0.0",
                "use_speaker_boost": "true",
            },
        },
    ),
    "LibreChat": Request(
        SPEECH,
        AXIOS | JSON | {"Authorization": "Bearer k"},
        {"input": TEXT, "model": "tts-1", "voice": "alloy", "backend": "piper"},
    ),
    "LibreChat, ElevenLabs": Request(
        f"{ELEVENLABS}/stream",
        AXIOS | JSON | {"xi-api-key": "k", "Accept": "audio/mpeg"},
        {
            "model_id": "eleven_multilingual_v2",
            "text": TEXT,
            "voice_settings": {"similarity_boost": "", "stability": "", "style": 0, "use_speaker_boost": True},
        },
    ),
    "AnythingLLM": Request(
        SPEECH,
        STAINLESS
        | JSON
        | {"User-Agent": "OpenAI/JS 4.104.0", "X-Stainless-Lang": "js", "Authorization": "Bearer null"},
        {"model": "tts-1", "voice": "alloy", "input": TEXT},
    ),
    "Home Assistant": Request(
        SPEECH,
        STAINLESS
        | JSON
        | {
            "User-Agent": "AsyncOpenAI/Python 2.21.0",
            "X-Stainless-Lang": "python",
            "X-Stainless-Async": "async:asyncio",
            "X-Stainless-Raw-Response": "stream",
            "Authorization": "Bearer k",
        },
        {
            "input": TEXT,
            "model": "gpt-4o-mini-tts",
            "voice": "alloy",
            "instructions": "None",
            "response_format": "mp3",
            "speed": 1.0,
        },
    ),
    "Dify": Request(
        SPEECH,
        JSON | {"Authorization": "Bearer k", "User-Agent": "python-requests/2.32.4", "Accept": "*/*"},
        {"model": "tts-1", "input": TEXT, "voice": "alloy", "response_format": "mp3"},
        with_blanks=True,
    ),
    "Spring AI": Request(
        SPEECH,
        {"Content-Type": "application/json", "Accept": "application/octet-stream, application/json, */*"}
        | {"Authorization": "Bearer k", "User-Agent": "Java-http-client/21.0.5"},
        {"model": "tts-1", "input": TEXT, "voice": "ALLOY", "response_format": "mp3", "speed": 1.0},
    ),
    "Kokoro's clients": Request(
        SPEECH,
        JSON | {"User-Agent": "okhttp/4.12.0", "Accept-Encoding": "gzip"},
        {
            "model": "kokoro",
            "input": TEXT,
            "voice": "alloy",
            "response_format": "mp3",
            "stream": True,
            "download_format": None,
            "return_download_link": False,
            "lang_code": None,
            "volume_multiplier": 1.0,
            "normalization_options": {"normalize": True, "unit_normalization": False},
        },
    ),
    "PowerShell": Request(
        SPEECH,
        {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "Mozilla/5.0 (Windows NT) PowerShell/7.5",
        },
        {"model": "tts-1", "input": TEXT, "voice": "alloy", "speed": 1},
    ),
}


@asynccontextmanager
async def served(folder: Path, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    """The service behind its front, as at a port."""
    async with staged(folder, **settings) as stage:
        app = fronted(stage.service.api, stage.service._settings, stage.service.recorder)
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
            yield client


@pytest.mark.parametrize("name", APPS)
async def test_an_app_is_answered_with_sound_that_plays(tmp_path: Path, name: str) -> None:
    asked = APPS[name]
    async with served(tmp_path) as client:
        answer = await client.post(asked.path, content=asked.content, headers=asked.headers)

    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "audio/mpeg"
    assert duration_of(answer.content) == pytest.approx(1.76, abs=0.15)


async def test_open_webui_finds_its_pickers_filled(tmp_path: Path) -> None:
    async with served(tmp_path) as client:
        voices = (await client.get("/v1/audio/voices")).json()["voices"]
        models = (await client.get("/v1/audio/models")).json()["models"]
        theirs = (await client.get("/v1/voices", headers={"xi-api-key": "k"})).json()["voices"]

    assert {"pip_boy": "Pip-Boy", "alloy": "Alloy"}.items() <= {one["id"]: one["name"] for one in voices}.items()
    assert {"tts-1", "calm", "chirp3-hd"} <= {one["id"] for one in models}
    assert [(one["voice_id"], one["name"]) for one in theirs] == [("pip_boy", "Pip-Boy"), ("ghoul", "Ghoul")]


async def test_open_webuis_users_are_told_apart_by_its_own_header(tmp_path: Path) -> None:
    asked = APPS["Open WebUI"]
    heard: dict[str, set[str]] = {}
    async with served(
        tmp_path, SEGUE_UNIT_END_USER_HEADER="X-OpenWebUI-User-Id", CHIRP3_ROLLOUT_PERCENTAGE="50"
    ) as client:
        for number in range(24):
            user = f"user-{number % 8}"
            body = asked.body | {"input": f"Line {number}."}
            answer = await client.post(
                asked.path, json=body, headers=asked.headers | {"X-OpenWebUI-User-Id": user}
            )
            heard.setdefault(user, set()).add(answer.headers["x-segue"].partition(",")[0])

    assert {len(arms) for arms in heard.values()} == {1}
    assert set.union(*heard.values()) == {"arm=baseline", "arm=candidate"}


@pytest.mark.parametrize("app", ["LibreChat", "SillyTavern", "Open WebUI"])
async def test_what_an_app_shows_of_a_mistake_is_a_sentence(tmp_path: Path, app: str) -> None:
    asked = APPS[app]
    async with served(tmp_path) as client:
        answer = await client.post(asked.path, json=asked.body | {"voice": "af_bella"}, headers=asked.headers)

    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == "unknown voice 'af_bella'; known: ghoul, pip_boy, alloy"


PAGES = ["https://app.example.com", "http://localhost:5173", "app://obsidian.md", "chrome-extension://abcdef"]


@pytest.mark.parametrize("origin", PAGES)
async def test_a_page_whose_origin_is_listed_may_ask_and_read(tmp_path: Path, origin: str) -> None:
    """First the question that a browser asks, then what it was asked about."""
    question = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
        "Access-Control-Request-Private-Network": "true",
    }
    browser = {
        "Origin": origin,
        "Sec-Fetch-Mode": "cors",
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Dest": "empty",
    }
    body = {"model": "tts-1", "voice": "alloy", "input": TEXT}
    async with served(tmp_path, SEGUE_CORS_ORIGINS=",".join(PAGES)) as client:
        allowed = await client.options(SPEECH, headers=question)
        answer = await client.post(SPEECH, json=body, headers=browser | {"Authorization": "Bearer k"})
        refused = await client.post(SPEECH, json={}, headers=browser)

    assert allowed.status_code == 200, allowed.text
    assert allowed.headers["access-control-allow-private-network"] == "true"
    for one in (allowed, answer, refused):
        assert one.headers["access-control-allow-origin"] == origin
    assert duration_of(answer.content) == pytest.approx(1.76, abs=0.15)
    assert refused.json()["error"]["param"] == "model"


async def test_where_any_origin_may_ask_private_networks_are_left_to_the_browser(tmp_path: Path) -> None:
    question = {
        "Origin": "https://anyone.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Private-Network": "true",
    }
    async with served(tmp_path, SEGUE_CORS_ORIGINS="*") as client:
        refused = await client.options(SPEECH, headers=question)
        question.pop("Access-Control-Request-Private-Network")
        allowed = await client.options(SPEECH, headers=question)

    assert (refused.status_code, allowed.status_code) == (400, 200)
