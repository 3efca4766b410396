"""Controllers die at any moment: nothing is lost, doubled or out of order, and the plan still ends."""

from __future__ import annotations

import asyncio
import os
import sys
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.config.plan_file import read_plan
from segue.rollout.controller.ledger import HistoryEntry, Ledger, entry_of
from segue.rollout.core.plan import Place
from segue.rollout.core.rollout import TRANSITIONS, Phase, Verb
from segue.rollout.store.open import open_store
from segue.system.clock import SystemClock

if TYPE_CHECKING:
    from segue.rollout.ports.store import Event

PROGRAM = Path(__file__).parent / "killed_controllers.py"
PLAN = Path(__file__).parents[2] / "plans" / "demo.yaml"
KILLS = 200
SEED = 20


@pytest.mark.timeout(400)
async def test_two_hundred_killed_controllers_leave_one_sound_history(store_url: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, str(PROGRAM), store_url, str(PLAN), str(KILLS), str(SEED)),
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, complained = await process.communicate()
    assert process.returncode == 0, complained.decode()[-3000:]
    assert b"finished" in said, said

    events = await history(store_url)
    entries = [entry_of(event) for event in events]
    assert [event.revision for event in events] == list(range(1, len(events) + 1))
    for before, after in pairwise(entries):
        assert after.before == before.after, "a transition was lost or doubled"
    for event, entry in zip(events, entries, strict=True):
        check_transition(event, entry)
    finished = [event for event in events if event.kind == Verb.FINISH]
    assert len(finished) == sum(event.kind == Verb.START for event in events)
    kinds = {(event.actor, event.kind) for event in events}
    assert {("person", Verb.START), ("judge", Verb.ADVANCE), ("judge", Verb.ROLL_BACK)} <= kinds


def check_transition(event: Event, entry: HistoryEntry) -> None:
    """It is in the table, goes where the plan goes, and came no sooner than it may."""
    plan, verb = read_plan(PLAN), Verb(event.kind)
    before, after = entry.before, entry.after
    assert TRANSITIONS[before.phase, verb] is after.phase
    if verb is Verb.ADVANCE:
        assert after.place == plan.after(before.place)
        assert before.held_for_s(event.at_s) >= plan.step(before.place).hold_s
    elif verb is Verb.STEP_BACK:
        assert after.place == plan.before(before.place)
        assert after.phase is Phase.COOLING
    elif verb is Verb.FINISH:
        assert plan.after(before.place) is None
    elif verb is Verb.START:
        assert after.place == Place(0, 0)


async def history(url: str) -> list[Event]:
    store = open_store(url)
    try:
        return await Ledger(store.events, "killed", SystemClock()).history()
    finally:
        await store.close()
