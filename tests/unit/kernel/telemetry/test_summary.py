"""The metrics as JSON: rates only where something happened."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from segue.kernel.arms import Arm
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import Outcome
from segue.kernel.telemetry.prometheus import PrometheusRecorder
from segue.kernel.telemetry.summary import summarize
from support.traffic import a_served, an_attempt, everything_happens


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def recorder(registry: CollectorRegistry) -> PrometheusRecorder:
    return PrometheusRecorder(registry)


def summary(registry: CollectorRegistry) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(summarize(registry)))
    return found


def test_with_no_data_no_rate_is_claimed(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    assert recorder is not None
    assert summary(registry) == {
        "requests": {},
        "models": {},
        "characters": {},
        "model_distribution": {},
        "fallbacks": {},
        "diversions": {},
        "cache": {"hits": {}, "misses": 0, "hit_rate": None},
        "candidate_share_percent": 0,
        "rollout_revision": 0,
    }


def test_an_arm_that_only_failed_has_no_mean(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    recorder.attempted(an_attempt(ErrorCode.UNAVAILABLE))

    assert summary(registry)["models"]["chirp3-hd"] == {
        "attempts": 1,
        "errors": 1,
        "success_rate": 0.0,
        "error_rate": 1.0,
        "mean_synthesis_s": None,
        "errors_by_type": {"unavailable": 1},
    }


def test_rates_and_means_are_of_each_arm_apart(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    for error in (None, None, None, ErrorCode.DEADLINE):
        recorder.attempted(an_attempt(error, duration_s=2.0))
    recorder.attempted(an_attempt(arm=Arm.BASELINE, duration_s=0.5))
    models = summary(registry)["models"]

    assert models["chirp3-hd"]["success_rate"] == 0.75
    assert models["chirp3-hd"]["mean_synthesis_s"] == 2.0
    assert models["wavenet"]["success_rate"] == 1.0
    assert models["wavenet"]["mean_synthesis_s"] == 0.5
    assert models["wavenet"]["errors_by_type"] == {"deadline": 0}


def test_a_character_is_summed_over_both_arms(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    recorder.attempted(an_attempt(ErrorCode.INTERNAL))
    recorder.attempted(an_attempt(arm=Arm.BASELINE))

    assert summary(registry)["characters"]["ghoul"]["attempts"] == 2
    assert summary(registry)["characters"]["ghoul"]["error_rate"] == 0.5


def test_the_distribution_is_of_what_was_heard(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    for outcome in (Outcome.SERVED, Outcome.SERVED, Outcome.SERVED, Outcome.SERVED_BY_FALLBACK):
        recorder.served(a_served(outcome))

    assert summary(registry)["model_distribution"] == {"chirp3-hd": 0.75, "wavenet": 0.25}


def test_everything_is_in_it_somewhere(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    everything_happens(recorder)
    recorder.routing_changed(0.25, 3)
    found = summary(registry)

    assert found["requests"] == {"failed": 1, "served": 2, "served_by_fallback": 1}
    assert found["fallbacks"] == {"deadline": 1}
    assert found["diversions"] == {"fallback": 1}
    assert found["cache"] == {"hits": {"memory": 1}, "misses": 2, "hit_rate": pytest.approx(1 / 3)}
    assert found["candidate_share_percent"] == 25.0
    assert found["rollout_revision"] == 3
