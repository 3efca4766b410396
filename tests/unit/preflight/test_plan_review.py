"""A plan beside the traffic of a service: how it is spread, and what comes of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.config.load import load_settings
from segue.config.plan_file import read_plan
from segue.kernel.errors import ConfigurationError, InvalidRequest
from segue.preflight.plan_review import (
    KnownTraffic,
    outlasting,
    popularity,
    review_plan,
    traffic_of,
    traffic_seen,
    usual,
)
from support.paths import PLANS

PLAN = PLANS / "small-team.yaml"
CHARACTERS = ("ghoul", "raider", "codsworth")


def test_without_a_word_of_traffic_nothing_is_foreseen() -> None:
    found = review_plan(PLAN, load_settings({}).settings, None)

    assert (found.traffic, found.forecast) == (None, None)
    assert found.sentences[0].startswith("small-team: 4 stages; 28 d")


def test_a_cache_leaves_the_engines_the_rest() -> None:
    asked = KnownTraffic(1.0, cache_hits=0.9)

    assert traffic_of(asked, CHARACTERS).requests_a_day == pytest.approx(8640.0)
    assert traffic_of(asked, CHARACTERS).cache_hits == 0.9
    assert traffic_of(KnownTraffic(1.0), CHARACTERS).requests_a_day == pytest.approx(86_400.0)


def test_requests_are_spread_evenly_by_rank_or_as_counted(tmp_path: Path) -> None:
    counts = tmp_path / "counts.json"
    counts.write_text('{"raider": 30, "codsworth": 10}', "utf-8")

    assert popularity("uniform", CHARACTERS) == pytest.approx(dict.fromkeys(CHARACTERS, 1 / 3))
    assert popularity("zipf", CHARACTERS) == pytest.approx(
        {"ghoul": 6 / 11, "raider": 3 / 11, "codsworth": 2 / 11}
    )
    assert popularity(str(counts), CHARACTERS) == {"raider": 0.75, "codsworth": 0.25}


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("[1, 2]", ":1: expected the number of requests by character"),
        ("ghoul: 1\npip_boy: 2", ":2: pip_boy: unknown character"),
        ("ghoul: many", ":1: ghoul: expected a number of requests, not 'many'"),
        ("ghoul: -1", ":1: ghoul: expected a number of requests, not -1"),
        ("ghoul: true", ":1: ghoul: expected a number of requests, not True"),
        ("ghoul: 0", ":1: no character has any requests"),
    ],
)
def test_counts_that_are_none_are_told_at_their_line(tmp_path: Path, written: str, says: str) -> None:
    counts = tmp_path / "counts.yaml"
    counts.write_text(written, "utf-8")

    with pytest.raises(ConfigurationError) as caught:
        popularity(str(counts), CHARACTERS)
    assert caught.value.faults[0].startswith(f"{counts}{says}")


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        popularity("nowhere.yaml", CHARACTERS)


@pytest.mark.parametrize(
    "asked", [KnownTraffic(1.0, requests_per_listener=0.5), KnownTraffic(1.0, chars_per_request=0.0)]
)
def test_traffic_that_is_none_is_refused(asked: KnownTraffic) -> None:
    with pytest.raises(InvalidRequest):
        traffic_of(asked, CHARACTERS)


def test_what_a_service_saw_is_told_by_the_day() -> None:
    seen = traffic_seen(43_200.0, requests=1000.0, cache_hits=600.0, units={"ghoul": 50.0, "raider": 150.0})

    assert (seen.requests_a_day, seen.cache_hits, seen.requests_per_listener) == pytest.approx((800.0, 0.6, 2.0))
    assert seen.popularity == {"ghoul": 0.25, "raider": 0.75}


def test_where_look_ups_are_not_counted_units_are_requests() -> None:
    seen = traffic_seen(86_400.0, requests=0.0, cache_hits=0.0, units={"ghoul": 50.0})

    assert (seen.requests_a_day, seen.cache_hits, seen.requests_per_listener) == (50.0, None, 1.0)


def test_usual_delays_are_those_of_the_simulation() -> None:
    expected = usual()

    assert expected.mean_s == 0.9
    assert expected.over[5] == pytest.approx(0.01, rel=0.01), "the 99th percentile is 2.5 s"


def test_requests_that_may_outlast_the_plans_longest_call_are_told_with_what_to_change() -> None:
    plan = read_plan(PLANS / "chirp3.yaml")
    (fault,) = outlasting(plan, load_settings({"SEGUE_REQUEST_TIMEOUT_S": "60"}).settings)

    assert "statistics.longest_synthesis is 20 s, but a call may take 60 s here (SEGUE_REQUEST_TIMEOUT_S)" in fault
    assert "set longest_synthesis to 60s, or SEGUE_REQUEST_TIMEOUT_S to 20" in fault


def test_the_shipped_plans_can_be_started_with_the_usual_settings() -> None:
    for name in ("chirp3.yaml", "rehearsal.yaml"):
        assert outlasting(read_plan(PLANS / name), load_settings({}).settings) == ()
