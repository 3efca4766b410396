"""What many runs came to: shares, medians, and how sure they are."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypedDict

from segue.core.rollout import Verb
from segue.core.stats import Interval, rate_interval
from segue.simulation.outcome import Ending
from segue.simulation.run import Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.core.plan import Plan
    from segue.simulation.outcome import Back, Outcome
    from segue.simulation.world import World

BATCH_RUNS = 500
"""Runs on one clock: as many as the processor's caches like."""

IN_TIME = 1.5
"""A run is in time that finishes within this many times the plan's holds."""

_ALPHA = 0.05


class Share(TypedDict):
    """A part of the runs, and the ends between which it lies with 95 % certainty."""

    share: float
    low: float
    high: float


class Spread(TypedDict):
    """The middle and the 95th percentile; None where nothing was measured."""

    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """Outcomes counted; ``hold_s`` are the plan's own holds together."""

    outcomes: tuple[Outcome, ...]
    hold_s: float

    def share(self, holds: Callable[[Outcome], bool]) -> Share:
        """The part of the runs of which something holds."""
        count, runs = sum(map(holds, self.outcomes)), len(self.outcomes)
        low, high = rate_interval(count, runs - count, _ALPHA) if runs else Interval(0.0, 1.0)
        return Share(share=count / max(1, runs), low=low, high=high)

    @property
    def finished(self) -> Share:
        return self.share(lambda outcome: outcome.ending is Ending.FINISHED)

    @property
    def in_time(self) -> Share:
        limit_s = IN_TIME * self.hold_s
        return self.share(lambda outcome: outcome.ending is Ending.FINISHED and outcome.took_s <= limit_s)

    @property
    def noticed(self) -> Share:
        """Went back for a fault that had begun."""
        return self.share(lambda outcome: outcome.back is not None and not outcome.back.before_fault)

    def false_alarm(self, *verbs: Verb) -> Share:
        """Went back while nothing was wrong."""
        return self.share(
            lambda outcome: outcome.back is not None and outcome.back.before_fault and outcome.back.verb in verbs
        )

    @property
    def endings(self) -> dict[str, int]:
        """How many runs ended how, the most frequent first."""
        return dict(Counter(str(outcome.ending) for outcome in self.outcomes).most_common())

    @property
    def stages(self) -> dict[int, int]:
        """At which stages runs noticed the fault, and how many."""
        return dict(sorted(Counter(back.stage for back in self.backs).items()))

    @property
    def backs(self) -> list[Back]:
        """Every going back for a fault that had begun."""
        found = [outcome.back for outcome in self.outcomes if outcome.back is not None]
        return [back for back in found if not back.before_fault]

    def spread(self, measure: Callable[[Back], float]) -> Spread:
        """Of a measure of the runs that noticed the fault."""
        return _spread([measure(back) for back in self.backs])

    def as_json(self) -> dict[str, object]:
        """Everything, in plain values; times in seconds."""
        return {
            "runs": len(self.outcomes),
            "hold_s": self.hold_s,
            "endings": self.endings,
            "finished": self.finished,
            "finished_in_time": self.in_time,
            "false_rollback": self.false_alarm(Verb.ROLL_BACK),
            "false_step_back": self.false_alarm(Verb.STEP_BACK),
            "false_hold_back": self.false_alarm(Verb.HOLD_BACK),
            "took_s": _spread([outcome.took_s for outcome in self.outcomes]),
            "noticed": self.noticed,
            "noticed_at_stages": self.stages,
            "noticed_after_s": self.spread(lambda back: back.after_s),
            "noticed_after_requests": self.spread(lambda back: back.after_requests),
            "bad_answers": self.spread(lambda back: back.bad_answers),
        }


def simulated(
    plan: Plan, world: World, runs: int, seed: int = 0, on_progress: Callable[[float], None] = lambda _: None
) -> Summary:
    """So many runs of the plan in the world; the same seed gives the same. ``on_progress`` gets the part done."""
    outcomes: list[Outcome] = []
    for number, first in enumerate(range(0, runs, BATCH_RUNS)):
        batch = min(BATCH_RUNS, runs - first)
        simulation = Simulation(plan, world, batch, seed * _SEEDS_APART + number)
        outcomes += simulation.outcomes(_part_of(on_progress, first, batch, runs))
    on_progress(1.0)
    return Summary(tuple(outcomes), plan.hold_s)


_SEEDS_APART = 1_000_003


def _part_of(on_progress: Callable[[float], None], first: int, batch: int, runs: int) -> Callable[[float], None]:
    return lambda part: on_progress((first + part * batch) / runs)


def _spread(values: Sequence[float]) -> Spread:
    if not values:
        return Spread(median=None, p95=None)
    ordered = sorted(values)
    return Spread(median=statistics.median(ordered), p95=ordered[min(len(ordered) - 1, int(0.95 * len(ordered)))])
