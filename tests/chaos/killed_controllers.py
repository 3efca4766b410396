"""A program: controllers of one rollout, each killed at a random moment, until so many have died.

``python killed_controllers.py STORE_URL PLAN KILLS SEED``. What they see is made up: a healthy candidate, and now
and then a few seconds in which most of its calls fail. A person resumes what was rolled back and starts again what
has finished. Prints how many were killed and how many plans were begun.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from segue.config.plan_file import read_plan
from segue.kernel.arms import Arm
from segue.rollout.controller.ledger import Ledger, Proposal
from segue.rollout.controller.loop import Acting, Controller
from segue.rollout.controller.observer import Judged, Observer
from segue.rollout.controller.plans import PlanStore
from segue.rollout.core import rollout
from segue.rollout.core.rollout import Phase, RolloutState, Verb
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.signals import Counting, SlotsRead
from segue.rollout.store.open import open_store
from segue.system.clock import SystemClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.rollout.core.plan import Plan
    from segue.rollout.ports.store import Store

ROLLOUT = "killed"
LEASE_S = 0.15
LONGEST_LIFE_S = 0.6
LAST_TIMEOUT_S = 120.0
FAULT_EVERY_S, FAULT_LASTS_S = 41, 4


class MadeUpSignals:
    """The same slots for whoever asks."""

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> SlotsRead:
        end_s = max(since_s, now_s // slot_s * slot_s)
        count = round((end_s - since_s) / slot_s)
        return SlotsRead(tuple(_slot(since_s + number * slot_s, slot_s) for number in range(count)), end_s)

    def count_by(self, counting: Counting) -> None: ...


def _slot(start_s: float, slot_s: float) -> Slot:
    struck = start_s % FAULT_EVERY_S < FAULT_LASTS_S
    errors = 60.0 if struck else 0.0
    candidate = Tally(units=100, errors=errors, fallbacks=errors, timed=100 - errors, seconds=0.1 * (100 - errors))
    baseline = Tally(units=100, timed=100, seconds=10.0)
    return Slot(start_s, slot_s, {(Arm.CANDIDATE, "pip_boy"): candidate, (Arm.BASELINE, "pip_boy"): baseline})


async def control(url: str) -> None:
    """Until killed."""
    store, clock = open_store(url), SystemClock()
    ledger, plan_store = Ledger(store.events, ROLLOUT, clock), PlanStore(store.events, clock)
    observer = Observer(MadeUpSignals(), store.rows, ledger, Judged(ROLLOUT), clock)
    acting = Acting(f"controller-{os.getpid()}", LEASE_S)
    controller = Controller(
        acting, ledger, plan_store, observer, leases=store.leases, notes=store.notes, clock=clock
    )
    await controller.run()


async def tended(url: str, plan: Plan) -> Phase:
    """What a person does who looks by: starts, resumes. The phase before."""
    store, clock = open_store(url), SystemClock()
    ledger = Ledger(store.events, ROLLOUT, clock)
    try:
        phase = (await ledger.latest()).state.phase
        change = await _wanted(phase, plan, store)
        if change is not None:
            verb, apply = change
            await ledger.change(Proposal("person", verb, "looked by"), apply)
        return phase
    finally:
        await store.close()


async def _wanted(
    phase: Phase, plan: Plan, store: Store
) -> tuple[Verb, Callable[[RolloutState], RolloutState]] | None:
    if phase in (Phase.MANUAL, Phase.FINISHED):
        digest = await PlanStore(store.events, SystemClock()).put(plan, "person")
        return Verb.START, lambda state: rollout.started(state, plan, digest, time.time())
    if phase is Phase.ROLLED_BACK:
        return Verb.RESUME, lambda state: rollout.resumed(state, plan, time.time())
    return None


async def phase_now(url: str) -> Phase:
    store = open_store(url)
    try:
        return (await Ledger(store.events, ROLLOUT, SystemClock()).latest()).state.phase
    finally:
        await store.close()


def begun(url: str) -> int:
    """A controller in a process of its own."""
    pid = os.fork()
    if pid == 0:
        try:
            asyncio.run(control(url))
        finally:
            os._exit(1)
    return pid


def ended(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def main(url: str, plan_file: str, kills: int, seed: int) -> None:
    plan, dice = read_plan(Path(plan_file)), random.Random(seed)
    starts = 0
    for _ in range(kills):
        if asyncio.run(tended(url, plan)) in (Phase.MANUAL, Phase.FINISHED):
            starts += 1
        pid = begun(url)
        time.sleep(dice.uniform(0.0, LONGEST_LIFE_S))
        ended(pid)
    pid, deadline_s = begun(url), time.monotonic() + LAST_TIMEOUT_S
    while asyncio.run(phase_now(url)) is not Phase.FINISHED and time.monotonic() < deadline_s:
        time.sleep(0.2)
        if asyncio.run(phase_now(url)) is Phase.ROLLED_BACK:
            asyncio.run(tended(url, plan))
    ended(pid)
    sys.stdout.write(f"killed {kills}, begun {starts}, {asyncio.run(phase_now(url))}\n")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
