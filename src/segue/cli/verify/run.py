"""All checks, in order; each has its turn whatever became of the others."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import httpx

from segue.cli.verify import configuration_checks, fault_checks, service_checks, speech_checks
from segue.cli.verify.outcome import CheckFailed, CheckSkipped, Outcome, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from segue.cli.verify.deployment import Deployment
    from segue.core.plan import Stage

_TRY_AGAIN_AFTER_S = 0.5
_NOBODY = "nothing answers at this address, or it hung up"
_READY = "/api/v1/monitoring/health/ready"


class Expected(NamedTuple):
    """What the checks compare with. ``faults`` says whether the candidate may be broken for one request."""

    environ: Mapping[str, str]
    stage: Stage | None
    faults: bool


def checked(deployment: Deployment, expected: Expected) -> Iterator[Outcome]:
    """Each check's outcome, as it comes. Where nothing answers the first says so, and the others are skipped."""
    checks = iter(_checks(expected).items())
    name, check = next(checks)
    first = _outcome(name, partial(check, deployment))
    yield first
    for name, check in checks:
        if first.means == _NOBODY:
            yield Outcome(name, Status.SKIPPED, _NOBODY)
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


def _outcome(name: str, check: Callable[[], str]) -> Outcome:
    means = do = ""
    began_s = time.monotonic()
    try:
        status, detail = Status.PASSED, check()
    except CheckSkipped as skipped:
        status, detail = Status.SKIPPED, str(skipped)
    except CheckFailed as failed:
        status, detail, means, do = Status.FAILED, str(failed), failed.means, failed.do
    except httpx.TimeoutException:
        status, detail = Status.FAILED, "no answer in time"
        means = "listeners wait as long, or the network swallows requests"
        do = "give more time with --timeout; look at the latencies with `segue monitor`"
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        status, detail, means = Status.FAILED, str(error) or type(error).__name__, _NOBODY
        do = "start the service, or name it with --url, API_BASE_URL or SEGUE_URL; --wait 60 waits for a start"
    return Outcome(name, status, detail, means, do, time.monotonic() - began_s)


def waited(client: httpx.Client, wait_s: float) -> None:
    """Returns when the service is ready, or after ``wait_s``: what is wrong then the checks will say."""
    deadline_s = time.monotonic() + wait_s
    while time.monotonic() < deadline_s:
        try:
            if client.get(_READY).is_success:
                return
        except httpx.HTTPError:
            pass
        time.sleep(min(_TRY_AGAIN_AFTER_S, max(0.0, deadline_s - time.monotonic())))
