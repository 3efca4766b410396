"""Worlds as people write them."""

from __future__ import annotations

import json
import math

import pytest

from segue.core.errors import InvalidRequest
from segue.simulation.world import (
    DAY_S,
    Fault,
    FaultKind,
    World,
    behaviour,
    check_faults,
    parse_drift,
    parse_fault,
    parse_traffic,
)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("error:0.1@stage2", Fault(FaultKind.ERROR, 0.1, stage=2)),
        (" silence:1@day6 ", Fault(FaultKind.SILENCE, 1.0, at_s=6 * DAY_S)),
        ("hang:0.05@36h", Fault(FaultKind.HANG, 0.05, at_s=36 * 3600.0)),
        ("slow:10@day1.5", Fault(FaultKind.SLOW, 10.0, at_s=1.5 * DAY_S)),
        ("outage:1@stage4+10m", Fault(FaultKind.OUTAGE, 1.0, stage=4, for_s=600.0)),
        ("outage:1@0h+1.5h", Fault(FaultKind.OUTAGE, 1.0, for_s=5400.0)),
        (
            "error:0.5@stage3+2d/pip_boy",
            Fault(FaultKind.ERROR, 0.5, stage=3, for_s=2 * DAY_S, character="pip_boy"),
        ),
        ("error:0.5@stage3/pip-boy", Fault(FaultKind.ERROR, 0.5, stage=3, character="pip-boy")),
    ],
)
def test_a_fault_says_what_how_much_when_how_long_and_whom(written: str, fault: Fault) -> None:
    assert parse_fault(written) == fault


@pytest.mark.parametrize(
    "written",
    [
        "",
        "error",
        "error:0.1",
        "error:0.1@",
        "error:0.1@stage",
        "error:-0.1@stage1",
        "error:0.1@stage1+10",
        "error:0.1@10m",
        "gremlins:0.1@stage1",
        "error:0.1@stage1/",
        "error:x@stage1",
        "error:0.1@stage1 stage2",
    ],
)
def test_what_is_no_fault_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"error:0\.1@stage2"):
        parse_fault(written)


@pytest.mark.parametrize("written", ["error:0@stage1", "error:1.5@stage1", "silence:2@day1", "outage:10@1h"])
def test_a_rate_lies_between_0_and_1(written: str) -> None:
    with pytest.raises(InvalidRequest, match="at most 1"):
        parse_fault(written)


def test_slow_to_no_time_at_all_is_no_fault() -> None:
    with pytest.raises(InvalidRequest, match="mean"):
        parse_fault("slow:0@stage1")


@pytest.mark.parametrize(
    ("written", "per_s"), [("5/s", 5.0), ("300/m", 5.0), ("0.5/s", 0.5), ("7200 / h", 2.0), ("86400/d", 1.0)]
)
def test_traffic_is_requests_by_time(written: str, per_s: float) -> None:
    assert parse_traffic(written) == pytest.approx(per_s)


@pytest.mark.parametrize("written", ["", "5", "5/", "0/s", "-1/s", "5/y", "s/5"])
def test_what_is_no_traffic_is_refused(written: str) -> None:
    with pytest.raises(InvalidRequest, match="no traffic"):
        parse_traffic(written)


@pytest.mark.parametrize(
    ("written", "per_day"), [("5%/day", 0.05), ("0.05/day", 0.05), ("-2%/day", -0.02), ("+10%", 0.1), ("0", 0.0)]
)
def test_drift_is_growth_by_the_day(written: str, per_day: float) -> None:
    assert parse_drift(written) == pytest.approx(per_day)


def test_what_is_no_drift_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="no drift"):
        parse_drift("fast")


@pytest.mark.parametrize("mean_s", [0.0, -1.0, math.inf, math.nan])
def test_an_arm_takes_some_time(mean_s: float) -> None:
    with pytest.raises(InvalidRequest, match="is none"):
        behaviour(0.0, mean_s)


def test_a_fault_must_be_at_a_stage_and_of_a_character_that_exist() -> None:
    with pytest.raises(InvalidRequest, match="no stage 7; its stages are 0 to 6"):
        check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage7"),)), 7)
    with pytest.raises(InvalidRequest, match="nobody is called 'pip_boy'; known: ghoul"):
        check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage1/pip_boy"),)), 7)
    check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage6/ghoul"),)), 7)


def test_a_world_can_be_written_down_whole() -> None:
    world = World(("ghoul",), faults=(parse_fault("error:0.1@stage1"), parse_fault("outage:1@2h+10m")))

    written = json.loads(json.dumps(world.as_json(), allow_nan=False))

    assert [fault["for_s"] for fault in written["faults"]] == [None, 600.0]
    assert written["requests_per_s"] == 20.0
