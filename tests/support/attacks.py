"""What one client without a key can do to a service, for so many seconds each; everything ends by itself."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from support.crowd import Answer, ask, at_rate, good, one_after_the_other, spoken
from support.service import SYNTHESIZE

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Attack = Callable[[str, float], Awaitable[list[Answer]]]

JOBS = "/api/v1/audio/jobs"
SENTENCE = "This is sentence {} of a text that takes some five seconds to say, so that there is work."
_LEAVE_S = 4.4
_HEADERS_BYTES = 60_000_000


def sentence(unit: str, **more: Any) -> Callable[[int], Mapping[str, Any]]:
    return lambda number: spoken(unit, SENTENCE.format(number), audio_format="wav", **more)


async def capacity_per_s(url: str, seconds: float = 5.0) -> float:
    """Answers a second with eight callers who wait for each other."""
    await one_after_the_other(url, 4, 2.0, sentence("warm"))
    return len(good(await one_after_the_other(url, 8, seconds, sentence("eight")))) / seconds


def times_capacity(times: float, per_s: float) -> Attack:
    async def overload(url: str, seconds: float) -> list[Answer]:
        return await at_rate(url, times * per_s, seconds, sentence("crowd"), 20.0)

    return overload


async def crowd_at_once(url: str, seconds: float) -> list[Answer]:
    """Three hundred callers who ask again when answered."""
    return await one_after_the_other(url, 300, seconds, sentence("crowd"), 20.0)


async def long_texts_left(url: str, seconds: float) -> list[Answer]:
    """Long texts on one arm by name, left after four seconds."""
    text = " ".join(SENTENCE.format(number) for number in range(40))
    body = spoken("impatient", text, force_voice_model="wavenet")
    rounds = max(1, int(seconds // _LEAVE_S))
    answers = []
    for _ in range(rounds):
        answers += await asyncio.gather(*(ask(url, body, _LEAVE_S) for _ in range(8)))
    return answers


async def hours_of_sound(url: str, seconds: float) -> list[Answer]:
    """Digits and ideographs, as slow as can be, as MP3."""
    texts = ("9" * 5000, "字" * 5000, "9 " * 2500)
    bodies = [spoken("slow", text, voice_controls={"rate": 0.25}, audio_format="mp3") for text in texts]
    return await at_rate(url, 2.0, seconds, lambda number: bodies[number % len(bodies)], 30.0)


async def long_sound(url: str, seconds: float) -> list[Answer]:
    """As much sound as an answer may have, shifted in pitch."""
    body = spoken("long", "9 " * 500, voice_controls={"rate": 0.25, "pitch": 18}, audio_format="mp3")
    return await at_rate(url, 0.5, seconds, lambda _: body, 30.0)


async def hostile_texts(url: str, seconds: float) -> list[Answer]:
    """Signs that once took time in the square of their number."""
    texts = ("a " + "．" * 4900, "a" + "\u0301\u0323" * 2400, "- " * 2400, "(" * 4900, "1" + "," * 4900)
    return await at_rate(url, 5.0, seconds, lambda number: spoken("signs", texts[number % len(texts)]), 30.0)


async def arm_by_name(url: str, seconds: float) -> list[Answer]:
    """Twenty requests a second that force an arm."""
    return await at_rate(url, 20.0, seconds, sentence("who looks", force_voice_model="chirp3-hd"), 20.0)


async def unspeakable_texts(url: str, seconds: float) -> list[Answer]:
    """Texts that no voice can say, ten a second, each under another name."""
    return await at_rate(url, 10.0, seconds, lambda number: spoken(f"who {number}", "W " * 700), 20.0)


async def jobs_of_one(url: str, seconds: float) -> list[Answer]:
    """Long texts without end from one caller."""
    body = {"text": (SENTENCE * 1000)[:90_000], "character_key": "pip_boy", "user_id": "jobs"}
    loop, answers = asyncio.get_running_loop(), []
    until_s = loop.time() + seconds
    while loop.time() < until_s:
        answers.append(await ask(url, body, 30.0, JOBS))
        await asyncio.sleep(0.2)
    return answers


async def half_headers(url: str, seconds: float) -> list[Answer]:
    """Four hundred connections that begin a request and say no more."""
    return await _held(url, 400, b"POST /v1/audio/speech HTTP/1.1\r\nhost: x\r\nx-a: ", seconds)


async def idle_connections(url: str, seconds: float) -> list[Answer]:
    """Seven hundred connections that say nothing."""
    return await _held(url, 700, b"", seconds)


async def endless_headers(url: str, seconds: float) -> list[Answer]:
    """Connections that never come to the end of their headers, as fast as they are read."""
    return await asyncio.gather(*(_endless(url, seconds) for _ in range(4)))


async def requests_in_a_row(url: str, seconds: float) -> list[Answer]:
    """Sixty connections, each with ten thousand requests behind one that takes its time."""
    body = json.dumps(sentence("row")(0)).encode()
    first = b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-length: %d\r\n\r\n" % (SYNTHESIZE.encode(), len(body))
    return await _held(url, 60, first + body + b"GET / HTTP/1.1\r\nhost: x\r\n\r\n" * 10_000, seconds)


async def bodies_of_single_bytes(url: str, seconds: float) -> list[Answer]:
    """Thirty bodies, each in chunks of one byte and far longer than a body may be."""
    head = b"POST %s HTTP/1.1\r\nhost: 127.0.0.1\r\ntransfer-encoding: chunked\r\n\r\n" % SYNTHESIZE.encode()
    return await _held(url, 30, head + b"1\r\n \r\n" * 600_000, seconds)


async def all_at_once(url: str, seconds: float) -> list[Answer]:
    """All that one address may do beside the others, from one address."""
    attacks = (
        hours_of_sound,
        hostile_texts,
        long_texts_left,
        arm_by_name,
        unspeakable_texts,
        jobs_of_one,
        half_headers,
        endless_headers,
        requests_in_a_row,
        bodies_of_single_bytes,
    )
    return [
        answer for answers in await asyncio.gather(*(one(url, seconds) for one in attacks)) for answer in answers
    ]


async def _held(url: str, count: int, first: bytes, seconds: float) -> list[Answer]:
    where, open_ones = urlsplit(url), []
    for _ in range(count):
        with suppress(OSError, TimeoutError):
            async with asyncio.timeout(5.0):
                _, writer = await asyncio.open_connection(where.hostname, where.port)
            open_ones.append(writer)
            writer.write(first)
    await asyncio.sleep(seconds)
    for writer in open_ones:
        writer.close()
    return [Answer(0, seconds)] * len(open_ones)


async def _endless(url: str, seconds: float) -> Answer:
    where, loop = urlsplit(url), asyncio.get_running_loop()
    began_s = loop.time()
    _, writer = await asyncio.open_connection(where.hostname, where.port)
    block, sent = b"a:b\r\n" * 20_000, 0
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(seconds):
            writer.write(b"POST /v1/audio/speech HTTP/1.1\r\nhost: x\r\n")
            while sent < _HEADERS_BYTES:
                writer.write(block)
                sent += len(block)
                await writer.drain()
    writer.close()
    return Answer(0, loop.time() - began_s)


ATTACKS: dict[str, Attack] = {
    "300 callers at once": crowd_at_once,
    "long texts, left after 4.4 s": long_texts_left,
    "hours of sound asked whole": hours_of_sound,
    "8 min of sound, shifted": long_sound,
    "hostile signs": hostile_texts,
    "an arm by name, 20 a second": arm_by_name,
    "jobs of 90,000 characters": jobs_of_one,
    "400 half headers": half_headers,
    "700 idle connections": idle_connections,
    "endless headers": endless_headers,
    "10,000 requests behind one": requests_in_a_row,
    "bodies of single bytes": bodies_of_single_bytes,
    "texts that no voice can say": unspeakable_texts,
    "all of these at once": all_at_once,
}
