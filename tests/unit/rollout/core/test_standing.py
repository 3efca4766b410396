"""Where a rollout stands, in numbers: each gate on both arms, and the difference between them."""

from __future__ import annotations

from dataclasses import replace

from segue.rollout.core.decide import decide
from segue.rollout.core.evidence import nothing_yet
from segue.rollout.core.standing import At, GateDifference, GateSeen, Standing, standing
from support.rollouts import NOON_S, Kind, Minute, at, chirp3, seen

HOUR_S = 3600.0


def looked(minutes: list[Minute], stage: int = 3, after_s: float = HOUR_S) -> Standing:
    plan, state, now_s = chirp3(), at(stage), NOON_S + after_s
    evidence = replace(seen(minutes), held_s=after_s)
    return standing(plan, state, evidence, decide(plan, state, evidence, now_s), At(4, now_s))


def gate(found: Standing, name: str, arm: str = "candidate") -> GateSeen:
    (one,) = [entry for entry in found.gates if (entry.gate, entry.arm) == (name, arm)]
    return one


def difference(found: Standing, name: str) -> GateDifference:
    (one,) = [entry for entry in found.differences if entry.gate == name]
    return one


def test_every_gate_is_read_on_both_arms() -> None:
    found = looked([Minute()] * 60)

    arms = {(one.gate, one.arm) for one in found.gates}
    expected = {(one.metric, arm) for one in chirp3().gates for arm in ("baseline", "candidate")}
    cache = {("cache_hit_rate", "candidate"), ("cache_hit_rate", "baseline")}
    assert arms == (expected - cache) | {("cache_hit_rate", "both")}


def test_an_estimate_lies_within_its_interval_and_the_boundary_is_the_targets() -> None:
    found = looked([Minute(candidate=Kind(errors=0.03))] * 60)
    errors, mean = gate(found, "error_rate"), gate(found, "mean_synthesis")

    assert errors.low < errors.estimate < errors.high
    assert abs(errors.estimate - 0.03) < 1e-9
    assert (errors.boundary, mean.boundary) == (0.01, 2.0 / 20.0)


def test_a_worse_candidate_differs_upwards_and_for_certain() -> None:
    found = difference(looked([Minute(candidate=Kind(errors=0.10))] * 60), "error_rate")

    assert abs(found.estimate - 0.10) < 1e-9
    assert 0.0 < found.low < found.estimate < found.high


def test_arms_that_are_alike_do_not_differ_for_certain() -> None:
    found = difference(looked([Minute(Kind(errors=0.02), Kind(errors=0.02))] * 60), "error_rate")

    assert found.low < 0.0 < found.high
    assert abs(found.estimate) < 1e-9


def test_what_nobody_has_heard_is_not_read() -> None:
    found = looked([Minute(candidate_units=0.0)] * 60, stage=0)

    assert {one.arm for one in found.gates} == {"baseline", "both"}
    assert found.differences == ()


def test_a_step_held_long_enough_that_does_not_end_is_over_and_later_stuck() -> None:
    hold_s = chirp3().step(at(3).place).hold_s
    poor = [Minute(candidate=Kind(took_s=1.9))] * 60

    early, over, late = (looked(poor, after_s=after_s) for after_s in (HOUR_S, hold_s, hold_s * 2))
    assert [one.hold_over for one in (early, over, late)] == [False, True, True]
    assert [one.stuck for one in (early, over, late)] == [False, False, True]
    assert (over.held_s, over.hold_s) == (hold_s, hold_s)


def test_a_source_that_cannot_be_read_is_said() -> None:
    plan, state = chirp3(), at(3)
    evidence = replace(nothing_yet(NOON_S), trouble="it does not answer")
    found = standing(plan, state, evidence, decide(plan, state, evidence, NOON_S), At(4, NOON_S))

    assert (found.trouble, found.gates) == ("it does not answer", ())
