"""Which live fault makes which alert fire, and alerts as a Prometheus of the test has them."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import httpx

from segue.ops.rules.alerts import Timing
from segue.ops.rules.files import RULES, rule_files
from support.prometheus import scraping
from support.rollouts import chirp3

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from support.process import Server

_RATES = ("SuccessRate", "ErrorRate", "FallbackRate")
_SLACK_S = 5.0
"""For what lies between a cause and a rule's answer: a look of the judge's, a scrape, two evaluations."""
_BUSY_S = 20.0
"""For the same while other tests take the machine, which shares its processors with this Prometheus."""


class Cause(Enum):
    """What is done to a running service; its value is what fires because of it."""

    BOTH_ENGINES_FAIL = (
        *(f"Segue{rate}{level}" for rate in _RATES for level in ("OffTarget", "Critical")),
        "SegueUnservedRateCritical",
        "SegueBothArmsDown",
    )
    BOTH_ENGINES_ARE_SLOW = (
        "SegueMeanSynthesisOffTarget",
        "SegueMeanSynthesisCritical",
        "SegueP50SynthesisOffTarget",
        "SegueP95SynthesisOffTarget",
        "SegueP95SynthesisCritical",
        "SegueP99SynthesisOffTarget",
    )
    SERVICE_IS_KILLED = ("SegueScrapeGone",)
    MORE_IS_ASKED_THAN_CAN_BE_MADE = ("SegueOverloaded",)
    DISK_IS_FULL = ("SegueDiskShort",)
    DISK_HANGS = ("SegueDiskHangs",)
    TEXTS_ARE_NEW = ("SegueCacheHitRateOffTarget",)
    SOURCE_OF_METRICS_DIES = ("SegueMetricsUnreadable",)
    NO_TRAFFIC = ("SegueRolloutHoldOver", "SegueRolloutStuck")
    STAGE_ENDS_WELL = ("SegueApprovalWanted",)
    CANDIDATE_FAILS = ("SegueRolloutWentBack", "SegueBreakerOpen")
    STORE_IS_LOCKED = ("SegueNobodyActs",)


@dataclass(frozen=True, slots=True)
class Quick:
    """The shipped rules with a window and a ``for`` of seconds, and content with few cases."""

    window_s: float = 10.0
    for_s: float = 5.0

    def rules(self) -> str:
        lasts = f"{self.for_s:g}s"
        shipped = rule_files(chirp3(), Timing(f"{self.window_s:g}s", lasts, lasts))[RULES]
        return re.sub(r">= 20$", ">= 5", shipped, flags=re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Watch:
    """A Prometheus at ``url`` that goes by such rules."""

    url: str
    quick: Quick

    def quiet(self, alerts: Iterable[str]) -> None:
        """None of them is pending, and none fires; a machine that was busy for a moment is forgiven."""
        for alert in alerts:
            self.until(alert, "quiet", timeout_s=_SLACK_S)

    def fires(self, alerts: Iterable[str], cause_s: float) -> None:
        """All of them, within their ``for`` of their cause, which takes ``cause_s`` to be one."""
        deadline_s = time.monotonic() + cause_s + self.quick.for_s + _BUSY_S
        for alert in alerts:
            self.until(alert, "firing", deadline_s - time.monotonic())

    def until(self, alert: str, state: str, timeout_s: float = 20.0) -> None:
        began_s = time.monotonic()
        while (found := self.state(alert)) != state:
            assert time.monotonic() - began_s < timeout_s, f"{alert} is {found}, not {state}"
            time.sleep(0.2)

    def until_true(self, query: str, timeout_s: float = 20.0) -> None:
        """Prometheus has something to say to it."""
        began_s = time.monotonic()
        while not self.asked(query):
            assert time.monotonic() - began_s < timeout_s, f"never true: {query}"
            time.sleep(0.2)

    def state(self, alert: str) -> str:
        """``firing``, ``pending`` or ``quiet``."""
        found = httpx.get(f"{self.url}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
        states = {one["state"] for one in found if one["labels"]["alertname"] == alert}
        return "firing" if "firing" in states else "pending" if states else "quiet"

    def asked(self, query: str) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=10)
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]["result"]
        return found


@contextmanager
def watching(folder: Path, server: Server, quick: Quick) -> Iterator[Watch]:
    """A Prometheus that scrapes the service and has seen it."""
    target = server.url.removeprefix("http://")
    with scraping(folder / "prometheus", target, rules=quick.rules()) as prometheus:
        watch = Watch(prometheus, quick)
        watch.until_true("segue_rollout_acting == 1")
        yield watch
