"""What rings, how gravely, and whom it blames, on the levels themselves: with evidence made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from segue.core.decide import Decision, Trigger, alarms, decide
from segue.core.detect import Detector, Run
from segue.core.evidence import OVERALL, Evidence, Watch, nothing_yet
from segue.core.gates import Gate, Metric
from segue.core.plan import Plan
from segue.core.rollout import RolloutState, Verb
from segue.core.speech import Arm
from segue.core.windows import Tally
from support.rollouts import NOON_S, SLOT_S, at, chirp3

ALL_AT_HALF = 4


def certain(gate: Gate, run: Run, scope: str = OVERALL) -> Evidence:
    """As if detectors had gathered all they ever can on this run."""
    detector = Detector((20.0,), (run,))
    return replace(nothing_yet(NOON_S), watches={(gate.metric, scope): Watch(detector, detector)})


def is_grave(gate: Gate, run: Run) -> bool:
    (alarm,) = alarms(replace(chirp3(), gates=(gate,)), certain(gate, run))
    return alarm.grave


ERRORS = Gate(Metric.ERROR_RATE, step_back=0.05, roll_back=0.1)
SUCCESS = Gate(Metric.SUCCESS_RATE, step_back=0.9, roll_back=0.75)
MEAN = Gate(Metric.MEAN_SYNTHESIS, step_back=2.0, roll_back=5.0)
HALF = Gate(Metric.P50_SYNTHESIS, step_back=5.0, roll_back=10.0)
LAST = Gate(Metric.P95_SYNTHESIS, step_back=5.0, roll_back=10.0)


@pytest.mark.parametrize(
    ("gate", "on_the_level", "beyond"),
    [
        (ERRORS, Run(10.0, 0.0, 100.0, 100.0), Run(11.0, 0.0, 100.0, 100.0)),
        (SUCCESS, Run(25.0, 0.0, 100.0, 100.0), Run(26.0, 0.0, 100.0, 100.0)),
        (MEAN, Run(25.0, 0.0, 100.0, 100.0), Run(26.0, 0.0, 100.0, 100.0)),
        (HALF, Run(60.0, 50.0, 100.0, 100.0), Run(60.0, 51.0, 100.0, 100.0)),
        (LAST, Run(20.0, 4.0, 100.0, 100.0), Run(20.0, 6.0, 100.0, 100.0)),
    ],
    ids=lambda value: value.metric if isinstance(value, Gate) else "",
)
def test_only_beyond_the_graver_level_is_an_alarm_grave(gate: Gate, on_the_level: Run, beyond: Run) -> None:
    assert is_grave(gate, on_the_level) is False
    assert is_grave(gate, beyond) is True
    assert is_grave(replace(gate, roll_back=None), beyond) is False


def others(units: float, errors: float) -> Decision:
    """Where pip_boy's errors have rung and the others did so lately."""
    evidence = certain(ERRORS, Run(30.0, 0.0, 100.0, 100.0), "pip_boy")
    recent = {
        (Arm.CANDIDATE, "vault_dweller"): Tally(units=units, errors=errors),
        (Arm.CANDIDATE, "pip_boy"): Tally(),
    }
    plan = replace(chirp3(), gates=(ERRORS,))
    return decide(plan, at(ALL_AT_HALF), replace(evidence, recent=recent), NOON_S)


def test_the_others_are_heard_enough_at_twenty_units_and_well_up_to_the_level() -> None:
    assert others(19.9, 0.0).verb is Verb.ROLL_BACK
    assert others(20.0, 0.0).verb is Verb.HOLD_BACK
    assert others(100.0, 5.0).verb is Verb.HOLD_BACK
    assert others(100.0, 5.1).verb is Verb.ROLL_BACK


@pytest.mark.parametrize("log_e", [chirp3().statistics.alarm_log_e, 11.5])
def test_an_alarm_rings_when_both_detectors_reach_the_plans_odds(log_e: float) -> None:
    enough = log_e == chirp3().statistics.alarm_log_e
    full, this = (Detector((gathered,), (Run(30.0, 0.0, 100.0, 20.0),)) for gathered in (20.0, log_e))
    unheard = Detector((20.0,), (Run(30.0, 0.0, 100.0, 19.9),))

    for watch in (Watch(full, this), Watch(this, full)):
        found = alarms(chirp3(), replace(nothing_yet(NOON_S), watches={(Metric.ERROR_RATE, OVERALL): watch}))
        assert bool(found) is enough
    alone = alarms(
        chirp3(), replace(nothing_yet(NOON_S), watches={(Metric.ERROR_RATE, OVERALL): Watch(unheard, this)})
    )
    assert [alarm.compared for alarm in alone] == [False]


def test_odds_beyond_all_belief_are_not_told_to_the_last_digit() -> None:
    detector = Detector((90.0,), (Run(30.0, 0.0, 100.0, 100.0),))
    watch = Watch(detector, detector)
    evidence = replace(nothing_yet(NOON_S), watches={(Metric.ERROR_RATE, OVERALL): watch})

    decision = decide(chirp3(), at(ALL_AT_HALF), evidence, NOON_S)

    assert decision.reasons[0].endswith(f"; odds {math.exp(50.0):,.0f} to 1 against chance")


def mildly(state: RolloutState, plan: Plan) -> Decision:
    """Where errors have rung between the levels."""
    return decide(plan, state, certain(ERRORS, Run(7.0, 0.0, 100.0, 100.0)), NOON_S)


def test_whatever_an_alarm_leads_to_is_looked_at_again_a_slot_later_and_reads_no_gate_for_going_on() -> None:
    only_errors = replace(chirp3(), gates=(ERRORS,))
    no_milder = replace(only_errors, stages=only_errors.stages[ALL_AT_HALF:])
    half = at(ALL_AT_HALF)

    decisions = [
        others(20.0, 0.0),
        others(0.0, 0.0),
        mildly(half, only_errors),
        mildly(replace(half, step_backs=3), only_errors),
        mildly(at(0, plan=no_milder), no_milder),
    ]

    assert [(decision.verb, decision.trigger) for decision in decisions] == [
        (Verb.HOLD_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P0),
        (Verb.STEP_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P1),
        (Verb.ROLL_BACK, Trigger.P1),
    ]
    assert {(decision.wake_at_s, decision.readings) for decision in decisions} == {(NOON_S + SLOT_S, ())}
