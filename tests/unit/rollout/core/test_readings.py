"""The gates read for promotion, and the sentence each of them says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.betting import mean_interval_s, mean_units_needed
from segue.rollout.core.evidence import Evidence, absorbed, begun_anew, nothing_yet
from segue.rollout.core.gates import Gate, GateMetric, Reading, Verdict
from segue.rollout.core.readings import read_gates
from segue.rollout.core.stats import rate_interval
from segue.rollout.core.windows import Slot
from segue.rollout.wording import sentence as worded
from support.rollouts import NOON_S, SEVERAL, SLOT_S, Kind, Minute, chirp3, seen

PLAN = chirp3()
EVERYONE = frozenset(SEVERAL)


def read(gate: Gate, minute: Minute, *, times: int = 1, arm: Arm = Arm.CANDIDATE) -> tuple[Reading, ...]:
    return read_gates(replace(PLAN, gates=(gate,)), seen([minute] * times), arm, EVERYONE)


def sentence(gate: Gate, minute: Minute, *, times: int = 1) -> str:
    (reading,) = read(gate, minute, times=times)
    return worded(reading)


def test_every_gate_with_a_target_is_read_on_the_candidate() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.CANDIDATE, EVERYONE)

    assert [reading.gate for reading in readings] == [
        gate.metric for gate in PLAN.gates if gate.target is not None
    ]
    assert {(reading.arm, reading.character) for reading in readings} == {(Arm.CANDIDATE, "")}
    assert {reading.alpha for reading in readings} == {0.05}


def test_the_baseline_hands_nothing_on_so_its_fallbacks_are_not_read() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.BASELINE, EVERYONE)

    assert GateMetric.FALLBACK_RATE not in {reading.gate for reading in readings}
    assert len(readings) == 7
    assert {reading.arm for reading in readings} == {Arm.BASELINE}


def test_the_arm_asked_for_is_the_one_that_is_read() -> None:
    minute = Minute(Kind(errors=0.1), candidate_units=100.0, baseline_units=200.0)
    gate = Gate(GateMetric.ERROR_RATE, 0.01)

    (candidate,), (baseline,) = read(gate, minute), read(gate, minute, arm=Arm.BASELINE)

    assert (candidate.bad, candidate.trials, candidate.boundary) == (30.0, 300.0, 0.01)
    assert (baseline.bad, baseline.trials) == (0.0, 600.0)


def test_only_the_characters_asked_for_are_read() -> None:
    readings = read_gates(PLAN, seen([Minute()]), Arm.CANDIDATE, frozenset({"pip_boy"}))

    assert {reading.trials for reading in readings} == {50.0, 1000.0}


def test_cache_hits_are_read_from_all_lookups_and_never_below_none() -> None:
    gate = Gate(GateMetric.CACHE_HIT_RATE, 0.9)

    (reading,) = read(gate, Minute(cache_hit_rate=0.97))
    assert (reading.bad, reading.trials, reading.boundary) == pytest.approx((30.0, 1000.0, 0.1))
    assert reading.verdict is Verdict.PASS
    assert read(gate, Minute(cache_hit_rate=0.8))[0].verdict is Verdict.FAIL
    assert read(gate, Minute(cache_hit_rate=1.01))[0].bad == 0.0


def test_the_sentence_of_a_rate_says_what_it_is_and_must_be() -> None:
    gate = Gate(GateMetric.ERROR_RATE, 0.01)

    assert (
        sentence(gate, Minute(Kind(errors=0.25))) == "error_rate: bad 25 % of 150 units, must be under 1 %: missed"
    )
    assert sentence(gate, Minute(), times=9) == "error_rate: bad 0 % of 1350 units, must be under 1 %: met"
    assert sentence(gate, Minute()) == "error_rate: bad 0 % of 150 units, must be under 1 %: 150 of about 377"


def test_the_sentence_of_a_mean_is_in_seconds() -> None:
    told = "mean_synthesis: mean 0.8 s of 300 units, must be under 2 s: met"

    assert sentence(Gate(GateMetric.MEAN_SYNTHESIS, 2.0), Minute(), times=2) == told


def test_the_sentence_of_a_quantile_says_who_takes_longer() -> None:
    told = "p95_synthesis: longer than 2.5 s 0 % of 450 units, must be under 5 %: met"

    assert sentence(Gate(GateMetric.P95_SYNTHESIS, 2.5), Minute(), times=3) == told


def test_the_sentence_of_too_few_units_says_how_many_it_takes() -> None:
    gate = Gate(GateMetric.ERROR_RATE, 0.01)

    assert sentence(gate, Minute(candidate_units=16.0)) == "error_rate: 48 of the 50 units that a verdict requires"
    assert worded(read_gates(replace(PLAN, gates=(gate,)), nothing_yet(0.0), Arm.CANDIDATE, EVERYONE)[0]) == (
        "error_rate: 0 of the 50 units that a verdict requires"
    )


def test_the_least_units_are_enough_to_say_more() -> None:
    assert "of 50 units, must be" in sentence(Gate(GateMetric.P50_SYNTHESIS, 1.5), Minute(characters=("pip_boy",)))


FIRST = Gate(GateMetric.P95_FIRST_AUDIO, 1.0)


@pytest.mark.parametrize("arm", Arm)
def test_a_gate_on_the_first_audio_of_which_there_is_none_says_so_and_is_never_met(arm: Arm) -> None:
    (reading,) = read(FIRST, Minute(), times=100, arm=arm)

    assert reading.verdict is Verdict.INCONCLUSIVE
    assert worded(reading) == "p95_first_audio: no stream yet"


def test_the_first_audio_is_judged_by_streams_alone() -> None:
    streamed, late = Kind(streamed=0.5), Kind(streamed=0.5, late=0.2)

    assert sentence(FIRST, Minute(Kind(streamed=0.1))) == (
        "p95_first_audio: 15 of the 50 streams that a verdict requires"
    )
    assert sentence(FIRST, Minute(streamed), times=5) == (
        "p95_first_audio: longer than 1 s 0 % of 375 streams, must be under 5 %: met"
    )
    assert sentence(FIRST, Minute(late), times=5) == (
        "p95_first_audio: longer than 1 s 20 % of 375 streams, must be under 5 %: missed"
    )


# Side by side

ERRORS = Gate(GateMetric.ERROR_RATE, margin=0.02)


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
    assert worded(reading) == f"error_rate against the baseline: {both}, baseline {both}, margin 2.0%: pass"


def test_a_mean_may_be_longer_by_a_part_of_the_baselines() -> None:
    gate = Gate(GateMetric.MEAN_SYNTHESIS, margin=0.5)

    assert compared(gate, Kind(took_s=2.0), Kind(took_s=2.0), 20_000.0).verdict is Verdict.PASS
    assert compared(gate, Kind(took_s=2.0), Kind(took_s=2.0), 20_000.0).bad == pytest.approx(6000.0)
    assert compared(gate, Kind(took_s=2.8), Kind(took_s=2.0), 200_000.0).verdict is Verdict.PASS
    assert compared(gate, Kind(took_s=3.2), Kind(took_s=2.0), 200_000.0).verdict is Verdict.FAIL


def test_a_quantile_may_be_beyond_its_level_in_a_few_more_of_the_cases() -> None:
    with_target = Gate(GateMetric.P95_SYNTHESIS, 2.5, margin=0.05)
    with_alarm = Gate(GateMetric.P95_SYNTHESIS, step_back=2.5, margin=0.05)
    slow = Kind(slow=0.1, slow_s=4.0)

    assert read(with_target, Minute(slow, slow, 20_000.0, 20_000.0))[1].verdict is Verdict.PASS
    assert compared(with_alarm, slow, Kind()).verdict is Verdict.FAIL
    assert compared(with_alarm, slow, Kind()).bad == pytest.approx(600.0)


def test_the_first_audio_may_be_late_in_a_few_more_of_the_streams() -> None:
    gate = Gate(GateMetric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05)
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
    reading = compared(Gate(GateMetric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05), candidate, baseline, 20_000.0)

    told = f"not comparable with the baseline (inconclusive), because the {whose} has had no stream yet"
    assert reading.verdict is Verdict.INCONCLUSIVE
    assert worded(reading) == f"p95_first_audio: {told}"


def test_streams_that_are_soon_enough_whatever_the_baseline_does_meet_a_margin() -> None:
    gate = Gate(GateMetric.P95_FIRST_AUDIO, step_back=1.0, margin=0.05)

    assert compared(gate, Kind(streamed=1.0), Kind(), 20_000.0).verdict is Verdict.PASS
    assert compared(replace(gate, margin=1.0), Kind(), Kind(), 20_000.0).verdict is Verdict.INCONCLUSIVE


def test_a_margin_on_success_compares_failures() -> None:
    assert compared(Gate(GateMetric.SUCCESS_RATE, margin=0.02), Kind(refused=0.2), Kind()).verdict is Verdict.FAIL


def test_a_margin_is_read_only_where_the_baseline_was_heard_enough() -> None:
    few = Minute(baseline_units=4.0, characters=("pip_boy",))

    assert read(ERRORS, few) == ()
    assert len(read(ERRORS, replace(few, baseline_units=5.0))) == 1


def test_a_margin_is_read_only_on_the_candidate() -> None:
    assert read(ERRORS, Minute(), arm=Arm.BASELINE) == ()


# What is known, and what the step saw


def known(before: list[Minute], step: list[Minute]) -> Evidence:
    """Of the steps before and of this one."""
    evidence = begun_anew(seen(before), NOON_S + len(before) * SLOT_S)
    for number, minute in enumerate(step, len(before)):
        evidence = absorbed(evidence, minute.slot(NOON_S + number * SLOT_S), PLAN, None)
    return evidence


def verdict(before: list[Minute], step: list[Minute], gate: Gate | None = None) -> Reading:
    plan = replace(PLAN, gates=(gate or Gate(GateMetric.ERROR_RATE, 0.01),))
    (reading,) = read_gates(plan, known(before, step), Arm.CANDIDATE, EVERYONE)
    return reading


def test_what_the_steps_before_showed_counts_as_long_as_this_one_does_not_say_otherwise() -> None:
    plenty, few = [Minute(candidate_units=500.0)] * 3, [Minute(candidate_units=4.0)]

    assert verdict([], few).verdict is Verdict.INCONCLUSIVE
    assert verdict(plenty, few).verdict is Verdict.PASS
    assert verdict(plenty, few).trials == 4512.0
    assert verdict(plenty, [Minute(Kind(errors=0.5), candidate_units=20.0)]).verdict is Verdict.FAIL


def test_a_step_that_misses_its_target_tells_of_itself() -> None:
    plenty, bad = [Minute(candidate_units=5000.0)] * 3, [Minute(Kind(errors=0.25))]

    told = "error_rate: bad 25 % of 150 units, must be under 1 %: missed"
    assert worded(verdict(plenty, bad)) == told
    assert worded(verdict(plenty, [Minute(Kind(took_s=9.0))], Gate(GateMetric.MEAN_SYNTHESIS, 2.0))) == (
        "mean_synthesis: mean 9 s of 150 units, must be under 2 s: missed"
    )


def test_going_on_takes_ten_units_of_the_step_itself() -> None:
    plenty = [Minute(candidate_units=500.0)] * 3
    nine, ten = (Minute(candidate_units=units, characters=("pip_boy",)) for units in (9.0, 10.0))

    assert verdict(plenty, [ten]).verdict is Verdict.PASS
    assert verdict(plenty, [nine]).verdict is Verdict.INCONCLUSIVE
    assert worded(verdict(plenty, [nine])) == (
        "error_rate: bad 0 % of 4509 units, must be under 1 %: 9 of the 10 units that this step itself requires"
    )
    assert verdict(plenty, [nine], Gate(GateMetric.MEAN_SYNTHESIS, 2.0)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("arm", "listeners"), [(Arm.CANDIDATE, (19, 99)), (Arm.BASELINE, (99, 19))])
def test_a_verdict_takes_different_listeners(arm: Arm, listeners: tuple[int, int]) -> None:
    evidence = seen([Minute(candidate_units=500.0, baseline_units=500.0)] * 3)
    plan = replace(PLAN, gates=(Gate(GateMetric.ERROR_RATE, 0.01),))

    def read_with(known: tuple[int, int] | None) -> Reading:
        told = replace(evidence, total=replace(evidence.total, listeners=known))
        (reading,) = read_gates(plan, told, arm, EVERYONE)
        return reading

    few = read_with(listeners)
    assert (few.verdict, worded(few)) == (
        Verdict.INCONCLUSIVE,
        "error_rate: 19 of the 20 different listeners that a verdict requires",
    )
    assert read_with((listeners[0] + 1, listeners[1] + 1)).verdict is Verdict.PASS
    assert read_with(None).verdict is Verdict.PASS


def test_too_few_listeners_hide_no_target_that_is_missed() -> None:
    evidence = seen([Minute(Kind(errors=0.5))])
    told = replace(evidence, total=replace(evidence.total, listeners=(1, 1)))

    (reading,) = read_gates(
        replace(PLAN, gates=(Gate(GateMetric.ERROR_RATE, 0.01),)), told, Arm.CANDIDATE, EVERYONE
    )

    assert reading.verdict is Verdict.FAIL


def test_the_shadow_is_read_with_the_candidate() -> None:
    slot = Slot(NOON_S, SLOT_S, shadow={"pip_boy": Kind().tally(600.0)})
    evidence = absorbed(nothing_yet(NOON_S), slot, PLAN, None)
    plan = replace(PLAN, gates=(Gate(GateMetric.ERROR_RATE, 0.01),))

    assert read_gates(plan, evidence, Arm.CANDIDATE, EVERYONE)[0].verdict is Verdict.PASS
    assert read_gates(plan, evidence, Arm.BASELINE, EVERYONE)[0].trials == 0.0


def test_a_stages_own_targets_stand_in_place_of_the_gates() -> None:
    milder = (Gate(GateMetric.ERROR_RATE, 0.05),)

    (reading,) = read_gates(PLAN, seen([Minute()]), Arm.CANDIDATE, EVERYONE, milder)

    assert (reading.boundary, reading.verdict) == (0.05, Verdict.PASS)


def test_the_interval_of_a_mean_is_that_of_betting_and_that_of_a_rate_follows_from_its_counts() -> None:
    (mean,) = read(Gate(GateMetric.MEAN_SYNTHESIS, 2.0), Minute(), times=4)
    (rate,) = read(Gate(GateMetric.ERROR_RATE, 0.01), Minute(Kind(errors=0.1)))

    low_s, high_s = mean_interval_s(Kind().tally(600.0), 20.0, 0.05)
    assert mean.interval == pytest.approx((low_s / 20.0, high_s / 20.0))
    assert rate.interval == rate_interval(15.0, 135.0, 0.05)


# What it still takes


def test_the_sentence_says_how_many_units_it_takes_and_when_that_will_be() -> None:
    """A unit a minute and character: 4,320 a day."""
    slow = Minute(Kind(errors=0.005), candidate_units=1.0)

    told = sentence(Gate(GateMetric.ERROR_RATE, 0.01), slow, times=200)
    assert told == (
        "error_rate: bad 0.5 % of 600 units, must be under 1 %: 600 of about 2,881; at this traffic in 0.5 days"
    )
    assert sentence(Gate(GateMetric.ERROR_RATE, 0.01), replace(slow, candidate_units=0.04), times=600).endswith(
        ": 72 of about 2,881; at this traffic in 16 days"
    )
    assert sentence(Gate(GateMetric.ERROR_RATE, 0.01), replace(slow, candidate_units=0.01), times=600) == (
        "error_rate: 18 of the 50 units that a verdict requires; at this traffic in 0.7 days"
    )


def test_the_sentence_says_where_a_target_will_not_be_met() -> None:
    told = "error_rate: bad 1.2 % of 150 units, must be under 1 %: not certain yet, and at this rate"

    found = sentence(Gate(GateMetric.ERROR_RATE, 0.01), Minute(Kind(errors=0.012)))
    assert found == f"{told} the target will not be met"


def test_the_sentence_of_a_mean_forecasts_by_betting() -> None:
    minute = Minute(Kind(took_s=1.9))
    tally = minute.candidate.tally(150.0)
    needed = mean_units_needed(2.0, 20.0, tally, 0.05)

    told = f"mean_synthesis: mean 1.9 s of 150 units, must be under 2 s: 150 of about {needed:,.0f}"
    assert sentence(Gate(GateMetric.MEAN_SYNTHESIS, 2.0), minute).startswith(told)
