"""What the demo holds its listeners and its rollout to, and where its plan comes from."""

from __future__ import annotations

import io

from rich.console import Console

from segue.cli.demo.plan import plan_text
from segue.cli.demo.scenario import Told
from segue.cli.demo.screen import Screen
from segue.cli.demo.traffic import Heard
from segue.cli.demo.verdict import outcome
from segue.cli.rollout.wire import Event, Plan, Stage, State, Status, Step
from segue.config.plan_file import parse_plan

_STAGES = tuple(Stage(name, (Step(50.0, 5.0),), (), approval=False) for name in ("quarter", "half"))


def state(phase: str, share_percent: float, stage: int = 1) -> State:
    return State(phase, share_percent > 0, share_percent, (), (), True, stage, 0, 0.0, 0)


def happened(revision: int, at_s: float, kind: str, after: State, actor: str = "judge") -> Event:
    return Event(revision, at_s, actor, kind, "because", "", "", after)


def told(*events: Event, phase: str = "finished") -> Told:
    status = Status(
        rollout_id="demo",
        revision=events[-1].revision,
        now_s=150.0,
        state=state(phase, 100.0),
        plan=Plan("demo", _STAGES),
        held_for_s=0.0,
        hold_s=5.0,
        judgement=None,
        replicas=(),
        locked_off=False,
    )
    return Told(status, list(events), broken_at_s=120.0)


ADVANCED = happened(1, 100.0, "advance", state("running", 50.0))
BACK = happened(2, 130.0, "roll_back", state("rolled_back", 0.0))
RESUMED = happened(3, 140.0, "resume", state("running", 50.0), "demo")


def heard(user: int, at_s: float, assigned: str, status: int = 200) -> Heard:
    return Heard(
        f"u{user}", at_s, at_s + 0.1, status, assigned, "piper" if assigned == "candidate" else "espeak-ng"
    )


def half_and_half(at_s: float) -> list[Heard]:
    return [heard(user, at_s, ("baseline", "candidate")[user % 2]) for user in range(100)]


WELL = [*half_and_half(101), *[heard(user, 132, "baseline") for user in range(20)], *half_and_half(141)]


def test_a_demo_in_which_all_held_has_no_faults() -> None:
    found = outcome(told(ADVANCED, BACK, RESUMED), WELL)

    assert found.faults == []
    assert [(stay.title, stay.share_ratio, len(stay.heard)) for stay in found.stays] == [
        ("half", 0.5, 100),
        ("taken back", 0.0, 20),
        ("half, resumed", 0.5, 100),
    ]


def test_a_failed_request_is_a_fault_whenever_it_was() -> None:
    assert outcome(told(ADVANCED, BACK, RESUMED), [*WELL, heard(1, 129.99, "", 503)]).faults == [
        "1 of 221 requests failed"
    ]


def test_a_user_on_both_arms_within_a_stage_is_a_fault() -> None:
    both = [*WELL, heard(0, 102, "candidate")]

    assert outcome(told(ADVANCED, BACK, RESUMED), both).faults == ["half: 1 users were sent to both arms"]


def test_a_user_whose_stage_changed_on_the_way_is_none() -> None:
    between = [*WELL, heard(0, 129.95, "candidate"), heard(0, 130.1, "candidate")]

    assert outcome(told(ADVANCED, BACK, RESUMED), between).faults == []


def test_a_split_beyond_chance_is_a_fault() -> None:
    crowded = [heard(user, 101, "candidate") for user in range(100)]
    (fault,) = outcome(told(ADVANCED, BACK, RESUMED), crowded).faults

    assert fault.startswith("half: 100 users on the candidate; chance gives ")


def test_a_fault_that_was_not_noticed_by_itself_is_a_fault() -> None:
    by_hand = happened(2, 130.0, "roll_back", state("rolled_back", 0.0), "demo")

    assert outcome(told(ADVANCED, by_hand, RESUMED), WELL).faults == ["the fault was not noticed"]


def test_a_plan_that_did_not_finish_is_a_fault() -> None:
    found = outcome(told(ADVANCED, BACK, phase="rolled_back"), WELL[:120])

    assert found.faults == ["the plan did not finish in time; it is rolled_back"]


def test_the_time_in_which_the_candidate_is_broken_is_told_apart() -> None:
    found = outcome(told(ADVANCED, BACK), [*half_and_half(101), *half_and_half(125)])

    assert [stay.title for stay in found.stays] == ["half", "half, candidate broken"]


def test_the_demos_plan_is_found_and_has_no_fault() -> None:
    plan = parse_plan(plan_text())

    assert [stage.name for stage in plan.stages] == ["nobody", "quarter", "half", "everyone"]


def test_what_the_demo_does_itself_stands_among_the_transitions_with_its_time() -> None:
    shown = io.StringIO()
    screen = Screen(Console(file=shown, width=100))

    screen.happened([ADVANCED])
    screen.did("the demo breaks Piper")

    first, second = shown.getvalue().splitlines()
    assert first == "   0.0 s  advance by judge: because"
    assert second.endswith(" s  the demo breaks Piper")
