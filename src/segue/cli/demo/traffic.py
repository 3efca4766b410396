"""Listeners: many users of a few characters, some of whom speak Chinese."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PATH = "/api/v1/audio/synthesize"
CHARACTERS = ("pip_boy", "vault_dweller", "wasteland_trader", "codsworth")
_LINES = (
    "Welcome back, wanderer.",
    "The northern gate is closed tonight.",
    "I have three clean filters left.",
    "Please mind the radiation.",
    "Did you hear the thunder?",
    "Your water is ready.",
)
_CHINESE_LINE = "歡迎回來，今晚北門關閉。"
_CHINESE_EVERY = 25
_AT_ONCE = 12
_SAMPLE_LINE = "This is how I sound. The rollout moves you from one voice to the other; you should not notice."


@dataclass(frozen=True, slots=True)
class Heard:
    """What one listener got; ``status`` 0 is no answer at all."""

    user: str
    status: int
    assigned: str = ""
    model: str = ""
    fallback: str = ""
    source: str = ""


@dataclass(slots=True)
class Crowd:
    """The answers of one step."""

    heard: list[Heard] = field(default_factory=list)

    @property
    def failed(self) -> int:
        return sum(item.status != httpx.codes.OK for item in self.heard)

    @property
    def fallbacks(self) -> int:
        return sum(bool(item.fallback) for item in self.heard)

    @property
    def cached(self) -> int:
        return sum(item.source not in ("", "new") for item in self.heard)

    def models(self) -> dict[str, int]:
        names = sorted({item.model for item in self.heard if item.model})
        return {name: sum(item.model == name for item in self.heard) for name in names}

    def arms_of_users(self) -> dict[str, set[str]]:
        """The arms each user was assigned; more than one is a fault."""
        arms: dict[str, set[str]] = {}
        for item in self.heard:
            if item.assigned:
                arms.setdefault(item.user, set()).add(item.assigned)
        return arms


async def listen(client: httpx.AsyncClient, *, users: int, step: int, on_answer: Callable[[], None]) -> Crowd:
    """Every user asks once; lines are new in each step, so that engines work and caches do too."""
    crowd = Crowd()
    places = asyncio.Semaphore(_AT_ONCE)

    async def ask(body: dict[str, Any]) -> None:
        async with places:
            crowd.heard.append(await _asked(client, body))
        on_answer()

    await asyncio.gather(*(ask(body) for body in _bodies(users, step)))
    return crowd


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


def _bodies(users: int, step: int) -> Iterator[dict[str, Any]]:
    for number in range(users):
        chinese = number % _CHINESE_EVERY == 0
        line = _CHINESE_LINE if chinese else f"{_LINES[number % len(_LINES)]} Night {step}."
        yield {
            "text": line,
            "character_key": CHARACTERS[number % len(CHARACTERS)],
            "user_id": f"listener-{number:04d}",
        }


async def _asked(client: httpx.AsyncClient, body: dict[str, Any]) -> Heard:
    try:
        response = await client.post(PATH, json=body)
    except httpx.HTTPError:
        return Heard(body["user_id"], 0)
    if not response.is_success:
        return Heard(body["user_id"], response.status_code)
    answer = response.json()
    return Heard(
        body["user_id"],
        response.status_code,
        answer["assigned_arm"],
        answer["voice_model"],
        answer["fallback_error"] or "",
        answer["source"],
    )
