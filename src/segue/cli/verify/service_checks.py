"""Checks of health, readiness and metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import httpx
import msgspec

from segue.cli.verify.deployment import succeeded, understood
from segue.cli.verify.outcome import CheckFailed
from segue.cli.verify.wire import CheckedHealth
from segue.kernel.errors import Unavailable
from segue.kernel.telemetry import catalog
from segue.ops.monitor.scrape import ACCEPT, scraped

if TYPE_CHECKING:
    from segue.cli.verify.deployment import Deployment
    from segue.ops.monitor.scrape import Scrape

_HEALTH = "/api/v1/monitoring/health"
_LOG = "see the service's log"
_METRICS = "/api/v1/monitoring/metrics/prometheus"
_MUST_BE = (
    catalog.SYNTHESIS.name,
    f"{catalog.SYNTHESIS_DURATION.name}_bucket",
    f"{catalog.FILE_SIZE.name}_bucket",
    f"{catalog.TEXT_LENGTH.name}_bucket",
    catalog.REQUESTS_BY_CHARACTER.name,
    catalog.REQUESTS.name,
)
"""Metrics that exist after the first synthesis."""


def health(deployment: Deployment) -> str:
    answer = deployment.client.get(_HEALTH)
    if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
        raise CheckFailed(
            f"the service is unavailable ({_HEALTH} answered 503): {_what_is_down(answer)}",
            means="most or all requests fail, and a load balancer that checks readiness sends this service no "
            "traffic",
            do=f"repair what is named; `segue check --online` on the service's machine tries its engines; {_LOG}",
        )
    found = understood(answer, CheckedHealth)
    down = [f"{arm}: {engine.detail}" for arm, engine in found.arms.items() if not engine.ready]
    if down:
        raise CheckFailed(
            f"{found.status}: {'; '.join(down)}",
            means="the baseline answers for an engine that is down; a rollout cannot continue like this",
            do="repair the engine (credentials, quota, model files); `segue check --online` says what it lacks",
        )
    return f"{found.status}, version {found.version}, profile {found.profile}"


def _what_is_down(answer: httpx.Response) -> str:
    """The engines and parts that are down, as the body of a 503 names them."""
    try:
        found = msgspec.json.decode(answer.content, type=CheckedHealth)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return "the body is not Segue's, so a proxy may have answered"
    engines = [f"{arm}: {engine.detail}" for arm, engine in found.arms.items() if not engine.ready]
    parts = [f"{name}: {part.detail}" for name, part in found.parts.items() if part.status == "unavailable"]
    stopping = ["it is stopping"] if found.status == "stopping" else []
    return "; ".join([*stopping, *engines, *parts]) or "the body names no cause"


def readiness(deployment: Deployment) -> str:
    answer = deployment.client.get(f"{_HEALTH}/ready")
    if not answer.is_success:
        raise CheckFailed(
            f"not ready ({answer.status_code}: {_what_is_down(answer)})",
            means="a load balancer sends this service no traffic",
            do=f"wait while it starts (--wait 60); if that does not help, {_LOG}",
        )
    return "accepts traffic"


def metrics(deployment: Deployment) -> str:
    """Reads the metrics in both formats; the earlier checks have produced the data."""
    plain, open_metrics = _read(deployment, "text/plain"), _read(deployment, ACCEPT)
    names = {series.name for series in plain.counters} & {series.name for series in open_metrics.counters}
    missing = [name for name in _MUST_BE if name not in names]
    if missing:
        raise CheckFailed(
            f"missing metrics: {', '.join(missing)}",
            means="dashboards, alerts and the monitor lack this data; or no synthesis has succeeded yet",
            do=f"if synthesis fails, correct that first; otherwise check that no proxy answers {_METRICS} instead",
        )
    return f"{len(plain.counters)} counters, as text and as OpenMetrics"


def _read(deployment: Deployment, accept: str) -> Scrape:
    answer = succeeded(deployment.client.get(_METRICS, headers={"Accept": accept}))
    kind = answer.headers.get("content-type", "")
    try:
        return scraped(answer.text, kind, time.monotonic())
    except Unavailable as error:
        raise CheckFailed(
            f"{error} ({kind})",
            means="Prometheus and the monitor cannot read this service",
            do=f"check that {_METRICS} reaches the service and is not answered by a proxy",
        ) from None
