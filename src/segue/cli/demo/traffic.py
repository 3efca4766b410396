"""Simulated listeners: many users who continuously request lines of a few characters, some in Chinese."""

from __future__ import annotations

import asyncio
import itertools
import time
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

PATH = "/api/v1/audio/synthesize"
CHARACTERS = ("pip_boy", "railroad_agent", "institute_scientist", "codsworth")
_LINES = ("Welcome back.", "The gate is shut.", "I have filters.", "Mind the dust.", "Water is ready.")
_CHINESE_LINES = ("歡迎回來。", "今晚北門關閉。", "外面只有12度。")
_CHINESE_EVERY = 50
"""Kokoro needs seconds of a processor for each that was not said before, so there are few of them."""
_NEW_EVERY = 2
"""Every second line is new, so that it reaches an engine and yields evidence."""

_ASKS_PER_S = 24
_NEW_AT_ONCE = 4
"""Requests for new lines in flight at most; if engines are slow, new lines are requested more slowly."""

_OLD_AT_ONCE = 24
_LINE_ATTEMPTS = 3
_GOLDEN, _TURN = 0x9E3779B1, 1 << 32
"""Multiples of the golden ratio's fraction of a turn fall evenly into all users, whatever their number."""

SAMPLE_LINES = {
    "en": "This is how I sound. The rollout moves you from one voice to the other; you should not notice.",
    "zh-TW": "這是我說話的聲音。2026年起，我會換成另一個聲音，您應該不會發現。",
}
"""By language, what is said into the files that the demo leaves."""


@dataclass(frozen=True, slots=True)
class DemoAnswer:
    """One listener's response and its times (Unix time); ``status`` 0 means that there was no response."""

    user: str
    asked_at_s: float
    answered_at_s: float
    status: int
    assigned: str = ""
    model: str = ""
    fallback: str = ""
    source: str = ""
    character: str = ""

    @property
    def failed(self) -> bool:
        return self.status != httpx.codes.OK


@dataclass(slots=True)
class DemoTraffic:
    """Sends requests of ``users`` listeners and records the responses."""

    client: httpx.AsyncClient
    users: int
    heard: list[DemoAnswer] = field(default_factory=list)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Sends requests until the context ends; then waits for the outstanding responses."""
        source = asyncio.create_task(self._flow())
        try:
            yield
        finally:
            source.cancel()
            with suppress(asyncio.CancelledError):
                await source

    async def _flow(self) -> None:
        places = asyncio.Semaphore(_NEW_AT_ONCE), asyncio.Semaphore(_OLD_AT_ONCE)
        async with asyncio.TaskGroup() as asking:
            try:
                for number in itertools.count():
                    place = places[bool(number % _NEW_EVERY)]
                    if not place.locked():
                        asking.create_task(self._ask(_body(number, self.users), place))
                    await asyncio.sleep(1.0 / _ASKS_PER_S)
            except asyncio.CancelledError:
                return

    async def _ask(self, body: dict[str, Any], place: asyncio.Semaphore) -> None:
        async with place:
            self.heard.append(await _asked(self.client, body))


def _body(number: int, users: int) -> dict[str, Any]:
    """Every character and every user requests lines of each kind.

    A listener counts once a day towards a target, so a character that few listeners hear could not go on.
    """
    if number % _CHINESE_EVERY == 0:
        line = _CHINESE_LINES[number // _CHINESE_EVERY % len(_CHINESE_LINES)]
    elif number % _NEW_EVERY == 0:
        line = f"Night {number}."
    else:
        line = _LINES[number % len(_LINES)]
    return {
        "text": line,
        "character_key": CHARACTERS[number // _NEW_EVERY % len(CHARACTERS)],
        "user_id": f"listener-{number * _GOLDEN % _TURN * users // _TURN:04d}",
    }


async def one_line(client: httpx.AsyncClient, model: str, language: str) -> dict[str, Any]:
    """The service's response to the sample line of a language, forced to one arm and not taken from a cache.

    If the other arm answered instead, because this machine was too slow, it is asked again, at most twice.
    """
    body = {
        "text": SAMPLE_LINES[language],
        "cache_enabled": False,
        "character_key": "pip_boy",
        "force_voice_model": model,
        "return_format": "base64",
        "audio_format": "wav",
    }
    answer: dict[str, Any] = {}
    for _ in range(_LINE_ATTEMPTS):
        answer = (await client.post(PATH, json=body)).raise_for_status().json()
        if answer["arm"] == model:
            break
    return answer


async def _asked(client: httpx.AsyncClient, body: dict[str, Any]) -> DemoAnswer:
    user, asked_at_s = body["user_id"], time.time()
    try:
        response = await client.post(PATH, json=body)
    except httpx.HTTPError:
        return DemoAnswer(user, asked_at_s, time.time(), 0)
    if not response.is_success:
        return DemoAnswer(user, asked_at_s, time.time(), response.status_code)
    answer = response.json()
    return DemoAnswer(
        user,
        asked_at_s,
        time.time(),
        response.status_code,
        answer["assigned_arm"],
        answer["voice_model"],
        answer["fallback_error"] or "",
        answer["source"],
        body["character_key"],
    )
