"""Where the metrics come from: the service's own endpoints, or a Prometheus server that scrapes them."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx

from segue.cli.address import web_address
from segue.core.errors import Unavailable
from segue.ops.monitor.judgement import Observation, Replica
from segue.ops.monitor.lookout import Lookout
from segue.ops.monitor.scrape import ACCEPT, Scrape, Series, scraped
from segue.ops.monitor.window import Window, counts_of
from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

METRICS_PATH = "/api/v1/monitoring/metrics/prometheus"
_TIMEOUT_S = 10.0


class Source(Protocol):
    """Gives an observation at each look; a source that cannot be read is one, too."""

    async def look(self) -> Observation: ...


class Asked(NamedTuple):
    """What the operator named: endpoints, or a Prometheus server and what narrows its series."""

    urls: Sequence[str]
    prometheus: str = ""
    selector: str = ""


@asynccontextmanager
async def source(asked: Asked, window_s: float) -> AsyncIterator[Source]:
    """The source, connected. ``window_s`` is what a Prometheus server is asked for.

    Raises:
        CommandFailed: an address is none.
    """
    for url in [asked.prometheus] if asked.prometheus else asked.urls:
        web_address(url)
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=True) as client:
        if asked.prometheus:
            yield Server(client, asked.prometheus, asked.selector, window_s)
        else:
            yield Endpoints(client, list(dict.fromkeys(endpoint(url) for url in asked.urls)))


def endpoint(url: str) -> str:
    """The address of metrics; where a service's address alone is given, with the path that they are at."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=METRICS_PATH)) if parts.path in ("", "/") else url


def shown(url: str) -> str:
    """The address without the name and the password that it may hold."""
    return str(httpx.URL(url).copy_with(userinfo=b""))


class Endpoints:
    """Metrics endpoints, one for each replica, read at the same time."""

    def __init__(self, client: httpx.AsyncClient, urls: Sequence[str]) -> None:
        self._client = client
        self._urls = urls
        self._lookout = Lookout()

    async def look(self) -> Observation:
        looks = await asyncio.gather(*(self._read(url) for url in self._urls))
        names = [shown(url) for url in self._urls]
        return self._lookout.seen(dict(zip(names, looks, strict=True)), time.time())

    async def _read(self, url: str) -> Scrape | Unavailable:
        try:
            answer = await self._client.get(url, headers={"Accept": ACCEPT})
            if not answer.is_success:
                return Unavailable(f"it answers {answer.status_code} {answer.reason_phrase}")
            return scraped(answer.text, answer.headers.get("content-type", ""), time.monotonic())
        except httpx.HTTPError as error:
            return Unavailable(f"it does not answer ({str(error) or type(error).__name__})")
        except Unavailable as error:
            return error


class Server:
    """A Prometheus server: what every counter gained in the last ``window_s``, restarts reckoned in by it."""

    def __init__(self, client: httpx.AsyncClient, url: str, selector: str, window_s: float) -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/api/v1/query"
        self._name = shown(url)
        self._selector = selector
        self._window_s = window_s

    async def look(self) -> Observation:
        now_s = time.time()
        try:
            gained = await asyncio.gather(*(self._gained(name) for name in _COUNTERS))
            gauges = await asyncio.gather(*(self._levels(name) for name in _GAUGES))
        except Unavailable as error:
            return Observation(now_s, (Replica(self._name, str(error)),), None)
        return Observation(now_s, (Replica(self._name),), self._window(_joined(gained), _joined(gauges)))

    def _window(self, gained: dict[Series, float], gauges: dict[Series, float]) -> Window:
        requests = counts_of(gained).total(catalog.REQUESTS.name)
        shares = tuple(value for series, value in gauges.items() if series.name == catalog.SHARE.name)
        per_s = requests / self._window_s
        return Window(self._window_s, gained, requests_per_s=per_s, share_ratios=shares, gauges=gauges)

    async def _gained(self, name: str) -> dict[Series, float]:
        """``increase`` counts from a series' first sample on: what a new series begins with is added.

        New is a series that was not there when the window began, though its target was scraped then.
        """
        by, window = f"sum by ({', '.join(_COUNTERS[name])})", f"{self._window_s * 1000:.0f}ms"
        series = f"{name}{{{self._selector}}}"
        grew = f"{by} (increase({series}[{window}]))"
        new = f"min_over_time({series}[{window}]) unless {series} offset {window}"
        began = f"{by} (({new}) and on (instance, job) (up offset {window}))"
        return await self._asked(name, f"({grew} + {began}) or {grew} or {began}")

    async def _levels(self, name: str) -> dict[Series, float]:
        labels = ", ".join(("instance", *_GAUGES[name]))
        return await self._asked(name, f"max by ({labels}) ({name}{{{self._selector}}})")

    async def _asked(self, name: str, query: str) -> dict[Series, float]:
        try:
            answer = await self._client.get(self._url, params={"query": query})
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"it does not answer as Prometheus does ({type(error).__name__})") from None
        if not isinstance(document, dict) or document.get("status") != "success":
            told = document.get("error", "") if isinstance(document, dict) else ""
            raise Unavailable(f"it refused a query ({answer.status_code} {told})"[:300])
        return dict(_values(name, document["data"]["result"]))


_COUNTERS = {
    metric.name: metric.labels
    for metric in (
        catalog.SYNTHESIS,
        catalog.CACHE_HITS,
        catalog.CACHE_MISSES,
        catalog.FALLBACKS,
        catalog.REQUESTS_BY_CHARACTER,
        catalog.REQUESTS,
    )
} | {
    f"{catalog.SYNTHESIS_DURATION.name}_{part}": (*catalog.SYNTHESIS_DURATION.labels, *more)
    for part, more in (("bucket", ("le",)), ("sum", ()), ("count", ()))
}
_GAUGES = {metric.name: metric.labels for metric in (catalog.SHARE, catalog.ARMS)}


def _joined(parts: Sequence[dict[Series, float]]) -> dict[Series, float]:
    return {series: value for part in parts for series, value in part.items()}


def _values(name: str, result: Any) -> Iterator[tuple[Series, float]]:
    for one in result:
        value = float(one["value"][1])
        if math.isfinite(value):
            yield Series(name, tuple(sorted(one["metric"].items()))), value
