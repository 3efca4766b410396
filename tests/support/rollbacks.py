"""Rollbacks by a person on a service under load, measured from outside by its listeners."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import httpx

from support.service import SYNTHESIZE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support.process import Server

SPEECH = "/v1/audio/speech"
_HEARD_BEFORE_S = 0.3
_WATCHED_FOR_S = 1.2


class Heard(NamedTuple):
    """One answer: asked at (monotonic), with what status, by which arm."""

    asked_s: float
    status: int
    arm: str


@dataclass(slots=True)
class Crowd:
    """Listeners who keep asking at a rate for one of so many lines, whatever the answers; ``streamed`` of the
    requests are for a stream.
    """

    url: str
    requests_per_s: float
    listeners: int
    lines: int
    streamed: float = 0.0
    heard: list[Heard] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def listen(self, number: int) -> None:
        dice = random.Random(number)
        next_s = time.monotonic()
        with httpx.Client(base_url=self.url, timeout=30) as client:
            while not self.stop.is_set():
                text, user = f"Line {dice.randrange(self.lines)}.", f"u{dice.randrange(1000)}"
                asked_s = time.monotonic()
                if self.streamed and dice.random() < self.streamed:
                    asked = {"model": "tts-1", "voice": "pip_boy", "input": text, "user": user}
                    answer = client.post(SPEECH, json=asked | {"response_format": "wav"})
                    arm = answer.headers.get("X-Segue", "").removeprefix("arm=").partition(",")[0]
                else:
                    body = {"text": text, "character_key": "pip_boy", "user_id": user}
                    answer = client.post(SYNTHESIZE, json=body)
                    arm = answer.json().get("arm", "")
                self.heard.append(Heard(asked_s, answer.status_code, arm))
                next_s = max(next_s + self.listeners / self.requests_per_s, time.monotonic() - 1.0)
                self.stop.wait(max(0.0, next_s - time.monotonic()))


@contextmanager
def crowd_at(
    url: str, requests_per_s: float, listeners: int = 10, lines: int = 400, *, streamed: float = 0.0
) -> Iterator[Crowd]:
    crowd = Crowd(url, requests_per_s, listeners, lines, streamed)
    threads = [threading.Thread(target=crowd.listen, args=(number,)) for number in range(listeners)]
    for thread in threads:
        thread.start()
    try:
        yield crowd
    finally:
        crowd.stop.set()
        for thread in threads:
            thread.join(60)


@dataclass(frozen=True, slots=True)
class Rollback:
    """One rollback: when it was ordered, until when its effect was watched, how long each replica took."""

    ordered_s: float
    until_s: float
    answered_after_s: float
    following_ms: tuple[float, ...]

    def latest_candidate_s(self, heard: list[Heard]) -> float:
        """How long after the order a request that the candidate answered was still begun; 0: none was."""
        late = [
            one.asked_s - self.ordered_s
            for one in heard
            if one.arm == "candidate" and self.ordered_s < one.asked_s < self.until_s
        ]
        return max(late, default=0.0)


def rolled_back(server: Server, why: str) -> Rollback:
    """Everyone on the candidate for a moment, then nobody."""
    server.steer(enabled=True, share_percent=100)
    time.sleep(_HEARD_BEFORE_S)
    ordered_s = time.monotonic()
    done = server.order("rollback", why=why)
    answered_s = time.monotonic()
    assert done["state"]["enabled"] is False
    time.sleep(max(0.0, ordered_s + _WATCHED_FOR_S - time.monotonic()))
    following = tuple(float(one["after_ms"]) for one in done["following"])
    return Rollback(ordered_s, time.monotonic(), answered_s - ordered_s, following)
