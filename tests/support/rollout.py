"""A rollout's controller with everything around it in memory, its time and its evidence as the test says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.kernel.errors import Unavailable
from segue.kernel.units import PPM
from segue.rollout.controller.ledger import Ledger, Proposal, Snapshot
from segue.rollout.controller.loop import Acting, Controller
from segue.rollout.controller.observer import Judged, Observer
from segue.rollout.controller.plans import PlanStore
from segue.rollout.core import rollout
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Policy, Stage, Statistics, Step
from segue.rollout.core.rollout import Verb
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.signals import Counting, SlotsRead
from segue.testing.clock import FakeClock
from segue.testing.store import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.rollout.ports.status_listener import StatusListener

SLOT_S = 60.0
HOLD_S = 600.0
ROLLOUT = "test"

PLAN = Plan(
    "three-stages",
    tuple(Stage(f"stage-{n}", (Step(share, HOLD_S),)) for n, share in enumerate((PPM // 10, PPM // 2, PPM))),
    (
        Gate(GateMetric.SUCCESS_RATE, target=0.95, roll_back=0.90),
        Gate(GateMetric.ERROR_RATE, target=0.05, step_back=0.05, roll_back=0.20),
    ),
    Statistics(slots_between_false_alarms=1000, least_units=20, slot_s=SLOT_S),
    Policy(cool_down_s=300.0),
)


def a_slot(
    start_s: float,
    *,
    units: float = 200,
    error_rate: float = 0.0,
    baseline_error_rate: float = 0.0,
    candidate_units: float | None = None,
) -> Slot:
    """Both arms with so many units of one character; of the candidate, perhaps, another number."""
    on_candidate = units if candidate_units is None else candidate_units
    return Slot(
        start_s,
        SLOT_S,
        {
            (Arm.CANDIDATE, "ghoul"): handed_on(a_tally(on_candidate, error_rate), baseline_error_rate),
            (Arm.BASELINE, "ghoul"): a_tally(units, baseline_error_rate),
        },
        hits=90,
        lookups=100,
    )


def a_tally(units: float, error_rate: float) -> Tally:
    errors = units * error_rate
    return Tally(units=units, errors=errors, timed=units - errors, seconds=0.5 * (units - errors))


def handed_on(tally: Tally, baseline_error_rate: float) -> Tally:
    """The candidate's, whose failures the baseline was tried for."""
    return replace(tally, fallbacks=tally.errors, unserved=tally.errors * baseline_error_rate)


@dataclass(slots=True)
class ScriptedSignals:
    """The same for every slot until the test says otherwise; ``trouble`` makes the source fail,
    ``late_s`` is how far it is behind.
    """

    error_rate: float = 0.0
    baseline_error_rate: float = 0.0
    units: float = 200
    candidate_units: float | None = None
    trouble: str = ""
    late_s: float = 0.0
    counting: Counting = field(default_factory=Counting)
    made: dict[float, Slot] = field(default_factory=dict)
    while_reading: Callable[[], Awaitable[None]] | None = None

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> SlotsRead:
        if self.trouble:
            raise Unavailable(self.trouble)
        if self.while_reading is not None:
            await self.while_reading()
        end_s = max(since_s, (now_s - self.late_s) // slot_s * slot_s)
        starts = [since_s + n * slot_s for n in range(round((end_s - since_s) / slot_s))]
        return SlotsRead(tuple(self._slot(start_s) for start_s in starts if self.units), end_s)

    def count_by(self, counting: Counting) -> None:
        assert counting.window_s > 0
        self.counting = counting

    def _slot(self, start_s: float) -> Slot:
        """What a slot was once is what it stays."""
        return self.made.setdefault(
            start_s,
            a_slot(
                start_s,
                units=self.units,
                error_rate=self.error_rate,
                baseline_error_rate=self.baseline_error_rate,
                candidate_units=self.candidate_units,
            ),
        )


class Scene:
    """One store, one clock, one source; as many controllers as the test wants."""

    def __init__(self, plan: Plan = PLAN) -> None:
        self.plan = plan
        self.clock = FakeClock(1_200_000.0)
        self.store = MemoryStore()
        self.signals = ScriptedSignals()
        self.ledger = Ledger(self.store.events, ROLLOUT, self.clock)
        self.plan_store = PlanStore(self.store.events, self.clock)
        self.controller = self.another("first")

    def another(self, name: str, lease_s: float = 10.0, *status_listeners: StatusListener) -> Controller:
        observer = Observer(self.signals, self.store.rows, self.ledger, Judged(ROLLOUT), self.clock)
        return Controller(
            Acting(name, lease_s),
            self.ledger,
            self.plan_store,
            observer,
            leases=self.store.leases,
            notes=self.store.notes,
            clock=self.clock,
            status_listeners=status_listeners,
        )

    async def start(self) -> Snapshot:
        digest = await self.plan_store.put(self.plan, "ann")
        now_s = self.clock.now_s()
        return await self.ledger.change(
            Proposal("ann", Verb.START, ""), lambda state: rollout.started(state, self.plan, digest, now_s)
        )

    async def passes(
        self, duration_s: float, controller: Controller | None = None, look_every_s: float = 30.0
    ) -> None:
        """Time goes by, and the controller looks again and again."""
        for _ in range(round(duration_s / look_every_s)):
            self.clock.advance(look_every_s)
            await (controller or self.controller).tick()

    async def kinds(self) -> list[str]:
        return [event.kind for event in await self.ledger.history()]
