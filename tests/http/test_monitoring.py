"""Health and metrics, as probes and Prometheus see them."""

from __future__ import annotations

import asyncio
from threading import Event
from typing import TYPE_CHECKING, Any

from prometheus_client.openmetrics import parser
from prometheus_client.parser import text_string_to_metric_families as parse

from segue.kernel.errors import InternalFailure
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage

openmetrics: Any = parser.text_string_to_metric_families  # the library leaves it untyped

_MONITORING = "/api/v1/monitoring"


async def test_a_healthy_service_is_live_and_ready(stage: Stage) -> None:
    health = await stage.client.get(f"{_MONITORING}/health")

    assert health.status_code == 200
    assert health.json()["status"] == "ok"
    assert health.json()["arms"]["baseline"] == {"ready": True, "detail": "scripted"}
    assert (await stage.client.get(f"{_MONITORING}/health/live")).json() == {"status": "ok"}
    assert (await stage.client.get(f"{_MONITORING}/health/ready")).status_code == 200


async def test_a_candidate_that_is_down_makes_it_degraded_not_unready(stage: Stage) -> None:
    stage.bold.ready = False

    assert (await stage.client.get(f"{_MONITORING}/health")).json()["status"] == "degraded"
    assert (await stage.client.get(f"{_MONITORING}/health/ready")).status_code == 200


async def test_a_baseline_that_is_down_makes_it_unready_but_live(stage: Stage) -> None:
    stage.calm.ready = False

    assert (await stage.client.get(f"{_MONITORING}/health/ready")).status_code == 503
    assert (await stage.client.get(f"{_MONITORING}/health")).json()["status"] == "unavailable"
    assert (await stage.client.get(f"{_MONITORING}/health/live")).status_code == 200


async def test_without_traffic_rates_are_unknown(stage: Stage) -> None:
    metrics = await stage.metrics()

    assert metrics["models"] == {}
    assert metrics["cache"]["hit_rate"] is None


async def test_prometheus_reads_what_happened(stage: Stage) -> None:
    await stage.steer(share_percent=100)
    stage.bold.script.append(InternalFailure("once"))
    await stage.say()
    await stage.say()
    await stage.say()
    exposition = await stage.client.get(f"{_MONITORING}/metrics/prometheus")
    samples = {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in parse(exposition.text)
        for sample in family.samples
    }

    def value(name: str, **labels: str) -> float | None:
        return samples.get((name, tuple(sorted(labels.items()))))

    assert exposition.headers["content-type"].startswith("text/plain")
    assert value("tts_synthesis_total", voice_model="bold", character_key="pip_boy", status="error") == 1
    assert value("tts_synthesis_total", voice_model="calm", character_key="pip_boy", status="success") == 1
    assert value("tts_synthesis_total", voice_model="bold", character_key="pip_boy", status="success") == 1
    assert value("tts_chirp3_fallback_total", character_key="pip_boy", error_type="internal") == 1
    assert value("tts_cache_hits_total", voice_model="bold", source="memory") == 1
    assert value("tts_requests_total", outcome="served") == 2
    assert value("tts_requests_total", outcome="served_by_fallback") == 1
    assert value("tts_requests_by_character_total", character_key="pip_boy", voice_model="bold") == 2
    assert value("tts_audio_file_size_bytes_count", voice_model="bold", character_key="pip_boy") == 1
    assert value("tts_text_length_characters_sum", voice_model="calm", character_key="pip_boy") == 22
    assert value("segue_candidate_share_ratio") == 1.0


async def test_openmetrics_is_spoken_to_those_who_ask(stage: Stage) -> None:
    await stage.say()
    exposition = await stage.client.get(
        f"{_MONITORING}/metrics/prometheus", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
    )

    assert "openmetrics" in exposition.headers["content-type"]
    assert any(family.name == "tts_synthesis" for family in openmetrics(exposition.text))


async def test_refused_requests_are_counted_apart(stage: Stage) -> None:
    await stage.say("")
    await stage.say(character_key="nobody")
    text = (await stage.client.get(f"{_MONITORING}/metrics/prometheus")).text

    assert 'segue_rejected_total{code="invalid_request",dialect="native"} 2.0' in text
    assert "tts_requests_total{" not in text


async def test_the_address_itself_says_where_to_go(stage: Stage) -> None:
    shown = (await stage.client.get("/")).json()

    assert shown["service"].startswith("Segue ")
    for name in ("openapi", "health", "metrics", "voices"):
        assert (await stage.client.get(shown[name])).status_code == 200


async def test_parts_that_are_no_engine_have_their_health(stage: Stage) -> None:
    health = (await stage.client.get(f"{_MONITORING}/health")).json()

    assert {name: part["status"] for name, part in health["parts"].items()} == {
        "disk": "ok",
        "cache": "ok",
        "job_files": "ok",
        "synthesis": "ok",
    }


async def test_below_the_floor_of_free_room_it_is_degraded_and_keeps_nothing(tmp_path: Path) -> None:
    async with staged(tmp_path, SEGUE_MIN_FREE_BYTES=str(2**60)) as stage:
        said = await stage.say()
        health = await stage.client.get(f"{_MONITORING}/health")
        ready = await stage.client.get(f"{_MONITORING}/health/ready")
        job = await stage.client.post("/api/v1/audio/jobs", json={"text": "Long.", "character_key": "pip_boy"})
        metrics = (await stage.client.get(f"{_MONITORING}/metrics/prometheus")).text
        files = [path for path in (tmp_path / "var" / "audio").rglob("*") if path.is_file()]

    assert (said.status_code, ready.status_code, files) == (200, 200, [])
    assert (health.json()["status"], health.json()["parts"]["disk"]["status"]) == ("degraded", "degraded")
    assert (job.status_code, "retry-after" in job.headers) == (503, True)
    assert "SEGUE_MIN_FREE_BYTES" in job.json()["detail"]
    assert "segue_disk_short 1.0" in metrics


async def test_it_is_not_ready_while_nothing_gets_finished(tmp_path: Path) -> None:
    """The threads that finish audio hang, and each engine says that it is well."""
    well = Event()
    async with staged(tmp_path, SEGUE_REQUEST_TIMEOUT_S="1", SEGUE_FALLBACK_RESERVE_S="0.3") as stage:
        speech = stage.service.speech
        hanging = [asyncio.create_task(speech.threads.run(well.wait, 60)) for _ in range(8)]
        asked = [asyncio.create_task(stage.say(f"Line {number}.")) for number in range(5)]
        for _ in range(300):
            if (await stage.client.get(f"{_MONITORING}/health/ready")).status_code != 200:
                break
            await asyncio.sleep(0.1)
        stuck = (await stage.client.get(f"{_MONITORING}/health/ready")).json()
        well.set()
        await asyncio.gather(*hanging, *asked)
        again = [await stage.say(f"Again {number}.") for number in range(3)]
        ready = await stage.client.get(f"{_MONITORING}/health/ready")

    assert stuck["parts"]["synthesis"]["status"] == "unavailable"
    assert "restart the process if the engines answer" in stuck["parts"]["synthesis"]["detail"]
    assert {answer.status_code for answer in again} == {200}
    assert ready.status_code == 200
