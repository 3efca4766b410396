"""The gates read for promotion, and the sentence each of them says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.core.evidence import nothing_yet
from segue.core.gates import Gate, Metric, Reading, Verdict
from segue.core.readings import read_gates
from segue.core.speech import Arm
from segue.core.stats import rate_interval
from support.rollouts import SEVERAL, Kind, Minute, chirp3, seen

PLAN = chirp3()
EVERYONE = frozenset(SEVERAL)


def read(gate: Gate, minute: Minute, *, times: int = 1, arm: Arm = Arm.CANDIDATE) -> tuple[Reading, ...]:
    return read_gates(replace(PLAN, gates=(gate,)), seen([minute] * times), arm, EVERYONE)


def sentence(gate: Gate, minute: Minute, *, times: int = 1) -> str:
    (reading,) = read(gate, minute, times=times)
    return reading.sentence


def test_every_gate_with_a_target_is_read_on_the_candidate() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.CANDIDATE, EVERYONE)

    assert [reading.gate for reading in readings] == [
        gate.metric for gate in PLAN.gates if gate.target is not None
    ]
    assert {(reading.arm, reading.character) for reading in readings} == {(Arm.CANDIDATE, "")}
    assert {reading.alpha for reading in readings} == {0.05 / 8}


def test_the_baseline_hands_nothing_on_so_its_fallbacks_are_not_read() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.BASELINE, EVERYONE)

    assert Metric.FALLBACK_RATE not in {reading.gate for reading in readings}
    assert len(readings) == 7
    assert {reading.arm for reading in readings} == {Arm.BASELINE}


def test_the_arm_asked_for_is_the_one_that_is_read() -> None:
    minute = Minute(Kind(errors=0.1), candidate_units=100.0, baseline_units=200.0)
    gate = Gate(Metric.ERROR_RATE, 0.01)

    (candidate,), (baseline,) = read(gate, minute), read(gate, minute, arm=Arm.BASELINE)

    assert (candidate.bad, candidate.trials, candidate.boundary) == (30.0, 300.0, 0.01)
    assert (baseline.bad, baseline.trials) == (0.0, 600.0)


def test_only_the_characters_asked_for_are_read() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.CANDIDATE, frozenset({"pip_boy"}))

    assert {reading.trials for reading in readings} == {50.0, 1000.0}


def test_cache_hits_are_read_from_all_lookups_and_never_below_none() -> None:
    gate = Gate(Metric.CACHE_HIT_RATE, 0.9)

    (reading,) = read(gate, Minute(cache_hit_rate=0.97))
    assert (reading.bad, reading.trials, reading.boundary) == pytest.approx((30.0, 1000.0, 0.1))
    assert reading.verdict is Verdict.PASS
    assert read(gate, Minute(cache_hit_rate=0.8))[0].verdict is Verdict.FAIL
    assert read(gate, Minute(cache_hit_rate=1.01))[0].bad == 0.0


def test_the_sentence_of_a_rate_says_what_it_is_and_must_be() -> None:
    gate = Gate(Metric.ERROR_RATE, 0.01)

    assert (
        sentence(gate, Minute(Kind(errors=0.25))) == "error_rate: bad 25 % of 150 units, must be under 1 %: missed"
    )
    assert sentence(gate, Minute(), times=9) == "error_rate: bad 0 % of 1350 units, must be under 1 %: met"
    assert sentence(gate, Minute()) == "error_rate: bad 0 % of 150 units, must be under 1 %: not certain yet"


def test_the_sentence_of_a_mean_is_in_seconds() -> None:
    told = "mean_synthesis: mean 0.8 s of 300 units, must be under 2 s: met"

    assert sentence(Gate(Metric.MEAN_SYNTHESIS, 2.0), Minute(), times=2) == told


def test_the_sentence_of_a_quantile_says_who_takes_longer() -> None:
    told = "p95_synthesis: longer than 2.5 s 0 % of 450 units, must be under 5 %: met"

    assert sentence(Gate(Metric.P95_SYNTHESIS, 2.5), Minute(), times=3) == told


def test_the_sentence_of_too_few_units_says_how_many_it_takes() -> None:
    gate = Gate(Metric.ERROR_RATE, 0.01)

    assert sentence(gate, Minute(candidate_units=16.0)) == "error_rate: 48 of the 50 units that a verdict takes"
    assert read_gates(replace(PLAN, gates=(gate,)), nothing_yet(0.0), Arm.CANDIDATE, EVERYONE)[0].sentence == (
        "error_rate: 0 of the 50 units that a verdict takes"
    )


def test_the_least_units_are_enough_to_say_more() -> None:
    assert "of 50 units, must be" in sentence(Gate(Metric.P50_SYNTHESIS, 1.5), Minute(characters=("pip_boy",)))


FIRST = Gate(Metric.P95_FIRST_AUDIO, 1.0)


@pytest.mark.parametrize("arm", Arm)
def test_a_gate_on_the_first_audio_of_which_there_is_none_says_so_and_is_never_met(arm: Arm) -> None:
    (reading,) = read(FIRST, Minute(), times=100, arm=arm)

    assert reading.verdict is Verdict.INCONCLUSIVE
    assert reading.sentence == "p95_first_audio: no stream has been heard yet"


def test_the_first_audio_is_judged_by_streams_alone() -> None:
    streamed, late = Kind(streamed=0.5), Kind(streamed=0.5, late=0.2)

    assert sentence(FIRST, Minute(Kind(streamed=0.1))) == (
        "p95_first_audio: 15 of the 50 streams that a verdict takes"
    )
    assert sentence(FIRST, Minute(streamed), times=5) == (
        "p95_first_audio: longer than 1 s 0 % of 375 streams, must be under 5 %: met"
    )
    assert sentence(FIRST, Minute(late), times=5) == (
        "p95_first_audio: longer than 1 s 20 % of 375 streams, must be under 5 %: missed"
    )


# Side by side

ERRORS = Gate(Metric.ERROR_RATE, margin=0.02)


def compared(gate: Gate, candidate: Kind, baseline: Kind, units: float = 2000.0) -> Reading:
    (reading,) = read(gate, Minute(candidate, baseline, candidate_units=units, baseline_units=units))
    return reading


def test_a_margin_holds_where_the_candidate_is_certainly_no_worse_than_that() -> None:
    assert compared(ERRORS, Kind(errors=0.1), Kind(errors=0.1), 20_000.0).verdict is Verdict.PASS
    assert compared(ERRORS, Kind(errors=0.3), Kind(errors=0.1)).verdict is Verdict.FAIL
    assert compared(ERRORS, Kind(errors=0.12), Kind(errors=0.1)).verdict is Verdict.INCONCLUSIVE


def test_a_margin_reads_both_arms_at_half_the_alpha_and_says_so() -> None:
    reading = compared(ERRORS, Kind(errors=0.1), Kind(errors=0.1), 20_000.0)

    ours = rate_interval(6000.0, 54_000.0, 0.025)
    assert (reading.gate, reading.arm, reading.character) == ("error_rate vs baseline", Arm.CANDIDATE, "")
    assert (reading.bad, reading.trials, reading.alpha) == (6000.0, 60_000.0, 0.025)
    assert reading.boundary == pytest.approx(ours.low + 0.02)
    both = f"{ours.low:.2%} to {ours.high:.2%}"
    assert reading.sentence == f"error_rate against the baseline: {both}, baseline {both}, margin 2.0%: pass"


def test_a_mean_may_be_longer_by_a_part_of_the_baselines() -> None:
    gate = Gate(Metric.MEAN_SYNTHESIS, margin=0.5)

    assert compared(gate, Kind(took_s=2.0), Kind(took_s=2.0), 20_000.0).verdict is Verdict.PASS
    assert compared(gate, Kind(took_s=2.0), Kind(took_s=2.0), 20_000.0).bad == pytest.approx(6000.0)
    assert compared(gate, Kind(took_s=2.8), Kind(took_s=2.0), 200_000.0).verdict is Verdict.PASS
    assert compared(gate, Kind(took_s=3.2), Kind(took_s=2.0), 200_000.0).verdict is Verdict.FAIL


def test_a_quantile_may_be_beyond_its_level_in_a_few_more_of_the_cases() -> None:
    with_target = Gate(Metric.P95_SYNTHESIS, 2.5, margin=0.05)
    with_alarm = Gate(Metric.P95_SYNTHESIS, step_back=2.5, margin=0.05)
    slow = Kind(slow=0.1, slow_s=4.0)

    assert read(with_target, Minute(slow, slow, 20_000.0, 20_000.0))[1].verdict is Verdict.PASS
    assert compared(with_alarm, slow, Kind()).verdict is Verdict.FAIL
    assert compared(with_alarm, slow, Kind()).bad == pytest.approx(600.0)


def test_the_first_audio_may_be_late_in_a_few_more_of_the_streams() -> None:
    gate = Gate(Metric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05)
    late, prompt = Kind(streamed=0.5, late=0.1), Kind(streamed=0.5)

    assert compared(gate, late, late, 20_000.0).verdict is Verdict.PASS
    assert compared(gate, late, prompt).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("candidate", "baseline", "whose"),
    [(Kind(), Kind(), "candidate"), (Kind(streamed=1.0, late=0.1), Kind(), "baseline")],
)
def test_a_margin_on_the_first_audio_is_not_met_where_an_arm_has_no_stream(
    candidate: Kind, baseline: Kind, whose: str
) -> None:
    reading = compared(Gate(Metric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05), candidate, baseline, 20_000.0)

    told = f"no stream has been heard yet on the {whose}"
    assert reading.verdict is Verdict.INCONCLUSIVE
    assert reading.sentence == f"p95_first_audio against the baseline: {told}: inconclusive"


def test_streams_that_are_soon_enough_whatever_the_baseline_does_meet_a_margin() -> None:
    gate = Gate(Metric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05)

    assert compared(gate, Kind(streamed=1.0), Kind(), 20_000.0).verdict is Verdict.PASS
    assert compared(replace(gate, margin=1.0), Kind(), Kind(), 20_000.0).verdict is Verdict.INCONCLUSIVE


def test_a_margin_on_success_compares_failures() -> None:
    assert compared(Gate(Metric.SUCCESS_RATE, margin=0.02), Kind(refused=0.2), Kind()).verdict is Verdict.FAIL


def test_a_margin_is_read_only_where_the_baseline_was_heard_enough() -> None:
    few = Minute(baseline_units=19.0, characters=("pip_boy",))

    assert read(ERRORS, few) == ()
    assert len(read(ERRORS, replace(few, baseline_units=20.0))) == 1


def test_a_margin_is_read_only_on_the_candidate() -> None:
    assert read(ERRORS, Minute(), arm=Arm.BASELINE) == ()
