"""Whose trouble it is: of one character, of several, or of everybody."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.rollout.core.alarms import alarms
from segue.rollout.core.culprits import only_culprit
from segue.rollout.core.detect import EvidenceRun, Watch
from segue.rollout.core.evidence import OVERALL, Evidence, nothing_yet
from segue.rollout.core.plan import Plan
from segue.rollout.core.windows import Slot, Tally
from support.evidence import ERRORS, certain
from support.rollouts import HEALTHY, NOON_S, Kind, Minute, chirp3, seen

PLAN: Plan = replace(chirp3(), gates=(ERRORS,))
NAMES = tuple(f"character-{number}" for number in range(10))
ALL = frozenset(NAMES)
ILL = EvidenceRun(NOON_S, bad=40.0, severe=40.0, trials=100.0, lasted_s=60.0, rest_bad=1.0, rest_trials=100.0)
RINGS, SUSPECT, CLIMBING = 20.0, 4.0, 2.0


def evidence_of(runs: dict[str, tuple[float, EvidenceRun]], heard: tuple[str, ...] = NAMES) -> Evidence:
    """Each scope with so much evidence on a run of its own; an alarm takes 10.6 over all, 12.9 of one of ten."""
    total = Slot(NOON_S, 0.0, {(Arm.CANDIDATE, name): Tally() for name in heard})
    watches: dict[tuple[str, str], Watch] = {}
    for scope, (log_e, run) in runs.items():
        watches.update(certain(ERRORS, run, scope, log_e=log_e).watches)
    return replace(nothing_yet(NOON_S), total=total, watches=watches)


def culprit(evidence: Evidence, eligible: frozenset[str] = ALL) -> str | None:
    return only_culprit(PLAN, evidence, eligible, alarms(PLAN, evidence))


def test_a_character_accused_by_itself_goes_where_the_others_are_well() -> None:
    assert culprit(evidence_of({NAMES[3]: (RINGS, ILL)})) == NAMES[3]


def test_where_the_others_are_beyond_the_level_as_well_it_is_everybodys() -> None:
    assert culprit(evidence_of({NAMES[3]: (RINGS, replace(ILL, rest_bad=5.0))})) == NAMES[3]
    assert culprit(evidence_of({NAMES[3]: (RINGS, replace(ILL, rest_bad=5.1))})) is None


@pytest.mark.parametrize("trials", [0.0, 1.0, 19.9])
def test_where_the_others_were_hardly_heard_a_character_accused_by_itself_goes_alone(trials: float) -> None:
    assert culprit(evidence_of({NAMES[3]: (RINGS, replace(ILL, rest_bad=0.0, rest_trials=trials))})) == NAMES[3]


def everybody(rest_bad: float, rest_trials: float, **suspects: float) -> Evidence:
    """An alarm over all, of which the suspects' runs take a part and the others have so many cases."""
    bad, trials = rest_bad + 10.0 * len(suspects), rest_trials + 15.0 * len(suspects)
    runs = {OVERALL: (RINGS, EvidenceRun(NOON_S, bad, bad, trials, 60.0))}
    for name, log_e in suspects.items():
        runs[name.replace("_", "-")] = (log_e, EvidenceRun(NOON_S, 10.0, 10.0, 15.0, 60.0))
    return evidence_of(runs)


def test_a_rare_character_is_taken_back_by_everybodys_alarm_before_its_own_rings() -> None:
    assert culprit(everybody(1.0, 60.0, character_3=SUSPECT)) == NAMES[3]


def test_a_character_is_suspected_from_a_quarter_of_what_its_alarm_takes() -> None:
    """Log of 10,000 slots, three quarters of two halves, ten characters: 12.5."""
    quarter = 12.4938 / 4

    assert culprit(everybody(1.0, 60.0, character_3=quarter + 0.001)) == NAMES[3]
    assert culprit(everybody(1.0, 60.0, character_3=quarter - 0.001)) is None
    assert culprit(everybody(1.0, 60.0, character_3=CLIMBING)) is None


@pytest.mark.parametrize(("trials", "found"), [(20.0, NAMES[3]), (19.9, None)])
def test_of_everybodys_alarm_nobody_is_the_culprit_unless_the_others_are_known_to_be_well(
    trials: float, found: str | None
) -> None:
    assert culprit(everybody(0.0, trials, character_3=SUSPECT)) == found


def test_of_everybodys_alarm_nobody_is_the_culprit_where_the_others_are_ill() -> None:
    assert culprit(everybody(3.0, 60.0, character_3=SUSPECT)) == NAMES[3]
    assert culprit(everybody(3.1, 60.0, character_3=SUSPECT)) is None


def test_of_several_the_one_that_is_surest_goes_first() -> None:
    evidence = everybody(1.0, 60.0, character_3=SUSPECT + 1.0, character_7=SUSPECT, character_1=SUSPECT + 0.5)

    assert culprit(evidence) == NAMES[3]


def test_a_character_is_as_suspect_as_in_the_gate_that_speaks_loudest() -> None:
    """Of two gates that have rung; the other tells more of another character."""
    success = chirp3().gates[0]
    plan = replace(PLAN, gates=(success, ERRORS))
    overall = EvidenceRun(NOON_S, 20.0, 20.0, 90.0, 60.0)
    watches: dict[tuple[str, str], Watch] = {}
    for gate, scope, log_e in (
        (success, OVERALL, RINGS),
        (ERRORS, OVERALL, RINGS),
        (success, NAMES[3], SUSPECT + 3.0),
        (ERRORS, NAMES[3], SUSPECT),
        (success, NAMES[7], SUSPECT),
        (ERRORS, NAMES[7], SUSPECT + 2.0),
    ):
        run = overall if scope == OVERALL else EvidenceRun(NOON_S, 10.0, 10.0, 15.0, 60.0)
        watches.update(certain(gate, run, scope, log_e=log_e).watches)
    evidence = replace(evidence_of({}), watches=watches)

    assert only_culprit(plan, evidence, ALL, alarms(plan, evidence)) == NAMES[3]


def test_of_a_gate_in_which_a_suspect_was_not_watched_nothing_of_it_is_taken_off() -> None:
    success = chirp3().gates[0]
    plan = replace(PLAN, gates=(success, ERRORS))
    watches = {
        **certain(success, EvidenceRun(NOON_S, 1.0, 1.0, 60.0, 60.0)).watches,
        **certain(ERRORS, ILL, NAMES[3]).watches,
    }
    evidence = replace(evidence_of({}), watches=watches)

    assert only_culprit(plan, evidence, ALL, alarms(plan, evidence)) == NAMES[3]


def test_a_character_that_rings_goes_before_one_that_is_only_suspected() -> None:
    rings = replace(ILL, rest_bad=11.0, rest_trials=100.0)
    suspected = (SUSPECT, EvidenceRun(NOON_S, 10.0, 10.0, 15.0, 60.0))

    found = evidence_of({NAMES[3]: (RINGS, rings), NAMES[9]: suspected})

    assert culprit(found) == NAMES[3]


def test_those_suspected_are_no_measure_of_how_the_others_fare() -> None:
    """Two are dead: without the second the rest of the first is well."""
    dead = replace(ILL, rest_bad=41.0, rest_trials=200.0)
    two = evidence_of({NAMES[3]: (RINGS, dead), NAMES[7]: (SUSPECT, dead)})
    one = evidence_of({NAMES[3]: (RINGS, dead), NAMES[7]: (CLIMBING, dead)})

    assert culprit(two) == NAMES[3]
    assert culprit(one) is None


@pytest.mark.parametrize(("number", "confined"), [(1, True), (5, True), (6, False), (10, False)])
def test_trouble_of_more_than_half_of_the_characters_is_everybodys(number: int, confined: bool) -> None:
    run = replace(ILL, rest_bad=40.0 * (number - 1), rest_trials=100.0 * number)
    runs = dict.fromkeys(NAMES[:number], (RINGS, run))

    assert (culprit(evidence_of(runs)) is not None) is confined


def test_of_two_characters_one_may_be_the_culprit_and_of_one_nobody() -> None:
    evidence = evidence_of({NAMES[3]: (RINGS, ILL)}, NAMES[3:5])

    assert culprit(evidence, frozenset(NAMES[3:5])) == NAMES[3]
    assert culprit(evidence, frozenset(NAMES[3:4])) is None


def test_two_of_three_characters_are_everybody() -> None:
    """Of three no more than one may be confined to."""
    runs = {name: (RINGS, replace(ILL, rest_bad=41.0, rest_trials=200.0)) for name in NAMES[:2]}

    assert culprit(evidence_of(runs, NAMES[:3]), frozenset(NAMES[:3])) is None
    assert culprit(evidence_of(runs, NAMES[:4]), frozenset(NAMES[:4])) is not None


def test_only_who_is_eligible_is_suspected() -> None:
    evidence = everybody(1.0, 60.0, character_3=SUSPECT)

    assert culprit(evidence, ALL - {NAMES[3]}) is None


def test_only_the_gates_that_rang_tell_who_is_suspected() -> None:
    other = replace(ERRORS, metric=chirp3().gates[0].metric)
    evidence = everybody(1.0, 60.0)
    watches = {**evidence.watches, **certain(other, ILL, NAMES[3], log_e=SUSPECT).watches}

    assert culprit(replace(evidence, watches=watches)) is None


# From traffic


def one_in(dead: tuple[str, ...], units: float, usual: Kind = HEALTHY) -> str | None:
    minute = Minute(usual, apart=dict.fromkeys(dead, Kind(errors=1.0)), characters=NAMES, candidate_units=units)
    evidence = seen([minute] * 10, plan=PLAN)
    return culprit(evidence)


def test_one_that_is_dead_is_told_from_nine_that_are_well() -> None:
    assert one_in(NAMES[:1], 5.0) == NAMES[0]
    assert one_in(NAMES[:1], 500.0) == NAMES[0]


def test_several_that_are_dead_are_told_from_the_others() -> None:
    assert one_in(NAMES[:3], 5.0) in NAMES[:3]


def test_everybodys_trouble_is_nobodys_alone() -> None:
    assert one_in(NAMES, 5.0) is None
    assert one_in(NAMES[:1], 50.0, usual=Kind(errors=0.3)) is None


def test_two_that_fail_and_nobody_else_to_ask_are_everybodys_trouble() -> None:
    """The others' lines are all cached, so that no engine was called for them."""
    dead = replace(ILL, bad=16.0, severe=16.0, trials=16.0, rest_bad=8.0, rest_trials=8.0)
    other = EvidenceRun(NOON_S, 8.0, 8.0, 8.0, 60.0)
    two = evidence_of({NAMES[3]: (RINGS, dead), NAMES[7]: (SUSPECT, other)})
    asked_once = evidence_of({NAMES[3]: (RINGS, replace(dead, rest_trials=9.0)), NAMES[7]: (SUSPECT, other)})

    assert culprit(two) is None
    assert culprit(asked_once) == NAMES[3]
