"""What a report is gathered from: pages of history and slots, kept plans, and replicas' first words."""

from __future__ import annotations

import msgspec

from segue.kernel.arms import Arm
from segue.rollout.controller.ledger import Ledger, Proposal
from segue.rollout.controller.plans import PlanStore
from segue.rollout.controller.reporting import Reporter
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Stage, Statistics, Step
from segue.rollout.core.rollout import Verb, rolled_back, started
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.store import Replica, Row
from segue.testing.clock import FakeClock
from segue.testing.store.memory import MemoryStore

PLAN = Plan(
    "short",
    (Stage("half", (Step(500_000, 3600.0),)),),
    (Gate(GateMetric.ERROR_RATE, 0.1, 0.2, 0.3),),
    Statistics(slot_s=1.0),
)


class Reported:
    """A rollout with a history of its own, told by a reporter."""

    def __init__(self) -> None:
        self.store, self.clock = MemoryStore(), FakeClock()
        self.ledger = Ledger(self.store.events, "test", self.clock)
        self.plan_store = PlanStore(self.store.events, self.clock)
        self.reporter = Reporter(
            "test", self.ledger, self.plan_store, self.store.rows, self.store.replicas, clock=self.clock
        )

    async def starts(self) -> None:
        digest, now_s = await self.plan_store.put(PLAN, "ann"), self.clock.now_s()
        await self.ledger.change(
            Proposal("ann", Verb.START, "a try"), lambda state: started(state, PLAN, digest, now_s)
        )

    async def rolls_back(self) -> int:
        now_s = self.clock.now_s()
        done = await self.ledger.change(
            Proposal("ann", Verb.ROLL_BACK, "enough"), lambda state: rolled_back(state, now_s)
        )
        return done.revision

    async def hears(self, units: int) -> None:
        slot = Slot(self.clock.now_s(), 1.0, {(Arm.CANDIDATE, "ghoul"): Tally(units=units)})
        await self.store.rows.add(Row("test/slots", slot.start_s, "all", msgspec.msgpack.encode(slot)))


async def test_slots_are_read_page_by_page_and_none_is_missed_or_counted_twice() -> None:
    told = Reported()
    await told.starts()
    for _ in range(1203):
        await told.hears(1)
        told.clock.advance(1.0)
    report = await told.reporter.report()

    assert report.stays[0].candidate.units == 1203
    assert sum(point.candidate.units for point in report.points) == 1203


async def test_the_replicas_first_words_are_in_the_record() -> None:
    told = Reported()
    await told.starts()
    told.clock.advance(30.0)
    revision = await told.rolls_back()
    at_s = told.clock.now_s()
    await told.store.replicas.report("rollout/test", Replica("a", revision, at_s + 0.02, at_s + 0.02))
    await told.store.replicas.report("rollout/test", Replica("a", revision, at_s + 0.02, at_s + 9.0))
    (back,) = (await told.reporter.report()).goings_back

    assert [(one.replica, round(one.after_s, 3)) for one in back.followed] == [("a", 0.02)]


async def test_it_begins_with_the_latest_start_unless_the_whole_is_wanted() -> None:
    told = Reported()
    await told.starts()
    await told.rolls_back()
    await told.starts()

    assert [one.kind for one in (await told.reporter.report()).transitions] == ["start"]
    assert len((await told.reporter.report(whole=True)).transitions) == 3
    assert (await told.reporter.report()).plan == "short"


async def test_before_anything_has_happened_there_is_nothing_to_tell() -> None:
    report = await Reported().reporter.report()

    assert (report.rollout_id, report.transitions) == ("test", ())
