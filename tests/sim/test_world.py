"""Worlds as people write them."""

from __future__ import annotations

import json
import math

import pytest

from segue.kernel.errors import InvalidRequest
from segue.rollout.simulation.world import (
    DAY_S,
    SimulatedFault,
    SimulatedFaultKind,
    World,
    behaviour,
    check_faults,
    parse_drift,
    parse_fault,
    parse_span,
    parse_traffic,
    zipf,
)


@pytest.mark.parametrize(
    ("written", "fault"),
    [
        ("error:0.1@stage2", SimulatedFault(SimulatedFaultKind.ERROR, 0.1, stage=2)),
        (" silence:1@day6 ", SimulatedFault(SimulatedFaultKind.SILENCE, 1.0, at_s=6 * DAY_S)),
        ("hang:0.05@36h", SimulatedFault(SimulatedFaultKind.HANG, 0.05, at_s=36 * 3600.0)),
        ("slow:10@day1.5", SimulatedFault(SimulatedFaultKind.SLOW, 10.0, at_s=1.5 * DAY_S)),
        ("outage:1@stage4+10m", SimulatedFault(SimulatedFaultKind.OUTAGE, 1.0, stage=4, for_s=600.0)),
        ("outage:1@0h+1.5h", SimulatedFault(SimulatedFaultKind.OUTAGE, 1.0, for_s=5400.0)),
        (
            "error:0.5@stage3+2d/pip_boy",
            SimulatedFault(SimulatedFaultKind.ERROR, 0.5, stage=3, for_s=2 * DAY_S, character="pip_boy"),
        ),
        ("drag:4@day6+1h", SimulatedFault(SimulatedFaultKind.DRAG, 4.0, at_s=6 * DAY_S, for_s=3600.0)),
        ("lost:1@day2+23h", SimulatedFault(SimulatedFaultKind.LOST, 1.0, at_s=2 * DAY_S, for_s=23 * 3600.0)),
        ("down:1@day2+5h", SimulatedFault(SimulatedFaultKind.DOWN, 1.0, at_s=2 * DAY_S, for_s=5 * 3600.0)),
        ("late:2@0.5h+30s", SimulatedFault(SimulatedFaultKind.LATE, 2.0, at_s=1800.0, for_s=30.0)),
        ("error:0.5@stage3/pip-boy", SimulatedFault(SimulatedFaultKind.ERROR, 0.5, stage=3, character="pip-boy")),
    ],
)
def test_a_fault_says_what_how_much_when_how_long_and_whom(written: str, fault: SimulatedFault) -> None:
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


@pytest.mark.parametrize(
    "written", ["error:0@stage1", "error:1.5@stage1", "silence:2@day1", "outage:10@1h", "lost:2@1h", "down:0@1h"]
)
def test_a_rate_lies_between_0_and_1(written: str) -> None:
    with pytest.raises(InvalidRequest, match="at most 1"):
        parse_fault(written)


@pytest.mark.parametrize("written", ["slow:0@stage1", "late:0@stage1", "drag:0@stage1"])
def test_slow_to_no_time_at_all_is_no_fault(written: str) -> None:
    with pytest.raises(InvalidRequest, match=r"must be above 0 \(seconds, or a factor for drag\)"):
        parse_fault(written)


@pytest.mark.parametrize(
    ("written", "per_s"), [("5/s", 5.0), ("300/m", 5.0), ("0.5/s", 0.5), ("7200 / h", 2.0), ("86400/d", 1.0)]
)
def test_traffic_is_requests_by_time(written: str, per_s: float) -> None:
    assert parse_traffic(written) == pytest.approx(per_s)


@pytest.mark.parametrize("written", ["", "5", "5/", "0/s", "-1/s", "5/y", "s/5"])
def test_what_is_no_traffic_is_refused(written: str) -> None:
    with pytest.raises(InvalidRequest, match="invalid rate"):
        parse_traffic(written)


@pytest.mark.parametrize(
    ("written", "span_s"), [("60s", 60.0), ("10m", 600.0), (" 1.5 h ", 5400.0), ("1d", DAY_S), ("0s", 0.0)]
)
def test_a_span_is_a_number_with_its_unit(written: str, span_s: float) -> None:
    assert parse_span(written) == span_s


@pytest.mark.parametrize("written", ["", "10", "m", "-1s", "10 weeks", "1h 30m"])
def test_what_is_no_span_is_refused_with_examples(written: str) -> None:
    with pytest.raises(InvalidRequest, match="for example 60s, 10m or 4h"):
        parse_span(written)


def test_characters_are_spoken_equally_often_unless_it_is_said_how() -> None:
    names = ("ghoul", "pip_boy", "raider")

    assert World(names).parts == pytest.approx((1 / 3, 1 / 3, 1 / 3))
    assert World(names, popularity=(10.0, 0.0, 30.0)).parts == pytest.approx((0.25, 0.0, 0.75))


def test_by_zipfs_law_the_third_is_spoken_a_third_as_often_as_the_first() -> None:
    assert zipf(3) == pytest.approx((1.0, 1 / 2, 1 / 3))
    assert sum(World(("ghoul", "pip_boy", "raider"), popularity=zipf(3)).parts) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("written", "per_day"), [("5%/day", 0.05), ("0.05/day", 0.05), ("-2%/day", -0.02), ("+10%", 0.1), ("0", 0.0)]
)
def test_drift_is_growth_by_the_day(written: str, per_day: float) -> None:
    assert parse_drift(written) == pytest.approx(per_day)


def test_what_is_no_drift_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="invalid drift"):
        parse_drift("fast")


@pytest.mark.parametrize("mean_s", [0.0, -1.0, math.inf, math.nan])
def test_an_arm_takes_some_time(mean_s: float) -> None:
    with pytest.raises(InvalidRequest, match="invalid mean synthesis time"):
        behaviour(0.0, mean_s)


def test_a_fault_must_be_at_a_stage_and_of_a_character_that_exist() -> None:
    with pytest.raises(InvalidRequest, match="no stage 7; its stages are 0 to 6"):
        check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage7"),)), 7)
    with pytest.raises(InvalidRequest, match="unknown character 'pip_boy'; known: ghoul"):
        check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage1/pip_boy"),)), 7)
    check_faults(World(("ghoul",), faults=(parse_fault("error:0.1@stage6/ghoul"),)), 7)


def test_a_world_can_be_written_down_whole() -> None:
    world = World(("ghoul",), faults=(parse_fault("error:0.1@stage1"), parse_fault("outage:1@2h+10m")))

    written = json.loads(json.dumps(world.as_json(), allow_nan=False))

    assert [fault["for_s"] for fault in written["faults"]] == [None, 600.0]
    assert written["requests_per_s"] == 20.0
