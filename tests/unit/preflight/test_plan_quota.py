"""What a plan would ask of Google's families, against what Google allows a new project."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from segue.config.catalogue_file import read_catalogue
from segue.config.load import load_settings
from segue.config.plan_file import read_plan
from segue.preflight.plan_quota import beyond_quota
from segue.preflight.plan_review import KnownTraffic, traffic_of
from support.paths import PLANS


def beyond(profile: str, requests_per_s: float, *, popularity: str = "uniform", plan: str = "chirp3") -> list[str]:
    pytest.importorskip("google.cloud.texttospeech", reason="needs Google's client: pip install 'segue[google]'")
    settings = load_settings({"SEGUE_PROFILE": profile}).settings
    characters = tuple(read_catalogue(profile)[0].characters)
    traffic = traffic_of(KnownTraffic(requests_per_s, popularity=popularity), characters)
    return asyncio.run(beyond_quota(read_plan(PLANS / f"{plan}.yaml"), settings, traffic))


def test_traffic_within_both_quotas_is_no_matter() -> None:
    assert beyond("google", 3.0) == []


def test_each_step_that_asks_the_candidate_for_too_much_is_named_with_its_quota() -> None:
    found = beyond("google", 10.0)

    assert [line.partition(":")[0] for line in found] == [
        "stage 4, all-characters-50",
        "stage 5, all-characters-100",
        "stage 6, production, step 2",
        "stage 6, production, step 3",
    ]
    assert "300 requests a minute for google/chirp3-hd, but its quota is 200 (as of 2026-03-09)" in found[0]


def test_the_baseline_has_a_quota_too() -> None:
    assert (
        "stage 0, staging: 1,200 requests a minute for google/wavenet, but its quota is 1,000"
        in beyond("google", 20.0)[0]
    )


def test_a_yardstick_asks_the_baseline_and_not_the_candidate() -> None:
    assert "297 requests a minute for google/chirp3-hd" in beyond("google", 5.0)[0]


def test_shadow_requests_are_the_candidates_too(tmp_path: Path) -> None:
    written = (
        (PLANS / "careful.yaml").read_text("utf-8").replace("characters_a_day: 150000", "characters_a_day: 1e9")
    )
    (tmp_path / "shadowed.yaml").write_text(written, "utf-8")

    found = beyond("google", 20.0, plan=str(tmp_path / "shadowed"))

    assert found[0] == (
        "stage 0, shadow: 240 requests a minute for google/chirp3-hd, but its quota is 200 (as of 2026-03-09)"
    )


def test_whom_the_requests_are_of_decides_when_a_stage_asks_for_too_much(tmp_path: Path) -> None:
    (tmp_path / "counts.yaml").write_text("pip_boy: 9\nghoul: 1\n", "utf-8")

    found = beyond("google", 10.0, popularity=str(tmp_path / "counts.yaml"))

    assert found[0].startswith("stage 2, one-character-50: ")


def test_engines_on_the_machine_have_none() -> None:
    assert beyond("embedded", 1000.0) == []
