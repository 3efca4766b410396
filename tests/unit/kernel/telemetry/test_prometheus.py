"""The exporter: exactly the catalogue, counted as the specification says."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.exposition import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from segue import __version__
from segue.kernel.arms import Arm
from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import BreakerPhase, BulkheadName, Failed, Fate, Hit, Outcome, UnitOutcome
from segue.kernel.ports.usage import UsageOf, Used
from segue.kernel.telemetry.catalog import METRICS, MetricKind
from segue.kernel.telemetry.prometheus import PrometheusRecorder, exposed
from segue.rollout.evidence.standing import RolloutExporter
from support.standing import STANDING
from support.traffic import CHIRP_BULKHEAD, a_request, a_served, an_attempt, everything_happens

if TYPE_CHECKING:
    from prometheus_client import Metric

ARM = {"voice_model": "chirp3-hd", "character_key": "ghoul"}


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def recorder(registry: CollectorRegistry) -> PrometheusRecorder:
    return PrometheusRecorder(registry)


def families(registry: CollectorRegistry) -> dict[str, Metric]:
    """What a scraper would read."""
    return {family.name: family for family in text_string_to_metric_families(generate_latest(registry).decode())}


def test_it_exposes_exactly_the_catalogue(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    everything_happens(recorder)
    recorder.routing_changed(0.25, 3)
    recorder.arms_are({Arm.BASELINE: "wavenet", Arm.CANDIDATE: "chirp3-hd"})
    RolloutExporter(recorder).acting(STANDING)
    recorder.used(UsageOf("game", "candidate", "Kore", "ghoul"), Used(1, 10, 10, cost_usd=0.1))
    found = {name: family for name, family in families(registry).items() if not name.endswith("_created")}

    assert set(found) == {metric.name.removesuffix("_total") for metric in METRICS}
    for metric in METRICS:
        family = found[metric.name.removesuffix("_total")]
        assert family.type == metric.kind
        assert family.documentation == metric.help
        assert family.samples, metric.name
        assert all(set(sample.labels) - {"le"} == set(metric.labels) for sample in family.samples)


def test_every_edge_of_the_catalogue_is_exposed(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    everything_happens(recorder)
    found = families(registry)

    for metric in METRICS:
        if metric.kind is MetricKind.HISTOGRAM:
            edges = {float(sample.labels["le"]) for sample in found[metric.name].samples if "le" in sample.labels}
            assert edges == {*metric.buckets, float("inf")}


def test_a_rescued_request_is_one_candidate_error_one_fallback_and_one_baseline_success(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    recorder.attempted(an_attempt(ErrorCode.UNAVAILABLE))
    recorder.fell_back(a_request(), "ghoul", ErrorCode.UNAVAILABLE)
    recorder.attempted(an_attempt(arm=Arm.BASELINE))
    recorder.served(a_served(Outcome.SERVED_BY_FALLBACK))
    value = registry.get_sample_value

    assert value("tts_synthesis_total", ARM | {"status": "error"}) == 1
    assert value("tts_synthesis_total", ARM | {"status": "success"}) is None
    assert value("tts_synthesis_total", ARM | {"voice_model": "wavenet", "status": "success"}) == 1
    assert value("tts_chirp3_fallback_total", {"character_key": "ghoul", "error_type": "unavailable"}) == 1
    assert value("tts_requests_total", {"outcome": "served_by_fallback"}) == 1
    assert value("segue_synthesis_errors_total", ARM | {"error_type": "unavailable"}) == 1


@pytest.mark.parametrize("outcome", Outcome)
def test_what_the_listener_got_is_counted_by_outcome(
    recorder: PrometheusRecorder, registry: CollectorRegistry, outcome: Outcome
) -> None:
    recorder.served(a_served(outcome))

    assert registry.get_sample_value("tts_requests_total", {"outcome": outcome.value}) == 1


def test_a_request_is_counted_by_the_model_that_was_heard(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    recorder.served(a_served(Outcome.SERVED_BY_FALLBACK))
    recorder.served(a_served(Outcome.FAILED))
    value = registry.get_sample_value

    heard = {"character_key": "ghoul", "voice_model": "wavenet"}
    assert value("tts_requests_by_character_total", heard) == 1
    assert value("tts_requests_by_character_total", heard | {"voice_model": "chirp3-hd"}) is None


@pytest.mark.parametrize(
    ("error", "timed"),
    [(None, True), (ErrorCode.DEADLINE, True), (ErrorCode.UNAVAILABLE, False), (ErrorCode.BAD_AUDIO, False)],
)
def test_failures_that_come_fast_do_not_make_an_arm_look_fast(
    recorder: PrometheusRecorder, registry: CollectorRegistry, error: ErrorCode | None, *, timed: bool
) -> None:
    recorder.attempted(an_attempt(error, duration_s=0.01))

    assert registry.get_sample_value("tts_synthesis_duration_seconds_count", ARM) == (1 if timed else None)


def test_hits_are_counted_by_source_and_misses_apart(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    for source in ("memory", "memory", "file", None):
        recorder.looked_up("chirp3-hd", source)
    value = registry.get_sample_value

    assert value("tts_cache_hits_total", {"voice_model": "chirp3-hd", "source": "memory"}) == 2
    assert value("tts_cache_hits_total", {"voice_model": "chirp3-hd", "source": "file"}) == 1
    assert value("tts_cache_misses_total", {"voice_model": "chirp3-hd"}) == 1


def test_hits_of_all_engines_are_counted_as_the_arms(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    served = a_served(source="memory")
    kept = (served.request, served.character_key, served.assignment, served.arm, served.model, served.source)
    for engine in ("google", "kokoro", "google"):
        recorder.recalled(Hit(*kept, None, ("pitch",), engine))
    recorder.flush()

    assert registry.get_sample_value("tts_cache_hits_total", {"voice_model": "chirp3-hd", "source": "memory"}) == 3
    assert registry.get_sample_value("tts_requests_total", {"outcome": "served"}) == 3


@pytest.mark.parametrize(
    ("phase", "shown"), [(BreakerPhase.CLOSED, 0), (BreakerPhase.OPEN, 1), (BreakerPhase.PROBING, 1)]
)
def test_a_breaker_counts_as_open_until_a_probe_has_succeeded(
    recorder: PrometheusRecorder, registry: CollectorRegistry, phase: BreakerPhase, shown: int
) -> None:
    recorder.breaker_changed(CHIRP_BULKHEAD, phase, 5)

    assert registry.get_sample_value("segue_breaker_open", CHIRP_BULKHEAD._asdict()) == shown


def test_the_version_is_exposed(recorder: PrometheusRecorder, registry: CollectorRegistry) -> None:
    assert registry.get_sample_value("segue_build_info", {"version": __version__}) == 1


def test_two_services_in_one_process_do_not_share_their_numbers() -> None:
    one, other = CollectorRegistry(), CollectorRegistry()
    PrometheusRecorder(one).served(a_served())
    PrometheusRecorder(other)

    assert other.get_sample_value("tts_requests_total", {"outcome": "served"}) is None


def test_a_single_process_is_read_from_its_own_registry(
    recorder: PrometheusRecorder, registry: CollectorRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PROMETHEUS_MULTIPROC_DIR", raising=False)

    assert exposed(registry, recorder) is registry


def test_units_are_there_at_zero_before_the_first_so_that_it_is_seen_as_a_change(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    recorder.awaits_units_of(["ghoul"])
    before = {labels["fate"]: registry.get_sample_value("segue_units_total", labels) for labels in unit_labels()}
    recorder.counted(UnitOutcome(Arm.CANDIDATE, "ghoul", (Fate.ASKED, Fate.ERROR), None))
    after = {labels["fate"]: registry.get_sample_value("segue_units_total", labels) for labels in unit_labels()}

    assert set(before.values()) == {0.0}
    assert {fate for fate, count in after.items() if count == 1.0} == {"asked", "error"}
    empty = registry.get_sample_value(
        "segue_unit_duration_seconds_count", {"arm": "candidate", "character_key": "ghoul"}
    )
    assert empty == 0.0
    no_stream = registry.get_sample_value(
        "segue_unit_first_audio_seconds_count", {"arm": "candidate", "character_key": "ghoul"}
    )
    assert no_stream == 0.0


@pytest.mark.parametrize(
    ("error", "first_audio_s", "count"),
    [(None, 0.2, 1.0), (ErrorCode.DEADLINE, 0.2, 1.0), (ErrorCode.BAD_AUDIO, 0.2, None), (None, None, None)],
)
def test_streams_that_succeed_or_run_out_of_time_have_a_time_to_their_first_audio(
    recorder: PrometheusRecorder,
    registry: CollectorRegistry,
    error: ErrorCode | None,
    first_audio_s: float | None,
    count: float | None,
) -> None:
    recorder.attempted(an_attempt(error, first_audio_s=first_audio_s))

    assert registry.get_sample_value("tts_first_audio_seconds_count", ARM) == count
    assert registry.get_sample_value("tts_first_audio_seconds_bucket", ARM | {"le": "0.2"}) == count


def unit_labels() -> list[dict[str, str]]:
    return [{"arm": "candidate", "character_key": "ghoul", "fate": fate} for fate in Fate]


def test_a_voice_that_failed_is_counted_by_its_engine_and_by_what_stood_in_for_it(
    recorder: PrometheusRecorder, registry: CollectorRegistry
) -> None:
    failed, spare = BulkheadName("gone", "voices"), BulkheadName("spare", "voices")
    recorder.attempted(an_attempt(ErrorCode.UNAVAILABLE)._replace(bulkhead=failed))
    recorder.backed_up(Failed(a_request(), Arm.CANDIDATE, "chirp3-hd", "ghoul", failed, "unavailable"))
    recorder.attempted(an_attempt()._replace(bulkhead=spare))
    recorder.flush()

    def count(name: str, **labels: str) -> float | None:
        return registry.get_sample_value(name, {"voice_model": "chirp3-hd"} | labels)

    by_engine = {"family": "voices"}
    assert count("segue_engine_synthesis_total", **by_engine, engine="gone", status="error") == 1
    assert count("segue_engine_synthesis_total", **by_engine, engine="spare", status="success") == 1
    asked = {"character_key": "ghoul", "engine": "gone", "error_type": "unavailable"}
    assert count("segue_backups_total", **asked) == 1
    assert count("tts_synthesis_total", character_key="ghoul", status="success") == 1
