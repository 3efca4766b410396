"""The list of metrics: the contract's names and labels, and edges where the gates stand."""

from __future__ import annotations

import pytest

from segue.kernel.telemetry.catalog import METRICS, Metric, MetricKind

BY_NAME = {metric.name: metric for metric in METRICS}

CONTRACT = {
    "tts_synthesis_total": ("voice_model", "character_key", "status"),
    "tts_synthesis_duration_seconds": ("voice_model", "character_key"),
    "tts_cache_hits_total": ("voice_model", "source"),
    "tts_audio_file_size_bytes": ("voice_model", "character_key"),
    "tts_chirp3_fallback_total": ("character_key", "error_type"),
    "tts_requests_by_character_total": ("character_key", "voice_model"),
    "tts_text_length_characters": ("voice_model", "character_key"),
    "tts_requests_total": ("outcome",),
}


@pytest.mark.parametrize("name", CONTRACT)
def test_what_dashboards_read_already_keeps_its_name_and_labels(name: str) -> None:
    assert BY_NAME[name].labels == CONTRACT[name]


@pytest.mark.parametrize("name", ["tts_synthesis_duration_seconds", "tts_request_duration_seconds"])
def test_every_threshold_of_a_gate_is_an_edge(name: str) -> None:
    assert {1.5, 2.0, 2.5, 4.0, 5.0, 10.0} <= set(BY_NAME[name].buckets)


def test_no_metric_is_listed_twice() -> None:
    assert len(BY_NAME) == len(METRICS)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_names_follow_the_custom_and_help_is_a_sentence(metric: Metric) -> None:
    assert metric.name.startswith(("tts_", "segue_"))
    assert metric.name.endswith("_total") == (metric.kind is MetricKind.COUNTER)
    assert metric.help.endswith(".")


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_edges_rise(metric: Metric) -> None:
    assert list(metric.buckets) == sorted(set(metric.buckets))


def test_only_histograms_have_edges() -> None:
    assert {metric.name for metric in METRICS if metric.buckets} == {
        metric.name for metric in METRICS if metric.kind is MetricKind.HISTOGRAM
    }


def test_no_label_could_hold_a_listener_or_a_text() -> None:
    labels = {label for metric in METRICS for label in metric.labels}

    assert not labels & {"user_id", "session_id", "request_id", "text", "identity", "le", "quantile"}
