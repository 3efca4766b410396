"""The results of many runs: shares and medians, with their confidence."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypedDict

from segue.rollout.core.rollout import Verb
from segue.rollout.core.stats import Interval, rate_interval
from segue.rollout.simulation.outcome import RunEnding
from segue.rollout.simulation.run import RunSettings, Simulation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.outcome import Back, RunOutcome
    from segue.rollout.simulation.run import Watcher
    from segue.rollout.simulation.world import World

IN_TIME = 1.5
"""A run is in time if it finishes within this many times the plan's holds."""

_ALPHA = 0.05


class ShareOfRuns(TypedDict):
    """A part of the runs, and its 95 % confidence interval."""

    share: float
    low: float
    high: float


class Spread(TypedDict):
    """The median and the 95th percentile; None if nothing was measured."""

    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The outcomes; ``hold_s`` is the sum of the plan's holds."""

    outcomes: tuple[RunOutcome, ...]
    hold_s: float

    def share(self, holds: Callable[[RunOutcome], bool]) -> ShareOfRuns:
        """The part of the runs for which ``holds`` is true."""
        count, runs = sum(map(holds, self.outcomes)), len(self.outcomes)
        low, high = rate_interval(count, runs - count, _ALPHA) if runs else Interval(0.0, 1.0)
        return ShareOfRuns(share=count / max(1, runs), low=low, high=high)

    @property
    def finished(self) -> ShareOfRuns:
        return self.share(lambda outcome: outcome.ending is RunEnding.FINISHED)

    @property
    def in_time(self) -> ShareOfRuns:
        limit_s = IN_TIME * self.hold_s
        return self.share(lambda outcome: outcome.ending is RunEnding.FINISHED and outcome.took_s <= limit_s)

    @property
    def noticed(self) -> ShareOfRuns:
        """The runs that went back because of a fault that had begun."""
        return self.share(lambda outcome: outcome.back is not None and not outcome.back.before_fault)

    def false_alarm(self, *verbs: Verb) -> ShareOfRuns:
        """The runs that went back while there was no fault."""
        return self.share(
            lambda outcome: outcome.back is not None and outcome.back.before_fault and outcome.back.verb in verbs
        )

    @property
    def endings(self) -> dict[str, int]:
        """How many runs ended in which way, the most frequent first."""
        return dict(Counter(str(outcome.ending) for outcome in self.outcomes).most_common())

    @property
    def stages(self) -> dict[int, int]:
        """How many runs noticed the fault in which stage."""
        return dict(sorted(Counter(back.stage for back in self.backs).items()))

    @property
    def backs(self) -> list[Back]:
        """The first time back of every run in which a fault had begun."""
        found = [outcome.back for outcome in self.outcomes if outcome.back is not None]
        return [back for back in found if not back.before_fault]

    def spread(self, measure: Callable[[Back], float]) -> Spread:
        """The spread of a measure over the runs that noticed the fault."""
        return _spread([measure(back) for back in self.backs])

    def as_json(self) -> dict[str, object]:
        """All results as plain values; times in seconds."""
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


def simulated(  # noqa: PLR0913 - plan, world, number of runs, settings and observers
    plan: Plan,
    world: World,
    runs: int,
    seed: int = 0,
    on_progress: Callable[[float], None] = lambda _: None,
    *,
    setting: RunSettings = RunSettings(),  # noqa: B008 - a value
    watcher: Callable[[int], Watcher] | None = None,
) -> Summary:
    """Simulates ``runs`` runs of the plan in the world; the same seed gives the same result.

    ``on_progress`` receives the part that is done. ``watcher`` creates a watcher for each batch of runs, given its
    size.
    """
    outcomes: list[RunOutcome] = []
    for number, first in enumerate(range(0, runs, setting.batch_runs)):
        batch = min(setting.batch_runs, runs - first)
        how = setting if watcher is None else replace(setting, watcher=watcher(batch))
        simulation = Simulation(plan, world, batch, seed * _SEEDS_APART + number, setting=how)
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
