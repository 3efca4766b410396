"""Listeners: many users of a few characters, some of whom speak Chinese, without a pause."""

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
_CHINESE_LINE = "歡迎回來，今晚北門關閉。"
_CHINESE_EVERY = 50
_NEW_EVERY = 2
"""Every second line is one that nobody has said before: those are what engines work for, and evidence comes of."""

_ASKS_PER_S = 24
_NEW_AT_ONCE = 4
"""Listeners to new lines who wait at once; where engines are slow, listeners ask more slowly, too."""

_OLD_AT_ONCE = 24
_STRIDE = 7919
"""Prime to the number of users, so that users, characters and lines meet in all ways."""

_SAMPLE_LINE = "This is how I sound. The rollout moves you from one voice to the other; you should not notice."


@dataclass(frozen=True, slots=True)
class Heard:
    """What one listener got, and between which moments (Unix time); ``status`` 0 is no answer at all."""

    user: str
    asked_at_s: float
    answered_at_s: float
    status: int
    assigned: str = ""
    model: str = ""
    fallback: str = ""
    source: str = ""

    @property
    def failed(self) -> bool:
        return self.status != httpx.codes.OK


@dataclass(slots=True)
class Traffic:
    """Asks on behalf of ``users`` listeners, and remembers what they heard."""

    client: httpx.AsyncClient
    users: int
    heard: list[Heard] = field(default_factory=list)

    @asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Listeners ask for as long as this lasts; at the end, who has asked is answered."""
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
    if number % _CHINESE_EVERY == 0:
        line = _CHINESE_LINE
    elif number % _NEW_EVERY == 0:
        line = f"Night {number}."
    else:
        line = _LINES[number % len(_LINES)]
    return {
        "text": line,
        "character_key": CHARACTERS[number % len(CHARACTERS)],
        "user_id": f"listener-{number * _STRIDE % users:04d}",
    }


async def one_line(client: httpx.AsyncClient, model: str) -> dict[str, Any]:
    """The service's answer to one line forced to one arm, made afresh."""
    body = {
        "text": _SAMPLE_LINE,
        "cache_enabled": False,
        "character_key": "pip_boy",
        "force_voice_model": model,
        "return_format": "base64",
        "audio_format": "wav",
    }
    answer: dict[str, Any] = (await client.post(PATH, json=body)).raise_for_status().json()
    return answer


async def _asked(client: httpx.AsyncClient, body: dict[str, Any]) -> Heard:
    user, asked_at_s = body["user_id"], time.time()
    try:
        response = await client.post(PATH, json=body)
    except httpx.HTTPError:
        return Heard(user, asked_at_s, time.time(), 0)
    if not response.is_success:
        return Heard(user, asked_at_s, time.time(), response.status_code)
    answer = response.json()
    return Heard(
        user,
        asked_at_s,
        time.time(),
        response.status_code,
        answer["assigned_arm"],
        answer["voice_model"],
        answer["fallback_error"] or "",
        answer["source"],
    )
