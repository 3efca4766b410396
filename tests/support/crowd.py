"""Many callers who do not wait for each other: requests at a rate, whatever becomes of them."""

from __future__ import annotations

import asyncio
import json
import time
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from support.service import SYNTHESIZE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

GONE = 0
"""As a status: no answer within the caller's patience, or none at all."""


class Answer(NamedTuple):
    """``took_s`` from the first byte sent to the last read; ``retry_after_s`` where it was refused with one."""

    status: int
    took_s: float
    retry_after_s: float | None = None

    @property
    def is_good(self) -> bool:
        return self.status == 200


def spoken(unit: str, text: str, **more: Any) -> dict[str, Any]:
    """A request for what is in no cache."""
    return {"text": text, "character_key": "pip_boy", "cache_enabled": False, "user_id": unit} | more


async def ask(url: str, body: Mapping[str, Any], patience_s: float = 30.0, path: str = SYNTHESIZE) -> Answer:
    """One request on a connection of its own."""
    payload = json.dumps(body).encode()
    head = f"content-type: application/json\r\ncontent-length: {len(payload)}\r\n\r\n"
    return await _answer(url, f"POST {path}", head.encode() + payload, patience_s)


async def fetch(url: str, path: str, patience_s: float = 30.0) -> Answer:
    """The same for a GET."""
    return await _answer(url, f"GET {path}", b"\r\n", patience_s)


async def _answer(url: str, request: str, rest: bytes, patience_s: float) -> Answer:
    began_s = time.perf_counter()
    try:
        async with asyncio.timeout(patience_s):
            head = await _exchanged(url, request, rest)
    except (OSError, TimeoutError, asyncio.IncompleteReadError, ValueError):
        return Answer(GONE, time.perf_counter() - began_s)
    retry_after = head.get("retry-after")
    seconds = None if retry_after is None else float(retry_after)
    return Answer(int(head["status"]), time.perf_counter() - began_s, seconds)


async def _exchanged(url: str, request: str, rest: bytes) -> dict[str, str]:
    """The head of the answer, once all of it has been read."""
    where = urlsplit(url)
    reader, writer = await asyncio.open_connection(where.hostname, where.port)
    try:
        writer.write(f"{request} HTTP/1.1\r\nhost: {where.netloc}\r\nconnection: close\r\n".encode() + rest)
        lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        head = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        while await reader.read(65536):
            pass
    finally:
        writer.close()
    return head | {"status": lines[0].split()[1]}


async def at_rate(
    url: str, per_s: float, seconds: float, body: Callable[[int], Mapping[str, Any]], patience_s: float = 30.0
) -> list[Answer]:
    """Requests at even distances, each by itself."""
    loop = asyncio.get_running_loop()
    begun_s, tasks = loop.time(), []
    for number in range(int(per_s * seconds)):
        await asyncio.sleep(begun_s + number / per_s - loop.time())
        tasks.append(asyncio.create_task(ask(url, body(number), patience_s)))
    return await asyncio.gather(*tasks)


async def one_after_the_other(
    url: str, at_once: int, seconds: float, body: Callable[[int], Mapping[str, Any]], patience_s: float = 30.0
) -> list[Answer]:
    """So many callers, each of whom asks again when answered."""
    loop = asyncio.get_running_loop()
    until_s, numbers = loop.time() + seconds, iter(range(1_000_000))

    async def caller() -> list[Answer]:
        answers = []
        while loop.time() < until_s:
            answers.append(await ask(url, body(next(numbers)), patience_s))
        return answers

    return [answer for answers in await asyncio.gather(*(caller() for _ in range(at_once))) for answer in answers]


def quantile_s(answers: Sequence[Answer], share: float) -> float:
    """0 where there are none."""
    ordered = sorted(answer.took_s for answer in answers)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] if ordered else 0.0


def good(answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.is_good]


def refused(answers: Iterable[Answer]) -> list[Answer]:
    return [answer for answer in answers if answer.status == 503]
