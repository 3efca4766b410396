"""Claims about what the judge can do, which a simulation can confirm or refute.

Unless a scene says otherwise, the plan is ``plans/chirp3.yaml``, held at one share of all characters; both arms
fail 0.2 % of calls and take 0.9 s on average, 2.5 s at the 99th percentile, and every request is from a different
listener. Traffic counts requests that reach an engine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

from segue.rollout.core.plan import Stage, Step
from segue.rollout.core.rollout import Verb
from segue.rollout.simulation.outcome import RunEnding
from segue.rollout.simulation.report import in_time_units, share
from segue.rollout.simulation.run import BATCH_RUNS, RunSettings
from segue.rollout.simulation.summary import ShareOfRuns, Summary, simulated
from segue.rollout.simulation.world import DAY_S, Behaviour, Delays, Tail, World, behaviour, parse_fault, zipf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.run import Watcher

_HOUR_S = 3600.0
_MINUTE_S = 60.0
_PPM = 1_000_000
SLIGHTLY_WORSE = {"baseline": behaviour(0.001, 0.9), "candidate": behaviour(0.006, 1.3)}
"""A candidate that fails six times as often, takes about 1.5 times as long, and meets every target."""

_PARETO = Behaviour(delays=Delays(0.9, 3.6, Tail.PARETO))


class SceneKind(Enum):
    """The subject of a scene, which determines how many runs it gets."""

    HEALTHY = "healthy"
    SHARED = "shared trouble"
    LISTENERS = "one listener"
    FOUND = "true faults"
    PLANS = "plans that finish"
    UNSEEN = "time that nobody watched"


@dataclass(frozen=True, slots=True)
class HeldShare:
    """A plan held at one share for some days; ``finished``: after its last step."""

    share: float
    days: float
    finished: bool = False


@dataclass(frozen=True, slots=True)
class Scene:
    """One world, and the claims about what happens in it.

    ``plan`` names one of the shipped plans. ``slot_s`` replaces the plan's slot if nothing in the scene is
    shorter. ``batch_runs`` share a clock; in a world that takes long, many of them cost less.
    """

    kind: SceneKind
    name: str
    requests_per_day: float
    checks: tuple[Check, ...]
    stay: HeldShare | None = None
    plan: str = "chirp3"
    slot_s: float | None = None
    batch_runs: int = BATCH_RUNS
    faults: tuple[str, ...] = ()
    changes: Mapping[str, object] = field(default_factory=dict)

    @property
    def where(self) -> str:
        """The traffic and the share."""
        rate = self.requests_per_day
        told = f"{rate:,.0f} a day" if rate < DAY_S else f"{rate / DAY_S:g}/s"
        if self.stay is None:
            return f"{told}, the whole of {self.plan}"
        return f"{told}, {self.stay.share:.0%}{', finished' if self.stay.finished else ''}"

    def world(self, characters: tuple[str, ...]) -> World:
        """The scene's world. Faults of a character name it by its number; 0 is the most popular."""
        faults = tuple(parse_fault(_named(fault, characters)) for fault in self.faults)
        return World(characters, self.requests_per_day / DAY_S, faults=faults, **self.changes)  # type: ignore[arg-type]

    def played_plan(self, plan: Plan) -> Plan:
        """The plan itself, or one that holds the scene's share."""
        if self.stay is None:
            return plan
        step = Step(round(self.stay.share * _PPM), 2.0 * self.stay.days * DAY_S)
        return replace(plan, stages=(Stage("held", (step,)),), yardstick_ppm=0)


@dataclass(frozen=True, slots=True)
class ClaimResult:
    """The result of one claim: the world (``scene``), traffic and share (``where``), and the number of runs.

    ``holds``: the measured value is within the bound. ``refuted``: it is not, and chance does not explain that.
    """

    kind: SceneKind
    scene: str
    where: str
    runs: int
    claim: str
    bound: str
    measured: str
    holds: bool
    refuted: bool


class Looked(NamedTuple):
    """What was measured, whether it is within the bound, and whether the excess is too large for chance."""

    measured: str
    holds: bool
    refuted: bool


@dataclass(frozen=True, slots=True)
class Check:
    """One claim about the runs of a scene: what is measured, and its bound."""

    claim: str
    bound: str
    look: Callable[[Summary], Looked]


def played(scene: Scene, plan: Plan, characters: tuple[str, ...], runs: int, seed: int = 0) -> list[ClaimResult]:
    """The results of the claims about a scene, from this number of runs."""
    summary = outcomes(scene, plan, characters, runs, seed)
    found = []
    for check in scene.checks:
        looked = check.look(summary)
        found.append(ClaimResult(scene.kind, scene.name, scene.where, runs, check.claim, check.bound, *looked))
    return found


def outcomes(
    scene: Scene,
    plan: Plan,
    characters: tuple[str, ...],
    runs: int,
    seed: int = 0,
    *,
    watcher: Callable[[int], Watcher] | None = None,
) -> Summary:
    """The runs of a scene. ``watcher`` creates a watcher for each batch of runs, given its size."""
    stay = scene.stay
    setting = RunSettings(batch_runs=scene.batch_runs)
    if stay is not None:
        setting = replace(
            setting, coarse=False, slot_s=scene.slot_s, finished=stay.finished, until_s=stay.days * DAY_S
        )
    return simulated(
        scene.played_plan(plan), scene.world(characters), runs, seed, setting=setting, watcher=watcher
    )


def scenes() -> Iterator[Scene]:
    """All worlds with their claims."""
    yield from _healthy()
    yield from _shared()
    yield from _listeners()
    yield from _found()
    yield from _in_shadow()
    yield from _plans()
    yield from _unseen()


TRAFFICS = (500.0, 5_000.0, DAY_S, 50.0 * DAY_S)
"""Requests a day that reach an engine: a small team's, a larger one's, 1/s and 50/s."""


def _healthy() -> Iterator[Scene]:
    sessions = {"burst": 20, "session_s": 4 * _HOUR_S}
    worlds: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("equal arms", {}),
        ("slightly worse, popular and rare characters", {**SLIGHTLY_WORSE, "popularity": zipf(14)}),
        ("sessions of 10 min that fail as one", {"burst": 10, "session_s": 600.0}),
        ("sessions of 4 h that fail as one", sessions),
        ("nights at a tenth, Pareto tails", {"night": 0.9, "baseline": _PARETO, "candidate": _PARETO}),
    )
    for rate in TRAFFICS:
        for name, changes in worlds:
            days = 7.0 if rate <= DAY_S else 0.5
            yield Scene(
                SceneKind.HEALTHY, name, rate, (_AT_MOST_1,), HeldShare(0.5, days), changes=changes, **_cost(rate)
            )


_LARGE_BATCH = 1000
"""At a minute a slot, calls of numpy cost more than what they compute."""


def _cost(rate: float) -> dict[str, Any]:
    """How to simulate a world in which nothing happens if that takes long."""
    if rate < DAY_S:
        return {"slot_s": 600.0 if rate <= TRAFFICS[0] else 300.0}
    return {"batch_runs": _LARGE_BATCH}


def _shared() -> Iterator[Scene]:
    troubles = (
        ("both arms dead for 2 min", "outage:1@1h+2m"),
        ("both arms dead for 10 min", "outage:1@1h+10m"),
        ("both arms dead for 1 h", "outage:1@1h+1h"),
        ("both arms fail by a tenth for 1 h", "outage:0.1@1h+1h"),
        ("both arms 2.5 times slower for 1 h", "drag:2.5@1h+1h"),
        ("both arms 4 times slower for 1 h", "drag:4@1h+1h"),
    )
    worse = {**SLIGHTLY_WORSE, "popularity": zipf(14), "breaker_s": 60.0}
    for rate in (500.0, 5_000.0, DAY_S, 20.0 * DAY_S):
        for name, fault in troubles:
            for stay in (HeldShare(0.5, 0.2), HeldShare(0.1, 0.2), HeldShare(1.0, 0.2, finished=True)):
                told = f"{name}; candidate slightly worse"
                yield Scene(
                    SceneKind.SHARED,
                    told,
                    rate,
                    (_AT_MOST_1,),
                    stay,
                    faults=(fault,),
                    changes=worse,
                )
    for rate in (500.0, 5_000.0):
        daily = tuple(f"outage:1@{13 + 24 * day}h+3m" for day in range(7))
        yield Scene(
            SceneKind.SHARED,
            "both arms dead for 3 min, daily",
            rate,
            (_AT_MOST_1,),
            HeldShare(0.5, 7.0),
            faults=daily,
        )


def _listeners() -> Iterator[Scene]:
    for rate in (500.0, 5_000.0, DAY_S):
        for name, changes in (
            ("one listener with 30 % of the requests, all of them failing", {"heavy": 0.3}),
            ("one listener sends every 15 min what the candidate cannot speak", {"poisoned": True}),
        ):
            yield Scene(
                SceneKind.LISTENERS, name, rate, (_AT_MOST_1,), HeldShare(0.5, 7.0), changes=changes, **_cost(rate)
            )


def _found() -> Iterator[Scene]:
    half, popular = HeldShare(0.5, 8.0), {"popularity": zipf(14)}
    for rate, errors, minutes in (
        (DAY_S, 1.0, 1.5), (DAY_S, 0.3, 3.75), (DAY_S, 0.15, 7.5),
        (5_000.0, 1.0, 5.0), (5_000.0, 0.3, 50.0), (5_000.0, 0.15, 141.0),
        (500.0, 1.0, 47.0), (500.0, 0.3, 312.0), (500.0, 0.15, 1_200.0),
    ):  # fmt: skip
        yield Scene(
            SceneKind.FOUND, f"{errors:.0%} errors", rate, _noticed(minutes), half, faults=(f"error:{errors}@1h",)
        )
    for rate, minutes in ((DAY_S, 90.0), (5_000.0, 180.0), (500.0, 1_440.0)):
        yield Scene(SceneKind.FOUND, "a mean of 2.7 s", rate, _noticed(minutes), half, faults=("slow:2.7@1h",))
    yield Scene(SceneKind.FOUND, "a mean of 10 s", 5_000.0, _noticed(10.0), half, faults=("slow:10@1h",))
    yield Scene(
        SceneKind.FOUND, "one of 14 characters, 15 % errors", 5_000.0, (_ALL,), half, faults=("error:0.15@1h/3",)
    )
    for rate in (1_000.0, 5_000.0, DAY_S):
        for name, faults in (
            ("the rarest character dead", ("error:1@1h/13",)),
            ("the most popular character dead", ("error:1@1h/0",)),
            ("two characters dead", ("error:1@1h/3", "error:1@1h/7")),
        ):
            yield Scene(SceneKind.FOUND, name, rate, (_ALONE,), half, faults=faults, changes=popular)
    for rate, minutes in ((DAY_S, 2.0), (5_000.0, 10.0)):
        everyone = HeldShare(1.0, 2.0, finished=True)
        yield Scene(
            SceneKind.FOUND,
            "dead, nobody on the baseline",
            rate,
            _noticed(minutes),
            everyone,
            faults=("error:1@1h",),
        )


def _in_shadow() -> Iterator[Scene]:
    for plan, rate in (("small-team", 500.0), ("careful", 5_000.0), ("chirp3", 20_000.0)):
        for name, fault in (
            ("30 % errors, shadow before anybody hears it", "error:0.3@stage0"),
            ("one character dead, shadow before anybody hears it", "error:1@stage0/3"),
        ):
            yield Scene(SceneKind.FOUND, name, rate, (_UNHEARD,), plan=plan, faults=(fault,))


def _plans() -> Iterator[Scene]:
    for plan, rate, days in (("small-team", 500.0, None), ("careful", 5_000.0, None), ("chirp3", 50_000.0, 45.0)):
        yield Scene(SceneKind.PLANS, f"plans/{plan}.yaml, 0.2 % errors", rate, (_finished(days),), plan=plan)


def _unseen() -> Iterator[Scene]:
    for name, fault, days in (
        ("a silent week", "lost:1@0.5h+7d", 7.9),
        ("23 of 24 hours of metrics lost", "lost:1@0.5h+23h", 1.9),
        ("the judge is down for longer than the hold", "down:1@0.5h+7d", 7.9),
    ):
        yield Scene(
            SceneKind.UNSEEN,
            f"{name}; a hold of a day",
            DAY_S,
            (_not_before(days),),
            plan=ONE_DAY,
            faults=(fault,),
        )


ONE_DAY = "one-day"
"""A plan with one stage of a day, at 50 %, with the gates of ``plans/chirp3.yaml``."""


def one_day(plan: Plan) -> Plan:
    """The one-day plan with this plan's gates."""
    return replace(plan, name=ONE_DAY, stages=(Stage("half", (Step(_PPM // 2, DAY_S),)),), yardstick_ppm=0)


def _named(fault: str, characters: tuple[str, ...]) -> str:
    when, slash, number = fault.partition("/")
    return f"{when}/{characters[int(number)]}" if slash else fault


def _taken(summary: Summary) -> ShareOfRuns:
    return summary.share(lambda outcome: outcome.back is not None)


def _at_most(claim: str, bound: float, measure: Callable[[Summary], ShareOfRuns]) -> Check:
    def look(summary: Summary) -> Looked:
        found = measure(summary)
        return Looked(share(found), found["share"] <= bound, found["low"] > bound)

    return Check(claim, f"at most {bound:.0%}", look)


def _at_least(claim: str, bound: float, measure: Callable[[Summary], ShareOfRuns]) -> Check:
    def look(summary: Summary) -> Looked:
        found = measure(summary)
        return Looked(share(found), found["share"] >= bound, found["high"] < bound)

    return Check(claim, f"at least {bound:.0%}", look)


def _only_held_back(summary: Summary) -> ShareOfRuns:
    return summary.share(lambda outcome: outcome.back is not None and outcome.back.verb is Verb.HOLD_BACK)


_AT_MOST_1 = _at_most("taken back", 0.01, _taken)
_ALL = _at_least("noticed", 0.99, _taken)
_UNHEARD = _at_least(
    "stopped in stage 0",
    1.0,
    lambda summary: summary.share(lambda one: one.back is not None and one.back.stage == 0),
)
_ALONE = _at_least("held back alone", 0.95, _only_held_back)


def _not_before(days: float) -> Check:
    def early(summary: Summary) -> ShareOfRuns:
        return summary.share(lambda one: one.ending is RunEnding.FINISHED and one.took_s < days * DAY_S)

    return _at_most("gone on before it had been seen for its hold", 0.0, early)


def _noticed(minutes: float) -> tuple[Check, ...]:
    def look(summary: Summary) -> Looked:
        spread = summary.spread(lambda back: back.after_s)
        median_s, limit_s = spread["median"], minutes * _MINUTE_S
        if median_s is None or spread["p95"] is None:
            return Looked("never", holds=False, refuted=True)
        told = f"median {in_time_units(median_s)}, P95 {in_time_units(spread['p95'])}"
        return Looked(told, median_s <= limit_s, median_s > _MEDIANS_APART * limit_s)

    return (_ALL, Check("time until noticed", f"median {in_time_units(minutes * _MINUTE_S)}", look))


def _finished(days: float | None) -> Check:
    """Whether runs finish in the nominal time, or in this number of days."""

    def in_time(summary: Summary) -> ShareOfRuns:
        limit_s = summary.hold_s * _NOMINAL if days is None else days * DAY_S
        return summary.share(lambda outcome: outcome.ending is RunEnding.FINISHED and outcome.took_s <= limit_s)

    when = "in its nominal time" if days is None else f"in {days:g} days"
    return _at_least(f"finished {when}", _MOSTLY, in_time)


_MEDIANS_APART = 1.5
"""The median of 20 runs is at most this factor away from the median of all runs."""

_NOMINAL = 1.02
"""Runs that end one decision and one approval later than the holds are in time."""

_MOSTLY = 0.9
