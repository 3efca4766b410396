"""What the demo holds its listeners and its rollout to, and where its plan comes from."""

from __future__ import annotations

import asyncio
import io
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import msgspec
from rich.console import Console

from segue.cli.demo.plan import plan_text
from segue.cli.demo.scenario import DemoProgress, Scenario
from segue.cli.demo.screen import DemoScreen
from segue.cli.demo.server import RunningService
from segue.cli.demo.traffic import DemoAnswer
from segue.cli.demo.verdict import outcome
from segue.config.plan_file import parse_plan
from segue.rollout.ports.control import EventBody, StateBody
from support.control_answers import a_plan, a_stage, a_state, a_status, an_entry

if TYPE_CHECKING:
    from pathlib import Path

_STAGES = tuple(a_stage(name, 50.0, 5.0) for name in ("quarter", "half"))


def state(phase: str, share_percent: float, stage: int = 1) -> StateBody:
    return a_state(phase, share_percent, stage=stage)


def happened(revision: int, at_s: float, kind: str, after: StateBody, actor: str = "judge") -> EventBody:
    return an_entry(revision, at_s, kind, after, actor)


def told(*events: EventBody, phase: str = "finished") -> DemoProgress:
    status = a_status(
        state(phase, 100.0),
        a_plan("demo", _STAGES),
        rollout_id="demo",
        revision=events[-1].revision,
        now_s=150.0,
        hold_s=5.0,
    )
    return DemoProgress(status, list(events), broken_at_s=120.0)


ADVANCED = happened(1, 100.0, "advance", state("running", 50.0))
BACK = happened(2, 130.0, "roll_back", state("rolled_back", 0.0))
RESUMED = happened(3, 140.0, "resume", state("running", 50.0), "demo")


def heard(user: int, at_s: float, assigned: str, status: int = 200) -> DemoAnswer:
    return DemoAnswer(
        f"u{user}", at_s, at_s + 0.1, status, assigned, "neural" if assigned == "candidate" else "espeak-ng"
    )


def half_and_half(at_s: float) -> list[DemoAnswer]:
    return [heard(user, at_s, ("baseline", "candidate")[user % 2]) for user in range(100)]


WELL = [*half_and_half(101), *[heard(user, 132, "baseline") for user in range(20)], *half_and_half(141)]


def test_a_demo_in_which_all_held_has_no_faults() -> None:
    found = outcome(told(ADVANCED, BACK, RESUMED), WELL)

    assert found.faults == []
    assert [(stay.title, stay.share_ratio, len(stay.heard)) for stay in found.stays] == [
        ("half", 0.5, 100),
        ("rolled back", 0.0, 20),
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

    assert outcome(told(ADVANCED, by_hand, RESUMED), WELL).faults == ["the fault was not detected"]


def test_a_plan_that_did_not_finish_is_a_fault() -> None:
    found = outcome(told(ADVANCED, BACK, phase="rolled_back"), WELL[:120])

    assert found.faults == ["the plan did not finish in time; it is rolled_back: nobody has judged it yet"]


def test_the_time_in_which_the_candidate_is_broken_is_told_apart() -> None:
    found = outcome(told(ADVANCED, BACK), [*half_and_half(101), *half_and_half(125)])

    assert [stay.title for stay in found.stays] == ["half", "half, candidate broken"]


def test_the_demos_plan_is_found_and_has_no_fault() -> None:
    plan = parse_plan(plan_text())

    assert [stage.name for stage in plan.stages] == ["nobody", "quarter", "half", "everyone"]


def test_what_the_demo_does_itself_stands_among_the_transitions_with_its_time() -> None:
    shown = io.StringIO()
    screen = DemoScreen(Console(file=shown, width=100))

    screen.happened([ADVANCED])
    screen.did("the demo breaks Piper")

    first, second = shown.getvalue().splitlines()
    assert first == "   0.0 s  advance by judge: because"
    assert second.endswith(" s  the demo breaks Piper")


class Service:
    """Answers for a rollout at half, which goes back between two requests once the candidate is broken."""

    def __init__(self) -> None:
        self._told = told(ADVANCED, phase="running")
        self._breaks = False

    def answer(self, request: httpx.Request) -> httpx.Response:
        status, known = self._told.status, self._told.events
        assert status is not None
        if request.method != "GET":
            self._breaks = request.method == "PUT"
            return httpx.Response(200, json={})
        if self._breaks:
            self._told, self._breaks = told(ADVANCED, BACK, phase="rolled_back"), False
        if request.url.path.endswith("/status"):
            return httpx.Response(200, content=msgspec.json.encode(replace(status, held_for_s=4.0)))
        after = int(request.url.params["after"])
        return httpx.Response(
            200, content=msgspec.json.encode([event for event in known if event.revision > after])
        )


async def test_what_the_judge_did_is_told_before_what_the_demo_does_about_it(tmp_path: Path) -> None:
    transport = httpx.MockTransport(Service().answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        acts: asyncio.Queue[tuple[str, list[str]]] = asyncio.Queue()
        scenario = Scenario(
            RunningService(client, {}, tmp_path),
            plan_text(),
            lambda _: None,
            lambda act: acts.put_nowait((act, [event.kind for event in scenario.told.events])),
        )
        playing = asyncio.create_task(scenario.play())
        breaks, mends = await acts.get(), await acts.get()
        playing.cancel()

    assert "breaks" in breaks[0]
    assert "repairs" in mends[0]
    assert (breaks[1], mends[1]) == (["advance"], ["advance", "roll_back"])


def test_a_character_that_is_held_back_is_no_part_of_the_split() -> None:
    held = replace(ADVANCED, after=replace(ADVANCED.after, held_back=("ghoul",)))
    ghouls = [replace(one, assigned="baseline", character="ghoul") for one in half_and_half(102)]

    assert outcome(told(held, BACK, RESUMED), [*WELL, *ghouls]).faults == []
    assert outcome(told(ADVANCED, BACK, RESUMED), [*WELL, *ghouls]).faults
