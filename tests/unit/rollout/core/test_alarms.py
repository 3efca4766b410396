"""Which levels count as crossed: how much evidence, for how long, how gravely, and against which baseline."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from segue.rollout.core.alarms import Alarm, alarms
from segue.rollout.core.detect import GRAVE_ODDS, EvidenceRun, Watch, grave_by_rate
from segue.rollout.core.evidence import LISTENERS_PART, OVERALL, Evidence, absorbed, alarm_log_e, nothing_yet
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan
from support.evidence import BELIEVED, ERRORS, certain, told
from support.rollouts import Kind, Minute, chirp3, seen

SUCCESS = Gate(GateMetric.SUCCESS_RATE, step_back=0.9, roll_back=0.75)
MEAN = Gate(GateMetric.MEAN_SYNTHESIS, step_back=2.0, roll_back=5.0)
HALF = Gate(GateMetric.P50_SYNTHESIS, step_back=5.0, roll_back=10.0)
LAST = Gate(GateMetric.P95_SYNTHESIS, step_back=5.0, roll_back=10.0)
FAILING = EvidenceRun(bad=30.0, severe=30.0, trials=100.0, lasted_s=60.0)


def plan_of(*gates: Gate) -> Plan:
    return replace(chirp3(), gates=gates)


def ringing(evidence: Evidence, gate: Gate = ERRORS) -> list[Alarm]:
    return alarms(plan_of(gate), evidence)


# How much evidence


def test_the_false_alarms_of_a_plan_are_shared_by_its_gates_half_for_everybody_half_for_one_character() -> None:
    """10,000 slots between false alarms, three quarters of units; six gates can raise one."""
    plan = chirp3()

    assert len(plan.watched_gates) == 6
    assert alarm_log_e(plan, OVERALL, 14) == pytest.approx(math.log(10_000 * 12 / 0.75))
    assert alarm_log_e(plan, "ghoul", 14) == pytest.approx(math.log(10_000 * 12 * 14 / 0.75))
    assert alarm_log_e(plan, "ghoul", 0) == alarm_log_e(plan, "ghoul", 1) == alarm_log_e(plan, OVERALL, 0)
    of_all = 6 / math.exp(alarm_log_e(plan, OVERALL, 14)) + 6 * 14 / math.exp(alarm_log_e(plan, "ghoul", 14))
    assert of_all == pytest.approx(0.75 / 10_000)
    listeners = alarm_log_e(plan, OVERALL, 14, LISTENERS_PART)
    assert listeners == pytest.approx(math.log(10_000 * 12 / 0.25)), "the rest is of listeners"


@pytest.mark.parametrize(("scope", "characters"), [(OVERALL, 1), ("pip_boy", 3)])
def test_a_scope_rings_when_its_evidence_reaches_what_the_plan_says(scope: str, characters: int) -> None:
    enough = math.log(10_000 * 2 * characters / 0.75)

    assert ringing(certain(ERRORS, FAILING, scope, log_e=enough - 1e-9)) == []
    (alarm,) = ringing(certain(ERRORS, FAILING, scope, log_e=enough + 1e-9))
    assert (alarm.gate, alarm.scope, alarm.run, alarm.boundary) == (ERRORS, scope, FAILING, 0.05)
    assert alarm.log_e == pytest.approx(enough)


def test_a_gate_hears_its_own_watches_alone() -> None:
    assert ringing(certain(SUCCESS, FAILING)) == []
    assert len(alarms(plan_of(ERRORS, SUCCESS), certain(SUCCESS, FAILING))) == 1
    assert alarms(plan_of(Gate(GateMetric.ERROR_RATE, 0.01)), certain(ERRORS, FAILING)) == []


def test_the_best_way_is_told_of_all_that_gathered_evidence() -> None:
    (weak,) = certain(ERRORS, replace(FAILING, bad=7.0), log_e=1.0).watches.values()
    evidence = certain(ERRORS, FAILING, log_e=20.0)
    (strong,) = evidence.watches.values()
    both = Watch((*weak.ways, *strong.ways))

    (alarm,) = ringing(replace(evidence, watches={(GateMetric.ERROR_RATE, OVERALL): both}))

    assert alarm.run == FAILING
    assert alarm.log_e == pytest.approx(20.0 - math.log(2.0), abs=1e-6)


# For how long


def test_trouble_shorter_than_the_plan_says_is_a_blip_however_certain() -> None:
    assert ringing(certain(ERRORS, replace(FAILING, lasted_s=29.9))) == []
    assert len(ringing(certain(ERRORS, replace(FAILING, lasted_s=30.0)))) == 1


def test_a_blip_is_told_from_the_parts_of_a_slot_in_which_anything_failed() -> None:
    """Dead for 10 s of a minute, for 30 s, and where the source cannot tell."""
    minute = Minute(Kind(errors=0.5))
    slot = minute.slot(0.0)

    def after(parts: int) -> list[Alarm]:
        tallies = {key: replace(tally, parts=parts) for key, tally in slot.tallies.items()}
        return alarms(chirp3(), absorbed(nothing_yet(0.0), replace(slot, tallies=tallies), chirp3(), None))

    assert after(0b000100) == []
    assert after(0b000110) == []
    assert {alarm.run.lasted_s for alarm in after(0b010110)} == {30.0}
    assert {alarm.run.lasted_s for alarm in after(0)} == {60.0}


# How gravely


def grave(gate: Gate, run: EvidenceRun) -> bool:
    (alarm,) = ringing(certain(gate, run), gate)
    return alarm.grave


@pytest.mark.parametrize(
    ("gate", "on_the_level", "beyond"),
    [
        (ERRORS, replace(FAILING, severe=13.0), replace(FAILING, severe=15.0)),
        (SUCCESS, replace(FAILING, severe=30.0), replace(FAILING, severe=33.0)),
        (MEAN, replace(FAILING, bad=25.0), replace(FAILING, bad=26.0)),
        (HALF, replace(FAILING, severe=55.0), replace(FAILING, severe=59.0)),
        (LAST, replace(FAILING, severe=7.0), replace(FAILING, severe=9.0)),
    ],
    ids=lambda value: value.metric if isinstance(value, Gate) else "",
)
def test_only_what_lies_beyond_the_graver_level_with_some_odds_is_grave(
    gate: Gate, on_the_level: EvidenceRun, beyond: EvidenceRun
) -> None:
    assert grave(gate, on_the_level) is False
    assert grave(gate, beyond) is True
    assert grave(replace(gate, roll_back=None), beyond) is False
    assert grave(replace(gate, step_back=None), on_the_level) is True


def test_the_odds_of_a_grave_run_are_those_against_the_graver_level() -> None:
    """A run is the worst stretch of many: a few failures above 10 % are no proof of more than 10 %."""

    def odds(severe: float, trials: float) -> float:
        rate = (severe + 0.5) / (trials + 1.0)
        return math.pow(rate / 0.1, severe) * math.pow((1.0 - rate) / 0.9, trials - severe)

    for trials in (*map(float, range(1, 40)), 200.0):
        for severe in range(1, int(trials) + 1):
            above = severe > 0.1 * trials and odds(severe, trials) >= GRAVE_ODDS
            assert grave_by_rate(EvidenceRun(severe=float(severe), trials=trials), 0.1) is above
    assert grave_by_rate(EvidenceRun(), 0.1) is False


# Whose


def test_an_alarm_is_the_candidates_where_the_comparison_accuses() -> None:
    (just,) = ringing(told(certain(ERRORS, FAILING), log_e=BELIEVED, other_trials=0.0))
    (short,) = ringing(told(certain(ERRORS, FAILING), log_e=BELIEVED - 1e-9, other_trials=5.0))

    assert (just.worse, just.alone) == (True, False)
    assert (short.worse, short.alone) == (False, False)


def test_an_alarm_is_alone_where_the_baseline_was_heard_less_than_the_plan_asks() -> None:
    (alone,) = ringing(told(certain(ERRORS, FAILING), log_e=0.0, other_trials=4.9))

    assert (alone.worse, alone.alone) == (False, True)


def test_where_nothing_is_wrong_nothing_rings() -> None:
    assert alarms(chirp3(), seen([Minute()] * 30)) == []
