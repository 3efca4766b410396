"""A service's metrics without the service: the real recorder, told of requests that a test makes up."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder

from segue.kernel.arms import Arm
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import Outcome
from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.ops.monitor.scrape import scraped
from support.http_server import serving_http
from support.traffic import a_request, a_served, an_attempt

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.ops.monitor.scrape import Scrape

MODELS = {Arm.BASELINE: "wavenet", Arm.CANDIDATE: "chirp3-hd"}
OPENMETRICS = "application/openmetrics-text"


class Metered:
    """One process's metrics; a restarted one is another ``Metered``."""

    def __init__(self, models: dict[Arm, str] | None = None) -> None:
        self._registry = CollectorRegistry()
        self._recorder = PrometheusRecorder(self._registry)
        self._models = MODELS if models is None else models
        self._recorder.arms_are(self._models)

    def share(self, ratio: float) -> None:
        self._recorder.routing_changed(ratio, 3)

    def baseline(self, good: int, bad: int = 0, *, took_s: float = 0.4, character: str = "ghoul") -> None:
        """Requests of the baseline's; the bad ones got no answer."""
        self._attempts(Arm.BASELINE, good, bad, took_s, character)
        self._served(Outcome.SERVED, Arm.BASELINE, good)
        self._served(Outcome.FAILED, Arm.BASELINE, bad)

    def candidate(self, good: int, bad: int = 0, *, took_s: float = 0.4, character: str = "ghoul") -> None:
        """Requests of the candidate's; the bad ones were answered by the baseline."""
        self._attempts(Arm.CANDIDATE, good, bad, took_s, character)
        self._attempts(Arm.BASELINE, bad, 0, took_s, character)
        for _ in range(bad):
            self._recorder.fell_back(a_request(), character, ErrorCode.INTERNAL)
        self._served(Outcome.SERVED, Arm.CANDIDATE, good)
        self._served(Outcome.SERVED_BY_FALLBACK, Arm.BASELINE, bad)

    def not_even_tried(self, count: int) -> None:
        """The breaker keeps the candidate from being asked."""
        for _ in range(count):
            self._recorder.fell_back(a_request(), "ghoul", "breaker_open")

    def looked_up(self, hits: int, misses: int) -> None:
        for number in range(hits + misses):
            self._recorder.looked_up("wavenet", "memory" if number < hits else None)

    def exposed(self, accept: str = "text/plain") -> tuple[str, str]:
        """The body and its content type."""
        encoder, content_type = choose_encoder(accept)
        return encoder(self._registry).decode(), content_type

    def scrape(self, at_s: float = 0.0, accept: str = "text/plain") -> Scrape:
        return scraped(*self.exposed(accept), at_s)

    def _attempts(self, arm: Arm, good: int, bad: int, took_s: float, character: str) -> None:
        for number in range(good + bad):
            error = None if number < good else ErrorCode.INTERNAL
            attempt = an_attempt(error, duration_s=took_s, arm=arm)
            self._recorder.attempted(attempt._replace(model=self._models[arm], character_key=character))

    def _served(self, outcome: Outcome, arm: Arm, count: int) -> None:
        served = a_served(outcome)._replace(model=self._models[arm], arm=arm)
        for _ in range(count):
            self._recorder.served(served)


def healthy(requests: int = 1000) -> Metered:
    """Half on either arm, all good, nearly all from the cache."""
    metered = Metered()
    metered.share(0.5)
    metered.baseline(requests // 2)
    metered.candidate(requests // 2)
    metered.looked_up(hits=95, misses=5)
    return metered


class MetricsEndpoint:
    """What stands behind a URL: ``metered``, or ``instead`` of it a status and a text."""

    def __init__(self, metered: Metered) -> None:
        self.metered = metered
        self.instead: tuple[int, str] | None = None
        self.asked = threading.Semaphore(0)
        self.url = ""

    def answer(self, accept: str) -> tuple[int, str, str]:
        if self.instead is not None:
            return self.instead[0], "text/html", self.instead[1]
        body, kind = self.metered.exposed(accept)
        return 200, kind, body


@contextmanager
def exposing(metered: Metered, *, port: int = 0) -> Iterator[MetricsEndpoint]:
    """The endpoint on loopback; every request releases ``asked`` once."""
    endpoint = MetricsEndpoint(metered)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, kind, body = endpoint.answer(self.headers.get("Accept", ""))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body.encode())))
            self.end_headers()
            self.wfile.write(body.encode())
            endpoint.asked.release()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
            pass

    with serving_http(Handler, port) as url:
        endpoint.url = f"{url}/metrics"
        yield endpoint
