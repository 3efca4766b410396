"""The tables of rollback triggers, line by line, with the gates of the plan that ships.

P0 takes everything back at once; P1 takes one stage back, or one character where the trouble is confined to it.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import count

import pytest

from segue.rollout.core.alarms import alarms
from segue.rollout.core.decide import Decision, Trigger, decide
from segue.rollout.core.detect import EvidenceRun
from segue.rollout.core.evidence import OVERALL, Evidence, absorbed, unwatched
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Place
from segue.rollout.core.rollout import Phase, RolloutState, Verb, decided
from support.evidence import ERRORS, certain, told
from support.reasons import english
from support.rollouts import HEALTHY, NOON_S, SEVERAL, SLOT_S, Kind, Minute, at, chirp3, seen

ALL_AT_HALF = 4
HOUR = 60


def verdict_on(candidate: Kind, baseline: Kind = HEALTHY, *, minutes: int = HOUR) -> Decision:
    """What is decided half-way through stage 4, after ``minutes`` like this."""
    return judged(seen([Minute(candidate, baseline)] * minutes), minutes)


def judged(evidence: Evidence, minutes: int, state: RolloutState | None = None) -> Decision:
    return decide(chirp3(), state or at(ALL_AT_HALF), evidence, NOON_S + minutes * SLOT_S)


def accused(candidate: Kind, *, grave: bool) -> set[GateMetric]:
    """The gates that ring over all characters."""
    ringing = alarms(chirp3(), seen([Minute(candidate)] * HOUR))
    return {alarm.gate.metric for alarm in ringing if alarm.scope == OVERALL and alarm.grave is grave}


def test_p0_an_error_rate_above_10_percent_takes_everything_back() -> None:
    failing = Kind(errors=0.13)

    decision = verdict_on(failing)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(failing, grave=True) == {GateMetric.ERROR_RATE, GateMetric.SUCCESS_RATE}


def test_p0_a_mean_above_5_seconds_takes_everything_back() -> None:
    slow = Kind(took_s=6.0)

    decision = verdict_on(slow)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(slow, grave=True) == {GateMetric.MEAN_SYNTHESIS}


def test_p0_a_p95_above_10_seconds_takes_everything_back() -> None:
    slow_at_the_end = Kind(slow=0.09, slow_s=12.0)

    decision = verdict_on(slow_at_the_end)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert accused(slow_at_the_end, grave=True) == {GateMetric.P95_SYNTHESIS}


def test_p0_a_fallback_rate_above_20_percent_takes_everything_back() -> None:
    """Handed on before the engine was asked: no error, but the listener heard the other voice."""
    turned_away = Kind(refused=0.3)

    decision = verdict_on(turned_away)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert GateMetric.FALLBACK_RATE in accused(turned_away, grave=True)


def test_p0_a_service_unavailable_takes_everything_back() -> None:
    dead = Kind(errors=1.0, unserved=1.0)

    decision = verdict_on(dead, minutes=1)

    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert GateMetric.UNSERVED_RATE in accused(dead, grave=True)


def test_p0_success_below_90_percent_takes_everything_back() -> None:
    turned_away = Kind(refused=0.13)

    assert verdict_on(turned_away).trigger is Trigger.P0
    assert accused(turned_away, grave=True) == {GateMetric.SUCCESS_RATE}


def test_p1_an_error_rate_of_5_to_10_percent_goes_back_one_stage() -> None:
    failing = Kind(errors=0.08)

    decision = verdict_on(failing)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(failing, grave=False) == {GateMetric.ERROR_RATE, GateMetric.FALLBACK_RATE}
    assert accused(failing, grave=True) == set()


def test_p1_an_error_rate_little_above_5_percent_is_noticed_too() -> None:
    evidence = seen([Minute(Kind(errors=0.06), candidate_units=300.0)] * HOUR)

    assert judged(evidence, HOUR).verb is Verb.STEP_BACK


def test_p1_a_mean_of_2_to_5_seconds_goes_back_one_stage() -> None:
    slow = Kind(took_s=3.0)

    decision = verdict_on(slow)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(slow, grave=False) == {GateMetric.MEAN_SYNTHESIS}


def test_p1_a_p95_of_5_to_10_seconds_goes_back_one_stage() -> None:
    slow_at_the_end = Kind(slow=0.09, slow_s=7.0)

    decision = verdict_on(slow_at_the_end)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(slow_at_the_end, grave=False) == {GateMetric.P95_SYNTHESIS}


def test_p1_a_fallback_rate_of_5_to_20_percent_goes_back_one_stage() -> None:
    turned_away = Kind(refused=0.08)

    decision = verdict_on(turned_away)

    assert (decision.verb, decision.trigger) == (Verb.STEP_BACK, Trigger.P1)
    assert accused(turned_away, grave=False) == {GateMetric.FALLBACK_RATE}


FIRST_AUDIO = Gate(GateMetric.P95_FIRST_AUDIO, target=1.0, step_back=1.0, roll_back=2.0)
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
    assert english(decision)[0].startswith("p95_first_audio: 20.0% take longer than 1 s over the last ")
    assert " streams, worse than the baseline in the same time; odds " in english(decision)[0]


def test_streams_that_begin_late_on_both_arms_are_nobodys_fault() -> None:
    late = Kind(streamed=0.5, late=0.2)

    assert on_streams(late, late).verb is None


def test_streams_of_the_candidate_alone_accuse_nobody_and_hold() -> None:
    """The baseline has no stream: what is too late by the level may be so for both."""
    decision = on_streams(Kind(streamed=0.5, late=0.2), Kind())

    assert (decision.verb, decision.trigger) == (None, None)
    assert "but the baseline had too little traffic in that time for a comparison" in english(decision)[0]
    assert "holding" in english(decision)[0]


def test_streams_that_begin_soon_let_the_rollout_go_on() -> None:
    assert on_streams(Kind(streamed=0.5), minutes=7 * 24 * HOUR).verb is Verb.ADVANCE


def test_no_streams_hold_a_plan_with_a_gate_on_the_first_audio() -> None:
    decision = on_streams(HEALTHY, minutes=7 * 24 * HOUR)

    assert decision.verb is None
    assert english(decision) == ("p95_first_audio: no stream yet",)


def test_late_streams_of_one_character_take_that_one_back_whether_or_not_others_have_streams() -> None:
    """Of others without a stream nothing is known; that accuses them of nothing."""
    late = {"pip_boy": Kind(streamed=0.5, late=0.5)}

    confined = on_streams(Kind(streamed=0.5), Kind(streamed=0.5), apart=late)
    unknown = on_streams(HEALTHY, Kind(streamed=0.5), apart=late)

    assert (confined.verb, confined.character) == (Verb.HOLD_BACK, "pip_boy")
    assert (unknown.verb, unknown.character) == (Verb.HOLD_BACK, "pip_boy")


@pytest.mark.parametrize("errors", [0.08, 0.5])
def test_p1_trouble_confined_to_one_character_takes_that_character_alone_back(errors: float) -> None:
    evidence = seen([Minute(apart={"vault_dweller": Kind(errors=errors)})] * HOUR)

    decision = judged(evidence, HOUR)

    assert (decision.verb, decision.trigger) == (Verb.HOLD_BACK, Trigger.P1)
    assert decision.character == "vault_dweller"
    assert english(decision)[-1] == "the trouble is confined to vault_dweller; the other characters continue"
    assert all(" of vault_dweller: " in reason for reason in english(decision)[:-1])


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
    assert verdict_on(outage.shared(), outage).verb is None


def test_a_candidate_worse_than_a_baseline_in_trouble_is_still_to_blame() -> None:
    assert verdict_on(Kind(errors=0.6), Kind(errors=0.15)).trigger is Trigger.P0


FAILING_ALONE = Minute(Kind(errors=0.3), baseline_units=0.0)
TOLD_BY_NOBODY = replace(FAILING_ALONE, fallback=False)


def test_where_nobody_hears_the_baseline_what_it_did_for_the_candidates_failures_tells() -> None:
    """At 100 %: it rescued all of them, or failed as well."""
    rescued = judged(seen([FAILING_ALONE] * HOUR), HOUR, at(5))
    dead = replace(FAILING_ALONE, candidate=Kind(errors=1.0).shared())
    lost = judged(seen([dead] * HOUR), HOUR, at(5))

    assert rescued.trigger is Trigger.P0
    assert all(", worse than the baseline in the same time; odds" in reason for reason in english(rescued))
    assert lost.verb is None
    assert all(
        "not enough evidence that it is worse" in reason for reason in english(lost) if "unserved" not in reason
    )


def alone(after_s: float | None, *, minutes: int = HOUR) -> Decision:
    """At 100 % without a fallback: no baseline at all."""
    plan = replace(chirp3(), policy=replace(chirp3().policy, alone_after_s=after_s))
    return decide(plan, at(5), seen([TOLD_BY_NOBODY] * minutes), NOON_S + minutes * SLOT_S)


def test_an_alarm_that_no_baseline_can_confirm_or_deny_holds_for_as_long_as_the_plan_says() -> None:
    for_good, hour, sooner = alone(None), alone(3600.0), alone(3601.0)

    assert (for_good.verb, sooner.verb) == (None, None)
    assert (hour.verb, hour.trigger) == (Verb.ROLL_BACK, Trigger.P0)
    assert english(for_good)[0].startswith(
        "success_rate: 70.0% over the last 9000 units, but the baseline had too little traffic"
    )
    assert english(for_good)[0].endswith(": holding, as long as it lasts (policy.when_alone); you can roll back")
    assert english(sooner)[0].endswith(": holding; rolls back when it has lasted 3601 s")
    assert sooner.wake_at_s == NOON_S + (HOUR + 1) * SLOT_S


@pytest.mark.parametrize("minutes", [HOUR + 1, 2 * HOUR, 6 * HOUR])
def test_what_nobody_can_tell_is_not_acted_upon_when_it_is_over(minutes: int) -> None:
    """Its evidence sinks slowly: an hour of it rings for longer, and has lasted an hour all the same."""
    plan = replace(chirp3(), policy=replace(chirp3().policy, alone_after_s=HOUR * SLOT_S + 1.0))
    silence = replace(TOLD_BY_NOBODY, candidate=replace(TOLD_BY_NOBODY.candidate, errors=0.0))
    evidence = seen([TOLD_BY_NOBODY] * HOUR + [silence] * (minutes - HOUR))

    assert decide(plan, at(5), evidence, NOON_S + minutes * SLOT_S).verb is None


@pytest.mark.parametrize(("nobody_watched", "verb"), [(True, None), (False, Verb.ROLL_BACK)])
def test_a_time_that_nobody_watched_is_no_time_that_trouble_has_lasted(
    nobody_watched: bool, verb: Verb | None
) -> None:
    """Ten minutes of trouble, then three hours without metrics, or a clock that was set forward by as much."""
    plan = replace(chirp3(), policy=replace(chirp3().policy, alone_after_s=7200.0))
    before, after_s = seen([TOLD_BY_NOBODY] * 10), NOON_S + 10 * SLOT_S + SEEN_FOR_S
    slots = [TOLD_BY_NOBODY.slot(after_s + minute * SLOT_S) for minute in range(2)]
    evidence = absorbed(unwatched(before) if nobody_watched else before, slots[0], plan, None)
    evidence = absorbed(evidence, slots[1], plan, None)

    assert decide(plan, at(5), evidence, slots[1].end_s).verb is verb
    assert {alarm.lasted_s for alarm in alarms(plan, evidence)} == {
        12 * SLOT_S + (0.0 if nobody_watched else SEEN_FOR_S)
    }


SEEN_FOR_S = 3.0 * 3600.0


def after_hours_alone(gate: Gate, run: EvidenceRun, scope: str, *, fallback: bool = True) -> Decision:
    """Of an alarm that has rung for three hours without any baseline, where two would be enough to go back."""
    plan = replace(chirp3(), policy=replace(chirp3().policy, alone_after_s=7200.0))
    evidence = told(certain(gate, replace(run, since_s=NOON_S - SEEN_FOR_S), scope), log_e=0.0, other_trials=0.0)
    state = at(ALL_AT_HALF)
    return decide(plan, replace(state, routing=replace(state.routing, fallback=fallback)), evidence, NOON_S)


ONE_ALONE = EvidenceRun(bad=30.0, severe=30.0, trials=30.0, lasted_s=SEEN_FOR_S, rest_trials=400.0)


@pytest.mark.parametrize(("rest_bad", "taken"), [(0.0, True), (20.0, True), (20.1, False), (400.0, False)])
def test_a_character_that_no_baseline_was_heard_beside_is_not_to_blame_for_everybodys_trouble(
    rest_bad: float, taken: bool
) -> None:
    """The level lies at 5 %. Of an outage of both arms with a tenth of the listeners on the baseline everybody's
    alarm sees enough of them, and accuses nobody; no single character does.
    """
    found = after_hours_alone(ERRORS, replace(ONE_ALONE, rest_bad=rest_bad), "pip_boy")

    assert (found.verb is not None) is taken
    if not taken:
        assert english(found)[0].endswith(": holding")


def test_who_was_handed_on_and_heard_nothing_was_failed_by_both_arms() -> None:
    """No listener of the baseline was heard in three hours, and yet it was tried each time."""
    unserved = Gate(GateMetric.UNSERVED_RATE, roll_back=0.5)

    both = after_hours_alone(unserved, ONE_ALONE, OVERALL)
    fallback_off = after_hours_alone(unserved, ONE_ALONE, OVERALL, fallback=False)

    assert both.verb is None
    assert english(both)[0].endswith(": holding")
    assert fallback_off.verb is Verb.ROLL_BACK
    assert after_hours_alone(ERRORS, ONE_ALONE, OVERALL).verb is Verb.ROLL_BACK


def test_while_it_rings_and_cannot_be_told_nothing_goes_on() -> None:
    evidence = replace(seen([TOLD_BY_NOBODY] * HOUR), held_s=1e9)
    waiting = replace(at(5), phase=Phase.AWAITING_APPROVAL, approved=Place(6, 0))
    resting = replace(at(5), phase=Phase.FINISHED)

    assert judged(evidence, HOUR, at(5)).verb is None
    assert judged(evidence, HOUR, waiting).verb is None
    assert english(judged(evidence, HOUR, resting)) == ("the rollout is finished; alarms still take effect",)
    assert judged(evidence, HOUR, replace(at(5), entered_at_s=NOON_S - 1e7)).stuck


def test_the_reason_says_how_bad_over_how_many_units_and_how_sure() -> None:
    decision = verdict_on(Kind(errors=0.6), minutes=2)

    assert english(decision)[0].startswith(
        "success_rate: 40.0% over the last 300 units, worse than the baseline in the same time; odds "
    )
    assert english(decision)[0].endswith(" to 1 against chance")


def test_the_reason_tells_a_mean_in_seconds_and_a_quantile_by_who_takes_longer() -> None:
    mean, quantile = verdict_on(Kind(took_s=3.0)), verdict_on(Kind(slow=0.2, slow_s=7.0))

    assert english(mean)[0].startswith("mean_synthesis: 3.00 s over")
    assert "p95_synthesis: 20.0% take longer than 5 s over" in "\n".join(english(quantile))


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
    assert (
        english(decision)[-1]
        == "in no earlier stage do fewer listeners hear the candidate: rolling back instead of stepping back"
    )


def test_after_the_most_step_backs_a_person_must_look() -> None:
    evidence = seen([Minute(Kind(errors=0.08))] * HOUR)
    twice, thrice = (replace(at(ALL_AT_HALF), step_backs=number) for number in (2, 3))

    assert judged(evidence, HOUR, twice).verb is Verb.STEP_BACK
    decision = judged(evidence, HOUR, thrice)
    assert (decision.verb, decision.trigger) == (Verb.ROLL_BACK, Trigger.P1)
    assert english(decision)[-1] == "already stepped back 3 times: a person must decide"


def test_alarms_go_before_a_source_that_has_failed_since() -> None:
    evidence = replace(seen([Minute(Kind(errors=0.5))] * HOUR), trouble="connection refused")

    assert judged(evidence, HOUR).verb is Verb.ROLL_BACK


def test_an_alarm_asks_to_be_looked_at_again_a_slot_later() -> None:
    assert verdict_on(Kind(errors=0.5)).wake_at_s == NOON_S + (HOUR + 1) * SLOT_S


def test_characters_are_watched_only_where_they_are_eligible() -> None:
    only = frozenset({SEVERAL[0]})
    minute = Minute(apart={SEVERAL[0]: Kind(errors=0.07), SEVERAL[1]: Kind(errors=0.9)})
    evidence = seen([minute] * 30, eligible=only)

    assert {scope for _, scope in evidence.watches} == {OVERALL, SEVERAL[0]}
    assert judged(evidence, 30).verb is None
