"""What a plan would ask of Google's families, against what Google allows a new project."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from segue.config.load import load_settings
from segue.config.plan_file import read_plan
from segue.wiring.plan_quota import beyond_quota

CHIRP3 = read_plan(Path(__file__).parents[3] / "plans" / "chirp3.yaml")


def beyond(profile: str, requests_per_s: float) -> list[str]:
    pytest.importorskip("google.cloud.texttospeech", reason="needs Google's client: pip install 'segue[google]'")
    settings = load_settings({"SEGUE_PROFILE": profile}).settings
    return asyncio.run(beyond_quota(CHIRP3, settings, requests_per_s))


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
    assert "300 requests a minute for google/chirp3-hd; its quota is 200 (as of 2026-03-09)" in found[0]


def test_the_baseline_has_a_quota_too() -> None:
    assert (
        "stage 0, staging: 1,200 requests a minute for google/wavenet; its quota is 1,000"
        in beyond("google", 20.0)[0]
    )


def test_engines_on_the_machine_have_none() -> None:
    assert beyond("embedded", 1000.0) == []
