"""A plan's shadow reaches a replica by the history, like its share."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from segue.kernel.shadow_budget import ShadowBudget
from segue.rollout.controller.ledger import Ledger, Proposal
from segue.rollout.controller.plans import PlanStore
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Stage, Step
from segue.rollout.core.rollout import started
from segue.rollout.store.open import open_store
from segue.system.clock import SystemClock
from support.service import staged
from support.shadow import shadows, until_over

if TYPE_CHECKING:
    from pathlib import Path

PLAN = Plan(
    "unheard first",
    (Stage("unheard", (Step(0, 3600.0),), shadow_ppm=1_000_000),),
    (Gate(GateMetric.ERROR_RATE, target=0.1, roll_back=0.2),),
    shadow=ShadowBudget(characters_a_day=50, at_once=1),
)


async def begun_elsewhere(url: str, plan: Plan) -> int:
    """The revision at which another process starts the plan."""
    store, clock = open_store(url), SystemClock()
    ledger = Ledger(store.events, "test", clock)
    digest = await PlanStore(store.events, clock).put(plan, "ann")
    proposal = Proposal("ann", "start", "a try")
    snapshot = await ledger.change(proposal, lambda state: started(state, plan, digest, clock.now_s()))
    await store.close()
    return snapshot.revision


async def test_a_stage_with_a_shadow_and_no_share_lets_nobody_hear_the_candidate(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        revision = await begun_elsewhere(f"sqlite:///{tmp_path}/var/segue.db", PLAN)
        async with asyncio.timeout(10):
            while stage.service.current.revision < revision:  # noqa: ASYNC110 - nothing else tells it
                await asyncio.sleep(0.02)
        answers = []
        for number in range(4):  # 24 characters each, of 50 a day
            answers.append((await stage.say(f"Hello there, wanderer. {number}")).json()["arm"])
            await until_over(stage, number + 1)
        ends = await shadows(stage)

    assert answers == ["baseline"] * 4
    assert ends == {"success": 2, "budget": 2}
