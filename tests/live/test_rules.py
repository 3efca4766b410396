"""The rules in Prometheus's own hands: checked, tried on each alert, and firing on a live fault."""

from __future__ import annotations

import re
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from segue.core.gates import Gate, Metric
from segue.ops.rules.alerts import Timing
from segue.ops.rules.files import PROOF, RULES, rule_files
from support.process import serving
from support.prometheus import needed, scraping
from support.rollbacks import LIGHT, crowd_at
from support.rollouts import chirp3

DEPLOY = Path(__file__).parents[2] / "deploy" / "prometheus"
FOR_S = 5.0
WINDOW_S = 10.0
pytestmark = pytest.mark.services


def promtool(*words: str, folder: Path = DEPLOY) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [needed("promtool"), *words], cwd=folder, capture_output=True, text=True, timeout=60, check=False
    )


def test_promtool_takes_the_rules_and_the_configuration() -> None:
    for words in (("check", "rules", RULES), ("check", "config", "prometheus.yml")):
        done = promtool(*words)
        assert done.returncode == 0, done.stdout + done.stderr


def test_each_alert_fires_where_it_should_and_not_where_it_should_not() -> None:
    done = promtool("test", "rules", PROOF)

    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("rule", "changed", "alert", "found"),
    [
        ("segue:error_rate:5m > 0.1 ", "segue:error_rate:5m > 0.13 ", "ErrorRateCritical", "nil"),
        ("segue:error_rate:5m > 0.1 ", "segue:error_rate:5m > 0.07 ", "ErrorRateCritical", "{} 1E+00"),
        ("segue:p95_synthesis:5m > 10 ", "segue:p95_synthesis:5m > 21 ", "P95SynthesisCritical", "nil"),
        ("max(segue_rollout_acting) == 0", "min(segue_rollout_acting) == 0", "NobodyActs", "{} 1E+00"),
    ],
)
def test_a_rule_that_is_wrong_is_noticed(tmp_path: Path, rule: str, changed: str, alert: str, found: str) -> None:
    files = rule_files(chirp3())
    assert rule in files[RULES]
    (tmp_path / RULES).write_text(files[RULES].replace(rule, changed), encoding="utf-8")
    (tmp_path / PROOF).write_text(files[PROOF], encoding="utf-8")
    done = promtool("test", "rules", PROOF, folder=tmp_path)

    assert done.returncode != 0
    told = done.stdout + done.stderr
    assert re.search(rf'"Segue{alert}[^\n]*\n\s*exp: [^\n]*\n\s*got: {re.escape(found)}\n', told), told


def test_alerts_on_the_first_audio_of_streams_fire_where_they_should(tmp_path: Path) -> None:
    gates = (
        Gate(Metric.P50_FIRST_AUDIO, step_back=0.5),
        Gate(Metric.P95_FIRST_AUDIO, target=0.5, step_back=1.0, roll_back=2.0),
    )
    for name, text in rule_files(replace(chirp3(), gates=(*chirp3().gates, *gates))).items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    done = promtool("test", "rules", PROOF, folder=tmp_path)

    assert done.returncode == 0, done.stdout + done.stderr
    proof = (tmp_path / PROOF).read_text(encoding="utf-8")
    assert all(f"Segue{name} fires" in proof for name in FIRST_AUDIO_ALERTS)


FIRST_AUDIO_ALERTS = ("P50FirstAudioCritical", "P95FirstAudioOffTarget", "P95FirstAudioCritical")


def alert_state(prometheus: str, name: str) -> str:
    found: list[dict[str, Any]] = httpx.get(f"{prometheus}/api/v1/alerts", timeout=10).json()["data"]["alerts"]
    states = {alert["state"] for alert in found if alert["labels"]["alertname"] == name}
    return "firing" if "firing" in states else "pending" if states else "quiet"


def seconds_until(prometheus: str, name: str, state: str, timeout_s: float) -> float:
    began_s = time.monotonic()
    while alert_state(prometheus, name) != state:
        assert time.monotonic() - began_s < timeout_s, f"{name} is {alert_state(prometheus, name)}, not {state}"
        time.sleep(0.2)
    return time.monotonic() - began_s


RATES = ("SuccessRate", "ErrorRate", "FallbackRate")
FAILING = (
    *(f"Segue{rate}{level}" for rate in RATES for level in ("OffTarget", "Critical")),
    "SegueUnservedRateCritical",
    "SegueBothArmsDown",
)
SLOW = (
    "SegueMeanSynthesisOffTarget",
    "SegueMeanSynthesisCritical",
    "SegueP50SynthesisOffTarget",
    "SegueP95SynthesisOffTarget",
    "SegueP95SynthesisCritical",
    "SegueP99SynthesisOffTarget",
)


@pytest.mark.timeout(240)
@pytest.mark.parametrize(
    ("fault", "alerts"),
    [({"kind": "internal"}, FAILING), ({"kind": "delay", "delay_s": 12.0}, SLOW)],
    ids=["failing", "slow"],
)
def test_an_injected_fault_makes_its_alerts_fire_within_their_time(
    tmp_path: Path, fault: dict[str, Any], alerts: tuple[str, ...]
) -> None:
    profile = tmp_path / "light.yaml"
    profile.write_text(LIGHT, encoding="utf-8")
    files = rule_files(chirp3(), Timing(f"{WINDOW_S:g}s", f"{FOR_S:g}s", f"{FOR_S:g}s"))
    rules = re.sub(r">= 20$", ">= 5", files[RULES], flags=re.MULTILINE)
    settings = {"SEGUE_PROFILE": str(profile), "SEGUE_BREAKER_FAILURES": "0", "SEGUE_CACHE_DISK_BYTES": "0"}
    settings |= {"SEGUE_CACHE_MEMORY_BYTES": "0", "CHIRP3_ROLLOUT_PERCENTAGE": "50"}
    with serving(tmp_path, **settings) as server:
        target = server.url.removeprefix("http://")
        with scraping(tmp_path / "prometheus", target, rules=rules) as prometheus:
            with crowd_at(server.url, 20, listeners=24):
                time.sleep(WINDOW_S + FOR_S)
                assert {alert: alert_state(prometheus, alert) for alert in alerts} == dict.fromkeys(
                    alerts, "quiet"
                )

                server.breaks("espeak", fault)
                began_s = time.monotonic()
                slowest_s = fault.get("delay_s", 0.0) + WINDOW_S + FOR_S + 10
                for alert in alerts:
                    seconds_until(prometheus, alert, "firing", slowest_s - (time.monotonic() - began_s))
                server.breaks("espeak")
            server.kill()
            seconds_until(prometheus, "SegueScrapeGone", "firing", FOR_S + 10)
