"""The arrays of many runs and the judge's own evidence are one arithmetic."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.core.evidence import OVERALL, absorbed, begun_anew, nothing_yet
from segue.core.speech import Arm
from segue.simulation.fold import Fold
from support.simulation import CHARACTERS, as_slot, short_plan, some_slot

if TYPE_CHECKING:
    from segue.core.detect import Detector
    from segue.core.evidence import Evidence
    from segue.core.windows import Tally

RUNS = 3
SLOTS = 40
SCOPES = (OVERALL, *CHARACTERS)


@pytest.fixture(params=range(6))
def seed(request: pytest.FixtureRequest) -> int:
    return int(request.param)


def close(ours: Detector, theirs: Detector) -> bool:
    counts = [(run.bad, run.severe, run.trials, run.baseline_trials) for run in ours.runs]
    expected = [(run.bad, run.severe, run.trials, run.baseline_trials) for run in theirs.runs]
    return bool(np.allclose(ours.log_e, theirs.log_e, atol=1e-9) and np.allclose(counts, expected, atol=1e-9))


def same_counts(ours: Tally, theirs: Tally) -> bool:
    names = ("units", "errors", "bad_audio", "fallbacks", "timed", "seconds", "streams")
    plain = np.allclose(
        [getattr(ours, name) for name in names], [getattr(theirs, name) for name in names], atol=1e-9
    )
    slower = [np.allclose(*pair, atol=1e-9) for pair in ((ours.over, theirs.over), (ours.late, theirs.late))]
    return bool(plain and all(slower))


def compare(fold: Fold, known: list[Evidence], now_s: float) -> None:
    for run, evidence in enumerate(known):
        for gate in fold.gates:
            for number, scope in enumerate(SCOPES):
                expected = evidence.watches.get((gate.gate.metric, scope))
                found = gate.watch(run, number)
                if expected is not None:
                    assert close(found.beyond, expected.beyond), (gate.gate.metric, scope)
                    assert close(found.worse, expected.worse), (gate.gate.metric, scope)
        told = fold.evidence(run, now_s)
        for key, tally in told.total.tallies.items():
            assert same_counts(tally, evidence.total.tallies[key])
        for key, tally in told.recent.items():
            assert same_counts(tally, evidence.recent[key])
        assert (told.total.hits, told.total.lookups) == pytest.approx(
            (evidence.total.hits, evidence.total.lookups)
        )


def test_every_slot_leaves_the_fold_with_the_evidence_that_the_core_has(seed: int) -> None:
    plan, dice = short_plan(), np.random.default_rng(seed)
    fold, known = Fold(plan, CHARACTERS, RUNS), [nothing_yet(0.0)] * RUNS
    bad = dice.choice([0.002, 0.04, 0.15, 0.6])
    for slot in range(SLOTS):
        drawn = {
            Arm.CANDIDATE: some_slot(dice, RUNS, dice.choice([0.0, 0.3, 8.0]), bad),
            Arm.BASELINE: some_slot(dice, RUNS, dice.choice([0.0, 5.0]), dice.choice([0.002, 0.5])),
        }
        hits = np.full(RUNS, 95.0)
        fold.step(drawn, np.full(RUNS, 100.0), hits)
        start_s = slot * 60.0
        known = [
            absorbed(evidence, as_slot(drawn, run, start_s), plan, None) for run, evidence in enumerate(known)
        ]
        compare(fold, known, start_s + 60.0)


def test_a_new_step_begins_with_empty_totals_and_detectors_that_remember(seed: int) -> None:
    plan, dice = short_plan(), np.random.default_rng(seed)
    fold, known = Fold(plan, CHARACTERS, RUNS), [nothing_yet(0.0)] * RUNS
    for slot in range(SLOTS):
        if slot == SLOTS // 2:
            for run in range(RUNS):
                fold.begin(run, slot * 60.0, forget=False)
            known = [begun_anew(evidence, slot * 60.0) for evidence in known]
        drawn = {arm: some_slot(dice, RUNS, 6.0, 0.08) for arm in Arm}
        fold.step(drawn, np.full(RUNS, 100.0), np.full(RUNS, 95.0))
        known = [
            absorbed(evidence, as_slot(drawn, run, slot * 60.0), plan, None) for run, evidence in enumerate(known)
        ]
    compare(fold, known, SLOTS * 60.0)


def test_it_rings_for_exactly_the_runs_for_which_the_judge_hears_an_alarm(seed: int) -> None:
    from segue.core.decide import alarms

    plan, dice = short_plan(), np.random.default_rng(seed)
    fold, known = Fold(plan, CHARACTERS, RUNS), [nothing_yet(0.0)] * RUNS
    heard = 0
    for slot in range(SLOTS):
        drawn = {
            Arm.CANDIDATE: some_slot(dice, RUNS, 4.0, 0.15),
            Arm.BASELINE: some_slot(dice, RUNS, 4.0, 0.01),
        }
        fold.step(drawn, np.full(RUNS, 100.0), np.full(RUNS, 95.0))
        known = [
            absorbed(evidence, as_slot(drawn, run, slot * 60.0), plan, None) for run, evidence in enumerate(known)
        ]
        expected = [bool(alarms(plan, evidence)) for evidence in known]
        assert fold.ringing().tolist() == expected
        assert [bool(alarms(plan, fold.evidence(run, 0.0))) for run in range(RUNS)] == expected
        heard += sum(expected)
    assert heard, "a candidate this bad is heard"


def test_after_going_back_the_detectors_begin_anew() -> None:
    plan, dice = short_plan(), np.random.default_rng(1)
    fold = Fold(plan, CHARACTERS, 2)
    for _ in range(SLOTS):
        fold.step(
            {Arm.CANDIDATE: some_slot(dice, 2, 8.0, 0.6), Arm.BASELINE: some_slot(dice, 2, 8.0, 0.0)},
            np.full(2, 100.0),
            np.full(2, 95.0),
        )
    assert fold.ringing().all()

    fold.begin(0, SLOTS * 60.0, forget=True)

    assert fold.ringing().tolist() == [False, True]
