"""A report says what the history, the slots and the replicas say, and no more than it can hold."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.rollout.controller.ledger import HistoryEntry
from segue.rollout.controller.report import MOST_POINTS, ArmObservation, Assembly, heard
from segue.rollout.controller.reporting import since_start
from segue.rollout.core.decide import Decision, Trigger
from segue.rollout.core.gates import Gate, GateMetric, Reading, Verdict
from segue.rollout.core.plan import Place, Plan, Stage, Statistics, Step
from segue.rollout.core.rollout import Phase, RolloutState, Verb, held_back, rolled_back, started, stepped_back
from segue.rollout.core.sketch import sketched
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.report import Followed, Report
from segue.rollout.ports.store import Event, Replica

if TYPE_CHECKING:
    from collections.abc import Sequence

BEGAN_S = 1_000_000.0
PLAN = Plan(
    "short",
    (
        Stage("quarter", (Step(250_000, 60.0),)),
        Stage("half", (Step(500_000, 60.0),), frozenset({"ghoul", "raider"})),
    ),
    (Gate(GateMetric.ERROR_RATE, 0.1, 0.2, 0.3),),
    Statistics(slot_s=10.0),
)
BEGUN = started(RolloutState(), PLAN, "digest", BEGAN_S)
HALF = replace(
    BEGUN,
    place=Place(1, 0),
    routing=replace(BEGUN.routing, share_ppm=500_000, characters=PLAN.stages[1].characters),
)


def event(
    revision: int, after_s: float, kind: str, before: RolloutState, after: RolloutState, **more: object
) -> Event:
    entry = HistoryEntry(**{"why": f"because of {revision}", "before": before, "after": after} | more)  # type: ignore[arg-type]
    actor = "judge" if "decision" in more else "ann"
    return Event("rollout/test", revision, BEGAN_S + after_s, actor, kind, msgspec.json.encode(entry).decode())


def slot(after_s: float, candidate: Tally, baseline: Tally | None = None, character: str = "ghoul") -> Slot:
    tallies = {(Arm.CANDIDATE, character): candidate, (Arm.BASELINE, character): baseline or Tally()}
    return Slot(BEGAN_S + after_s, 10.0, tallies)


def reported(
    events: Sequence[Event],
    slots: Sequence[Slot] = (),
    taken: dict[int, list[Replica]] | None = None,
    *,
    until_s: float = 600.0,
) -> Report:
    assembly = Assembly(events, {"digest": PLAN}, BEGAN_S + until_s)
    assembly.add(slots)
    return assembly.report("test", taken or {})


START = event(1, 0, Verb.START, RolloutState(), BEGUN)
TO_HALF = event(2, 100, Verb.ADVANCE, BEGUN, HALF)
BACK = event(
    3,
    200,
    Verb.ROLL_BACK,
    HALF,
    rolled_back(HALF, BEGAN_S + 200),
    trigger="P0",
    took_s=0.004,
    decision=Decision(Verb.ROLL_BACK, ("it broke",), BEGAN_S + 210, (), Trigger.P0),
)


def test_every_entry_of_the_history_is_told_with_who_and_why() -> None:
    told = reported([START, TO_HALF]).transitions

    assert [(one.revision, one.kind, one.actor, one.why) for one in told] == [
        (1, "start", "ann", "because of 1"),
        (2, "advance", "ann", "because of 2"),
    ]
    assert (told[1].after.stage, told[1].after.share_percent, told[1].after.phase) == ("half", 50.0, "running")


def test_the_gates_of_a_decision_are_told_in_their_sentences() -> None:
    reading = Reading("error_rate", "candidate", "", 0, 50, 0.1, 0.05, Verdict.PASS, "error_rate: met")
    decision = Decision(Verb.ADVANCE, ("all gates met",), BEGAN_S + 110, (reading,))
    moved = event(2, 100, Verb.ADVANCE, BEGUN, HALF, decision=decision)

    assert reported([START, moved]).transitions[1].gates == ("error_rate: met",)


def test_each_stay_has_what_was_heard_in_its_time() -> None:
    slots = [
        slot(0, Tally(units=4, errors=1)),
        slot(90, Tally(units=2)),
        slot(100, Tally(units=7), Tally(units=9)),
    ]
    stays = reported([START, TO_HALF], slots).stays

    assert [(stay.candidate.units, stay.baseline.units) for stay in stays] == [(6, 0), (7, 9)]
    assert [(stay.from_s, stay.to_s) for stay in stays] == [
        (BEGAN_S, BEGAN_S + 100),
        (BEGAN_S + 100, BEGAN_S + 600),
    ]
    assert stays[0].candidate.success_ratio == pytest.approx(5 / 6)
    assert stays[0].baseline.success_ratio is None


def test_a_roll_back_leaves_a_whole_record() -> None:
    slots = [slot(150, Tally(units=30)), slot(160, Tally(units=5), character="raider")]
    taken = {3: [Replica("a", 3, BEGAN_S + 200.01, 0), Replica("b", 3, BEGAN_S + 200.25, 0)]}
    (back,) = reported([START, TO_HALF, BACK], slots, taken).goings_back

    assert (back.revision, back.at_s, back.actor, back.why, back.trigger, back.kind) == (
        3,
        BEGAN_S + 200,
        "judge",
        "because of 3",
        "P0",
        "roll_back",
    )
    assert (back.before.stage, back.before.share_percent, back.before.phase) == ("half", 50.0, "running")
    assert (back.after.share_percent, back.after.phase) == (0.0, Phase.ROLLED_BACK)
    assert [one.replica for one in back.followed] == ["a", "b"]
    assert back.took_s == pytest.approx(0.004 + 0.25, abs=1e-4)
    assert back.characters == ("ghoul", "raider")
    assert back.units_hour_before == 35


def test_a_roll_back_that_no_replica_has_answered_says_so() -> None:
    (back,) = reported([START, BACK]).goings_back

    assert back.followed == ()
    assert back.took_s is None


def test_a_replica_whose_clock_is_behind_took_no_less_than_nothing() -> None:
    (back,) = reported([START, BACK], taken={3: [Replica("a", 3, BEGAN_S + 199, 0)]}).goings_back

    assert back.followed == (Followed("a", 0.0),)


def test_only_the_hour_before_counts_as_touched_even_where_it_began_before_the_report() -> None:
    slots = [
        slot(-3500, Tally(units=1)),
        slot(-3390, Tally(units=2)),
        slot(190, Tally(units=4)),
        slot(200, Tally(units=8)),
    ]
    told = reported([START, BACK], slots)

    assert told.goings_back[0].units_hour_before == 6
    assert sum(stay.candidate.units for stay in told.stays) == 12
    assert sum(point.candidate.units for point in told.points) == 12


def test_a_character_held_back_is_all_that_was_touched() -> None:
    one = event(2, 100, Verb.HOLD_BACK, BEGUN, held_back(BEGUN, "ghoul", BEGAN_S + 100), character="ghoul")
    slots = [slot(50, Tally(units=3)), slot(60, Tally(units=5), character="raider")]
    (back,) = reported([START, one], slots).goings_back

    assert back.characters == ("ghoul",)
    assert back.units_hour_before == 3
    assert back.after.held_back == ("ghoul",)


@pytest.mark.parametrize(("share_ppm", "backs"), [(100_000, 1), (250_000, 0), (900_000, 0)])
def test_a_smaller_share_by_hand_is_a_going_back_a_larger_is_none(share_ppm: int, backs: int) -> None:
    after = replace(BEGUN, routing=replace(BEGUN.routing, share_ppm=share_ppm), phase=Phase.PAUSED)
    told = reported([START, event(2, 50, Verb.SET_ROUTING, BEGUN, after)])

    assert len(told.goings_back) == backs


def test_a_step_back_is_a_going_back() -> None:
    everyone = replace(HALF, routing=replace(HALF.routing, characters=frozenset()))
    stepped = event(3, 150, Verb.STEP_BACK, everyone, stepped_back(everyone, PLAN, BEGAN_S + 150))

    assert reported([START, TO_HALF, stepped]).goings_back[0].after.stage == "quarter"


def test_a_stage_of_a_plan_that_is_no_longer_kept_goes_by_its_number() -> None:
    assembly = Assembly([START], {}, BEGAN_S + 10)

    assert assembly.report("test", {}).transitions[0].after.stage == "stage 0"


def test_before_anything_has_happened_the_report_is_empty() -> None:
    told = Assembly([], {}, BEGAN_S).report("test", {})

    assert (told.transitions, told.stays, told.goings_back, told.points) == ((), (), (), ())
    assert told.from_s == told.to_s == BEGAN_S


def test_weeks_of_slots_are_thinned_and_lose_no_one() -> None:
    weeks_s = 6 * 7 * 86_400.0
    slots = [slot(n * 10.0, Tally(units=1)) for n in range(0, int(weeks_s / 10), 7)]
    told = reported([START], slots, until_s=weeks_s)

    assert MOST_POINTS * 0.9 < len(told.points) <= MOST_POINTS + 1
    assert sum(point.candidate.units for point in told.points) == len(slots)
    assert len({point.length_s for point in told.points}) == 1


def test_a_short_rollout_keeps_each_slot() -> None:
    slots = [slot(n * 10.0, Tally(units=n)) for n in range(5)]

    assert [point.candidate.units for point in reported([START], slots).points] == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ("slower_than", "under_s"), [({}, EDGES_S[0]), ({0: 4}, EDGES_S[0]), ({0: 6, 1: 5}, EDGES_S[1])]
)
def test_without_a_sketch_p95_is_the_lowest_edge_that_95_percent_stayed_under(
    slower_than: dict[int, int], under_s: float
) -> None:
    over = tuple(slower_than.get(number, 0) for number in range(len(EDGES_S)))

    assert heard(ArmObservation(Tally(units=100, timed=100, seconds=20.0, over=over))).p95_s == under_s


def test_p95_beyond_every_edge_and_nothing_timed_are_told_apart_by_the_mean() -> None:
    slow = heard(ArmObservation(Tally(units=10, timed=10, seconds=200.0, over=(10,) * len(EDGES_S))))
    nothing = heard(ArmObservation(Tally(units=10)))

    assert (slow.p95_s, slow.mean_s) == (None, 20.0)
    assert (nothing.p95_s, nothing.mean_s) == (None, None)


def test_quantiles_are_those_of_all_slots_together() -> None:
    durations_s = [n / 100 for n in range(1, 101)]
    parts = [durations_s[:50], durations_s[50:]]
    slots = [
        replace(
            slot(n * 10.0, Tally(units=50, timed=50, seconds=sum(part))),
            delays={(Arm.CANDIDATE, "ghoul"): sketched(part)},
        )
        for n, part in enumerate(parts)
    ]
    (stay,) = reported([START], slots).stays

    found = stay.candidate
    assert found.p50_s == pytest.approx(0.5, rel=0.011)
    assert found.p95_s == pytest.approx(0.95, rel=0.011)
    assert found.p99_s == pytest.approx(0.99, rel=0.011)


def test_a_report_begins_with_the_latest_start() -> None:
    again = event(4, 300, Verb.START, HALF, BEGUN)

    assert since_start([START, TO_HALF, BACK, again]) == [again]
    assert since_start([TO_HALF, BACK]) == [TO_HALF, BACK]
