"""Sources of metrics: the service's own endpoints, or a Prometheus server that scrapes them."""

from __future__ import annotations

import asyncio
import math
import time
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import urlsplit, urlunsplit

import httpx

from segue.cli.address import web_address
from segue.kernel.errors import Unavailable
from segue.kernel.telemetry import catalog
from segue.ops.monitor.judgement import Endpoint, Observation
from segue.ops.monitor.lookout import Lookout
from segue.ops.monitor.scrape import ACCEPT, Scrape, Series, scraped
from segue.ops.monitor.window import Window, counts_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator, Sequence

METRICS_PATH = "/api/v1/monitoring/metrics/prometheus"
_TIMEOUT_S = 10.0


class ObservationSource(Protocol):
    """Returns an observation for each call, also if the source cannot be read."""

    async def look(self) -> Observation: ...


class SourceOptions(NamedTuple):
    """The sources to read: endpoints, or a Prometheus server with a label selector for its series."""

    urls: Sequence[str]
    prometheus: str = ""
    selector: str = ""


@asynccontextmanager
async def source(asked: SourceOptions, window_s: float) -> AsyncIterator[ObservationSource]:
    """Opens the source. ``window_s`` is the window of rates from a Prometheus server.

    Raises:
        CommandFailed: an address is not a valid URL.
    """
    for url in [asked.prometheus] if asked.prometheus else asked.urls:
        web_address(url)
    async with httpx.AsyncClient(timeout=_TIMEOUT_S, follow_redirects=True) as client:
        if asked.prometheus:
            yield PrometheusSource(client, asked.prometheus, asked.selector, window_s)
        else:
            yield Endpoints(client, list(dict.fromkeys(endpoint(url) for url in asked.urls)))


def endpoint(url: str) -> str:
    """The URL of the metrics; adds their path if ``url`` is only a service's base URL."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=METRICS_PATH)) if parts.path in ("", "/") else url


def shown(url: str) -> str:
    """The URL without user name and password."""
    return str(httpx.URL(url).copy_with(userinfo=b""))


class Endpoints:
    """Metrics endpoints, one for each replica, read concurrently."""

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
                return Unavailable(f"the endpoint answered {answer.status_code} {answer.reason_phrase}")
            return scraped(answer.text, answer.headers.get("content-type", ""), time.monotonic())
        except httpx.HTTPError as error:
            return Unavailable(f"the endpoint does not answer ({str(error) or type(error).__name__})")
        except Unavailable as error:
            return error


class PrometheusSource:
    """A Prometheus server: the increase of every counter in the last ``window_s``, corrected for restarts."""

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
            return Observation(now_s, (Endpoint(self._name, str(error)),), None)
        return Observation(now_s, (Endpoint(self._name),), self._window(_joined(gained), _joined(gauges)))

    def _window(self, gained: dict[Series, float], gauges: dict[Series, float]) -> Window:
        requests = counts_of(gained).total(catalog.REQUESTS.name)
        shares = tuple(value for series, value in gauges.items() if series.name == catalog.SHARE.name)
        per_s = requests / self._window_s
        return Window(self._window_s, gained, requests_per_s=per_s, share_ratios=shares, gauges=gauges)

    async def _gained(self, name: str) -> dict[Series, float]:
        """The increase of a counter, including the first value of new series, which ``increase`` leaves out.

        A series is new if it did not exist when the window began although its target was scraped then.
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
        except httpx.HTTPError as error:
            raise Unavailable(f"the Prometheus server did not answer ({type(error).__name__})") from None
        except ValueError as error:
            raise Unavailable(f"the answer is not that of a Prometheus server ({type(error).__name__})") from None
        if not isinstance(document, dict) or document.get("status") != "success":
            told = document.get("error", "") if isinstance(document, dict) else ""
            raise Unavailable(f"the Prometheus server refused a query ({answer.status_code} {told})"[:300])
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
