"""More than the service can make: what can be made is made, the rest is told so at once, and nobody is starved."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from support.crowd import Answer, ask, at_rate, good, one_after_the_other, quantile_s, refused, spoken
from support.process import serving

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from support.process import Server

LIMIT_S = 20.0
FIVE_SECONDS = "This is sentence {} of a text that takes some five seconds to say, so that there is work."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder: Path = tmp_path_factory.mktemp("overload")
    with serving(folder, CHIRP3_ROLLOUT_PERCENTAGE="0", SEGUE_FAULT_INJECTION="false") as started:
        yield started


def of(unit: str) -> Callable[[int], Mapping[str, Any]]:
    return lambda number: spoken(unit, FIVE_SECONDS.format(number), audio_format="wav")


async def beside(url: str, crowd: asyncio.Task[list[Answer]]) -> list[Answer]:
    """The answers to somebody who asks once a second while there is a crowd."""
    answers: list[Answer] = []
    while not crowd.done():
        answers.append(await ask(url, spoken("polite", f"Once a second, number {len(answers)}.")))
        await asyncio.wait([crowd], timeout=1.0)
    return answers


def breakers(server: Server) -> list[str]:
    exposed = server.client.get("/api/v1/monitoring/metrics/prometheus").raise_for_status().text
    return [
        line for line in exposed.splitlines() if line.startswith("tts_breaker_open") and not line.endswith(" 0.0")
    ]


async def test_three_times_what_can_be_made_is_shed_early_and_starves_nobody(server: Server) -> None:
    await one_after_the_other(server.url, 4, 2.0, of("warm"))
    at_capacity = good(await one_after_the_other(server.url, 8, 6.0, of("eight")))
    per_s = len(at_capacity) / 6.0

    crowd = asyncio.create_task(at_rate(server.url, 3 * per_s, 6.0, of("crowd"), LIMIT_S))
    polite = await beside(server.url, crowd)
    answers = crowd.result()
    made, shed = good(answers), refused(answers)

    assert len(made) + len(shed) == len(answers), "each is answered or refused within its limit"
    assert len(made) >= 0.5 * len(at_capacity), "docs/benchmarks.md has the ratio on a quiet machine"
    assert all(answer.is_good for answer in polite)
    assert quantile_s(shed, 0.5) < 1.0
    assert all(answer.retry_after_s is not None and answer.retry_after_s >= 1.0 for answer in shed)
    assert breakers(server) == []


async def test_who_leaves_our_line_or_wants_too_much_is_no_failure_of_an_engine(server: Server) -> None:
    """Callers who leave after four seconds, and long texts on one arm by name, beside who asks once a second."""
    long = " ".join(FIVE_SECONDS.format(number) for number in range(40))

    async def leave() -> list[Answer]:
        eight = (ask(server.url, spoken(f"u{n}", long, force_voice_model="wavenet"), 4.4) for n in range(8))
        rounds = await asyncio.gather(*eight)
        return [*rounds, *await at_rate(server.url, 20, 5.0, of("impatient"), 1.0)]

    crowd = asyncio.create_task(leave())
    polite = await beside(server.url, crowd)

    assert all(answer.is_good for answer in polite)
    assert breakers(server) == []
    assert attempts_that_failed(server) == []


def attempts_that_failed(server: Server) -> list[str]:
    exposed = server.client.get("/api/v1/monitoring/metrics/prometheus").raise_for_status().text
    tried = [line for line in exposed.splitlines() if line.startswith("tts_synthesis_total{")]
    return [line for line in tried if 'status="success"' not in line]


@pytest.mark.parametrize(
    ("text", "rate"), [("9" * 5000, 0.25), ("字" * 5000, 0.25), ("9 " * 2500, 0.25), ("Speech. " * 600, 0.25)]
)
def test_an_hour_of_sound_is_refused_before_it_is_made(server: Server, text: str, rate: float) -> None:
    body = spoken("long", text, voice_controls={"rate": rate}, audio_format="mp3")
    answer = server.client.post("/api/v1/audio/synthesize", json=body)

    assert answer.status_code in {400, 422}
    assert "min of audio" in answer.text
    assert "job" in answer.text
    assert answer.elapsed.total_seconds() < 2.0
