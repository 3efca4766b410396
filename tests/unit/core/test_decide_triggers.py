"""The tables of rollback triggers, line by line, with the gates of the plan that ships.

P0 takes everything back at once; P1 takes one stage back, or one character where the trouble is confined to it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from segue.core.decide import Decision, Trigger, alarms, decide
from segue.core.evidence import OVERALL, Evidence
from segue.core.gates import Gate, Metric
from segue.core.plan import Place
from segue.core.rollout import RolloutState, Verb, decided
from support.rollouts import HEALTHY, NOON_S, SEVERAL, SLOT_S, Kind, Minute, at, chirp3, seen

ALL_AT_HALF = 4
HOUR = 60


def verdict_on(candidate: Kind, baseline: Kind = HEALTHY, *, minutes: int = HOUR) -> Decision:
    """What is decided half-way through stage 4, after ``minutes`` like this."""
    return judged(seen([Minute(candidate, baseline)] * minutes), minutes)


def judged(evidence: Evidence, minutes: int, state: RolloutState | None = None) -> Decision:
    return decide(chirp3(), state or at(ALL_AT_HALF), evidence, NOON_S + minutes * SLOT_S)


def accused(candidate: Kind, *, grave: bool) -> set[Metric]:
    """The gates that ring over all characters."""
    ringing = alarms(chirp3(), seen([Minute(candidate)] * HOUR))
    return {alarm.gate.metric for alarm in ringing if alarm.scope == OVERALL and alarm.grave is grave}


def test_p0_an_error_rate_above_10_percent_takes_everything_back() -> None:
    failing = Kind(errors=0.13)

    decision = verdict_on(failing)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(failing, grave=True) == {Metric.ERROR_RATE, Metric.SUCCESS_RATE}


def test_p0_a_mean_above_5_seconds_takes_everything_back() -> None:
    slow = Kind(took_s=6.0)

    decision = verdict_on(slow)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(slow, grave=True) == {Metric.MEAN_SYNTHESIS}


def test_p0_a_p95_above_10_seconds_takes_everything_back() -> None:
    slow_at_the_end = Kind(slow=0.09, slow_s=12.0)

    decision = verdict_on(slow_at_the_end)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(slow_at_the_end, grave=True) == {Metric.P95_SYNTHESIS}


def test_p0_a_fallback_rate_above_20_percent_takes_everything_back() -> None:
    """Handed on before the engine was asked: no error, but the listener heard the other voice."""
    turned_away = Kind(refused=0.3)

    decision = verdict_on(turned_away)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert Metric.FALLBACK_RATE in accused(turned_away, grave=True)


def test_p0_a_service_unavailable_takes_everything_back() -> None:
    dead = Kind(errors=1.0, unserved=1.0)

    decision = verdict_on(dead, minutes=1)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert Metric.UNSERVED_RATE in accused(dead, grave=True)


def test_p0_success_below_90_percent_takes_everything_back() -> None:
    turned_away = Kind(refused=0.13)

    assert verdict_on(turned_away).trigger is Trigger.P0
    assert accused(turned_away, grave=True) == {Metric.SUCCESS_RATE}


def test_p1_an_error_rate_of_5_to_10_percent_goes_back_one_stage() -> None:
    failing = Kind(errors=0.08)

    decision = verdict_on(failing)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(failing, grave=False) == {Metric.ERROR_RATE, Metric.FALLBACK_RATE}
    assert accused(failing, grave=True) == set()


def test_p1_an_error_rate_little_above_5_percent_is_noticed_too() -> None:
    evidence = seen([Minute(Kind(errors=0.06), candidate_units=300.0)] * HOUR)

    assert judged(evidence, HOUR).verb is Verb.STEP_BACK


def test_p1_a_mean_of_2_to_5_seconds_goes_back_one_stage() -> None:
    slow = Kind(took_s=3.0)

    decision = verdict_on(slow)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(slow, grave=False) == {Metric.MEAN_SYNTHESIS}


def test_p1_a_p95_of_5_to_10_seconds_goes_back_one_stage() -> None:
    slow_at_the_end = Kind(slow=0.09, slow_s=7.0)

    decision = verdict_on(slow_at_the_end)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(slow_at_the_end, grave=False) == {Metric.P95_SYNTHESIS}


def test_p1_a_fallback_rate_of_5_to_20_percent_goes_back_one_stage() -> None:
    turned_away = Kind(refused=0.08)

    decision = verdict_on(turned_away)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(turned_away, grave=False) == {Metric.FALLBACK_RATE}


FIRST_AUDIO = Gate(Metric.P95_FIRST_AUDIO, target=1.0, step_back=1.0, roll_back=2.0)
WITH_STREAMS = replace(chirp3(), gates=(*chirp3().gates, FIRST_AUDIO))


def on_streams(
    candidate: Kind, baseline: Kind = HEALTHY, *, minutes: int = HOUR, apart: dict[str, Kind] | None = None
) -> Decision:
    """What the plan with a gate on the first audio says within, or at the end of, stage 4."""
    minute = Minute(candidate, baseline, apart=apart)
    evidence = seen([minute] * minutes, plan=WITH_STREAMS)
    return decide(WITH_STREAMS, at(ALL_AT_HALF, plan=WITH_STREAMS), evidence, NOON_S + minutes * SLOT_S)


@pytest.mark.parametrize(
    ("late_s", "verb", "trigger"), [(1.2, Verb.STEP_BACK, Trigger.P1), (2.5, Verb.ROLL_BACK, Trigger.P0)]
)
def test_streams_that_begin_late_go_back_as_far_as_they_are_late(
    late_s: float, verb: Verb, trigger: Trigger
) -> None:
    decision = on_streams(Kind(streamed=0.5, late=0.2, late_s=late_s), Kind(streamed=0.5))

    assert (decision.verb, decision.trigger) == (verb, trigger)
    assert decision.reasons[0].startswith("p95_first_audio: 20.0% take longer than 1 s over the last ")
    assert " streams, worse than the baseline; odds " in decision.reasons[0]


def test_streams_that_begin_late_on_both_arms_are_nobodys_fault() -> None:
    late = Kind(streamed=0.5, late=0.2)

    assert on_streams(late, late).verb is None


def test_streams_of_the_candidate_alone_are_judged_by_their_level_alone() -> None:
    decision = on_streams(Kind(streamed=0.5, late=0.2), Kind())

    assert decision.verb is Verb.ROLL_BACK
    assert "with too little of the baseline to compare" in decision.reasons[0]


def test_streams_that_begin_soon_let_the_rollout_go_on() -> None:
    assert on_streams(Kind(streamed=0.5), minutes=7 * 24 * HOUR).verb is Verb.ADVANCE


def test_no_streams_hold_a_plan_with_a_gate_on_the_first_audio() -> None:
    decision = on_streams(HEALTHY, minutes=7 * 24 * HOUR)

    assert decision.verb is None
    assert decision.reasons == ("p95_first_audio: no stream has been heard yet",)


def test_late_streams_are_confined_to_a_character_only_where_others_have_streams_and_are_well() -> None:
    late = {"pip_boy": Kind(streamed=0.5, late=0.5)}

    confined = on_streams(Kind(streamed=0.5), Kind(streamed=0.5), apart=late)
    unknown = on_streams(HEALTHY, Kind(streamed=0.5), apart=late)

    assert (confined.verb, confined.character) == (Verb.HOLD_BACK, "pip_boy")
    assert unknown.verb is Verb.ROLL_BACK


@pytest.mark.parametrize("errors", [0.08, 0.5])
def test_p1_trouble_confined_to_one_character_takes_that_character_alone_back(errors: float) -> None:
    evidence = seen([Minute(apart={"vault_dweller": Kind(errors=errors)})] * HOUR)

    decision = judged(evidence, HOUR)

    assert (decision.verb, decision.trigger) == (Verb.HOLD_BACK, Trigger.P1)
    assert decision.character == "vault_dweller"
    assert decision.reasons[-1] == "the trouble is confined to vault_dweller; the other characters go on"
    assert all(" of vault_dweller: " in reason for reason in decision.reasons[:-1])


def test_trouble_of_two_characters_is_the_candidates() -> None:
    failing = Kind(errors=0.3)
    evidence = seen([Minute(apart={"vault_dweller": failing, "pip_boy": failing})] * HOUR)

    assert judged(evidence, HOUR).verb is Verb.ROLL_BACK


def test_one_character_is_not_to_blame_where_the_others_have_hardly_been_heard() -> None:
    """Nineteen units of the others tell nothing about them."""
    alone = Minute(candidate_units=60.0, characters=("pip_boy",))
    evidence = seen([replace(alone, candidate=Kind(errors=0.3))] * HOUR)

    assert judged(evidence, HOUR).verb is Verb.ROLL_BACK


def test_one_character_is_not_to_blame_where_the_others_are_beyond_the_level_as_well() -> None:
    """At 5.5 % the others have not been proven guilty yet, but they are not well."""
    minute = Minute(candidate=Kind(errors=0.055), apart={"pip_boy": Kind(errors=0.3)})

    assert judged(seen([minute] * 10), 10).verb is Verb.ROLL_BACK


def test_a_character_that_is_held_back_already_is_not_held_back_again() -> None:
    evidence = seen([Minute(apart={"pip_boy": Kind(errors=0.12)})] * HOUR)
    state = at(ALL_AT_HALF)
    held = replace(state, routing=replace(state.routing, held_back=frozenset({"pip_boy"})))

    assert judged(evidence, HOUR).verb is Verb.HOLD_BACK
    assert judged(evidence, HOUR, held).verb is None


@pytest.mark.parametrize(
    "inside",
    [
        Kind(errors=0.045),
        Kind(took_s=1.9),
        Kind(slow=0.045, slow_s=12.0),
        Kind(refused=0.045),
        Kind(unserved=0.0),
    ],
    ids=["errors", "mean", "p95", "fallbacks", "healthy"],
)
def test_a_candidate_just_inside_every_level_raises_no_alarm(inside: Kind) -> None:
    """In 300,000 units."""
    evidence = seen([Minute(inside, candidate_units=1000.0)] * 100)

    assert judged(evidence, 100).verb is None


@pytest.mark.parametrize(
    "outage",
    [Kind(errors=1.0, unserved=1.0), Kind(errors=0.3), Kind(took_s=9.0), Kind(slow=0.3), Kind(refused=0.5)],
    ids=["dead", "errors", "mean", "p95", "refused"],
)
def test_an_outage_that_strikes_both_arms_blames_neither(outage: Kind) -> None:
    assert verdict_on(outage, outage).verb is None


def test_a_candidate_worse_than_a_baseline_in_trouble_is_still_to_blame() -> None:
    assert verdict_on(Kind(errors=0.6), Kind(errors=0.15)).trigger is Trigger.P0


def test_with_too_little_of_the_baseline_to_compare_a_level_crossed_is_enough_and_the_reason_says_so() -> None:
    evidence = seen([Minute(Kind(errors=0.3), baseline_units=0.0)] * HOUR)

    decision = judged(evidence, HOUR, at(5))

    assert decision.trigger is Trigger.P0
    assert all(", with too little of the baseline to compare; odds" in reason for reason in decision.reasons)


def test_the_reason_says_how_bad_over_how_many_units_and_how_sure() -> None:
    decision = verdict_on(Kind(errors=0.6), minutes=2)

    assert decision.reasons[0].startswith(
        "success_rate: 40.0% over the last 300 units, worse than the baseline; odds "
    )
    assert decision.reasons[0].endswith(" to 1 against chance")


def test_the_reason_tells_a_mean_in_seconds_and_a_quantile_by_who_takes_longer() -> None:
    mean, quantile = verdict_on(Kind(took_s=3.0)), verdict_on(Kind(slow=0.2, slow_s=7.0))

    assert mean.reasons[0].startswith("mean_synthesis: 3.00 s over")
    assert "p95_synthesis: 20.0% take longer than 5 s over" in "\n".join(quantile.reasons)


def test_a_late_fault_is_noticed_as_soon_as_an_early_one() -> None:
    """Five good hours excuse no one."""
    early = _minutes_until_alarm([])
    late = _minutes_until_alarm([Minute()] * 5 * HOUR)

    assert early == late < 10


def _minutes_until_alarm(before: list[Minute]) -> int:
    for minutes in count(1):
        evidence = seen([*before, *[Minute(Kind(errors=0.2))] * minutes])
        if judged(evidence, len(before) + minutes).verb is not None:
            return minutes
    raise AssertionError("unreachable")


def test_a_stage_stepped_back_to_is_never_one_in_which_more_hear_the_candidate() -> None:
    """From a tenth of production the stage before is everybody, and from a quarter of three half of one."""
    plan, evidence = chirp3(), seen([Minute(Kind(errors=0.08))] * HOUR)
    now_s = NOON_S + HOUR * SLOT_S

    landed = {}
    for place in plan.places():
        state = at(place.stage, place.step)
        if state.routing.share_ppm == 0:
            continue
        decision = decide(plan, state, evidence, now_s)
        assert decision.verb is Verb.STEP_BACK
        landed[place] = decided(state, decision.verb, "", plan, now_s).place

    assert landed == {
        Place(1, 0): Place(0, 0),
        Place(2, 0): Place(1, 0),
        Place(3, 0): Place(1, 0),
        Place(4, 0): Place(3, 0),
        Place(5, 0): Place(4, 0),
        Place(6, 0): Place(1, 0),
        Place(6, 1): Place(3, 0),
        Place(6, 2): Place(4, 0),
    }


def test_a_first_stage_that_serves_the_candidate_goes_back_altogether() -> None:
    plan = replace(chirp3(), stages=chirp3().stages[4:])
    evidence = seen([Minute(Kind(errors=0.08))] * HOUR, plan=plan)

    decision = decide(plan, at(0, plan=plan), evidence, NOON_S + HOUR * SLOT_S)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P1)
    assert decision.reasons[-1] == "no earlier stage lets fewer hear the candidate: there is nowhere to go but off"


def test_after_the_most_step_backs_a_person_must_look() -> None:
    evidence = seen([Minute(Kind(errors=0.08))] * HOUR)
    twice, thrice = (replace(at(ALL_AT_HALF), step_backs=number) for number in (2, 3))

    assert judged(evidence, HOUR, twice).verb is Verb.STEP_BACK
    decision = judged(evidence, HOUR, thrice)
    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P1)
    assert decision.reasons[-1] == "stepped back 3 times already: a person must look"


def test_alarms_go_before_a_source_that_has_failed_since() -> None:
    evidence = replace(seen([Minute(Kind(errors=0.5))] * HOUR), trouble="connection refused")

    assert judged(evidence, HOUR).verb is Verb.ROLL_BACK


def test_an_alarm_asks_to_be_looked_at_again_a_slot_later() -> None:
    assert verdict_on(Kind(errors=0.5)).wake_at_s == NOON_S + (HOUR + 1) * SLOT_S


def test_characters_are_watched_only_where_they_are_eligible() -> None:
    only = frozenset({SEVERAL[0]})
    evidence = seen([Minute(apart={SEVERAL[1]: Kind(errors=0.9)})] * HOUR, eligible=only)

    assert {scope for _, scope in evidence.watches} == {OVERALL, SEVERAL[0]}
    assert judged(evidence, HOUR).verb is None
