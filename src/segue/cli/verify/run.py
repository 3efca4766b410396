"""Runs all checks in order, whether or not earlier ones failed."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import httpx

from segue.cli.verify import configuration_checks, fault_checks, service_checks, speech_checks
from segue.cli.verify.outcome import CheckFailed, CheckOutcome, CheckSkipped, CheckStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from segue.cli.verify.deployment import Deployment
    from segue.rollout.core.plan import Stage

_TRY_AGAIN_AFTER_S = 0.5
_NOBODY = "nothing answers at this address in time, or the connection was closed"
_READY = "/api/v1/monitoring/health/ready"


class Expected(NamedTuple):
    """The expected values. ``faults`` says whether the candidate may be broken for one request."""

    environ: Mapping[str, str]
    stage: Stage | None
    faults: bool


def checked(deployment: Deployment, expected: Expected) -> Iterator[CheckOutcome]:
    """Yields each check's outcome. If nothing answers, the first check fails and the others are skipped."""
    checks = iter(_checks(expected).items())
    name, check = next(checks)
    first = _outcome(name, partial(check, deployment))
    yield first
    for name, check in checks:
        if first.means == _NOBODY:
            yield CheckOutcome(name, CheckStatus.SKIPPED, _NOBODY)
        else:
            yield _outcome(name, partial(check, deployment))


def check_names(expected: Expected) -> list[str]:
    return list(_checks(expected))


def _checks(expected: Expected) -> dict[str, Callable[[Deployment], str]]:
    return {
        "health": service_checks.health,
        "readiness": service_checks.readiness,
        "configuration": configuration_checks.configuration,
        "environment": partial(configuration_checks.environment, environ=expected.environ),
        "stage": partial(configuration_checks.stage, expected=expected.stage),
        "synthesis, baseline": speech_checks.baseline,
        "synthesis, candidate": speech_checks.candidate,
        "synthesis, route": speech_checks.route,
        "cache": speech_checks.cache,
        "OpenAI's API": speech_checks.openai,
        "fallback": partial(fault_checks.fallback, allowed=expected.faults),
        "metrics": service_checks.metrics,
    }


def _outcome(name: str, check: Callable[[], str]) -> CheckOutcome:
    means = do = ""
    began_s = time.monotonic()
    try:
        status, detail = CheckStatus.PASSED, check()
    except CheckSkipped as skipped:
        status, detail = CheckStatus.SKIPPED, str(skipped)
    except CheckFailed as failed:
        status, detail, means, do = CheckStatus.FAILED, str(failed), failed.means, failed.do
    except httpx.TimeoutException:
        status, detail = CheckStatus.FAILED, "no answer in time"
        means = "listeners wait this long too, or the network drops requests"
        do = "allow more time with --timeout; check the latencies with `segue monitor`"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, detail, means = CheckStatus.FAILED, str(error) or type(error).__name__, _NOBODY
        do = "start the service, or give its address with --url, API_BASE_URL or SEGUE_URL; --wait 60 waits for it"
    return CheckOutcome(name, status, detail, means, do, time.monotonic() - began_s)


def waited(client: httpx.Client, wait_s: float) -> None:
    """Waits until the service is ready, for ``wait_s`` at most; after that the checks report what is wrong."""
    deadline_s = time.monotonic() + wait_s
    while time.monotonic() < deadline_s:
        try:
            if client.get(_READY).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(min(_TRY_AGAIN_AFTER_S, max(0.0, deadline_s - time.monotonic())))
