"""What the judge must be able to do, as claims that a simulation can hold up or not.

Every claim is of ``plans/chirp3.yaml`` under 20 requests a second over fourteen characters. A healthy candidate
and the baseline fail 0.2 % of calls and take 0.9 s on average, 2.5 s at the 99th percentile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.core.decide import Trigger
from segue.core.rollout import Verb
from segue.simulation.report import share
from segue.simulation.summary import IN_TIME, Share, Summary, simulated
from segue.simulation.world import World, parse_fault

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.core.plan import Plan
    from segue.simulation.outcome import Outcome

REQUESTS_PER_S = 20.0
_BURST = 20
_LATE_BY = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One claim looked at. ``scene`` is the world it was looked at in."""

    scene: str
    claim: str
    bound: str
    measured: str
    holds: bool


class Judged:
    """The claims about one plan, looked at in so many runs each."""

    def __init__(self, plan: Plan, characters: tuple[str, ...], runs: int, seed: int = 0) -> None:
        self._plan = plan
        self._characters = characters
        self._runs = runs
        self._seed = seed

    def look(self, scene: str) -> list[Finding]:
        """The claims about one of ``SCENES``."""
        return SCENES[scene](self, scene)

    def played(self, *faults: str, burst: int = 1) -> Summary:
        world = World(
            self._characters,
            REQUESTS_PER_S,
            faults=tuple(parse_fault(fault) for fault in faults),
            burst=burst,
        )
        return simulated(self._plan, world, self._runs, self._seed)


def _healthy(judged: Judged, scene: str, burst: int = 1) -> list[Finding]:
    summary = judged.played(burst=burst)
    alarmed = summary.share(lambda outcome: outcome.back is not None)
    return [
        _at_most(scene, "rolled or stepped back", alarmed, 0.01),
        _at_least(scene, f"finished within {IN_TIME:g} times the holds", summary.in_time, 0.98),
    ]


def _bursts(judged: Judged, scene: str) -> list[Finding]:
    return _healthy(judged, scene, _BURST)


def _errors(judged: Judged, scene: str) -> list[Finding]:
    summary = judged.played("error:0.15@stage1")
    return [
        _at_least(scene, "taken back at stage 1", summary.share(_taken_back_at_stage_1), 0.99),
        _requests(scene, summary, 200),
    ]


def _many_errors(judged: Judged, scene: str) -> list[Finding]:
    summary = judged.played("error:0.3@stage1")
    return [
        _at_least(scene, "rolled back, P0", summary.share(_rolled_back_at_once), 0.99),
        _requests(scene, summary, 80),
    ]


def _slow(judged: Judged, scene: str) -> list[Finding]:
    summary = judged.played("slow:10@stage1")
    return [
        _at_least(scene, "taken back at stage 1", summary.share(_taken_back_at_stage_1), 0.99),
        _requests(scene, summary, 60),
    ]


def _late(judged: Judged, scene: str) -> list[Finding]:
    late, early = (_median_requests(judged.played(f"error:0.15@day{day}")) for day in (6, 1))
    ratio = late / early
    told = f"{ratio:.2f} ({late:,.0f} by {early:,.0f})"
    claim = "requests until noticed, by those on day 1"
    return [Finding(scene, claim, f"at most {_LATE_BY:g}", told, holds=ratio <= _LATE_BY)]


def _short_outage(judged: Judged, scene: str) -> list[Finding]:
    return _outage(judged, scene, "outage:1@stage4+10m")


def _long_outage(judged: Judged, scene: str) -> list[Finding]:
    return _outage(judged, scene, "outage:0.5@stage1+1h")


def _outage(judged: Judged, scene: str, fault: str) -> list[Finding]:
    taken = judged.played(fault).share(lambda outcome: outcome.back is not None)
    return [_at_most(scene, "the candidate taken back", taken, 0.02)]


SCENES: dict[str, Callable[[Judged, str], list[Finding]]] = {
    "a healthy candidate": _healthy,
    f"a healthy candidate, {_BURST} requests a session": _bursts,
    "15 % errors from stage 1": _errors,
    "30 % errors from stage 1": _many_errors,
    "a mean of 10 s, twice the alert, from stage 1": _slow,
    "15 % errors from day 6": _late,
    "both arms dead for 10 minutes, stage 4": _short_outage,
    "both arms failing by half for an hour, stage 1": _long_outage,
}
"""The worlds that the claims are about."""


def _taken_back_at_stage_1(outcome: Outcome) -> bool:
    return outcome.back is not None and not outcome.back.before_fault and outcome.back.stage == 1


def _rolled_back_at_once(outcome: Outcome) -> bool:
    back = outcome.back
    return back is not None and back.verb is Verb.ROLL_BACK and back.trigger is Trigger.P0


def _median_requests(summary: Summary) -> float:
    median = summary.spread(lambda back: back.after_requests)["median"]
    return float("inf") if median is None else median


def _requests(scene: str, summary: Summary, bound: float) -> Finding:
    median = _median_requests(summary)
    claim = "candidate requests until then, median"
    return Finding(scene, claim, f"under {bound:g}", f"{median:,.0f}", holds=median < bound)


def _at_most(scene: str, claim: str, found: Share, bound: float) -> Finding:
    return Finding(scene, claim, f"at most {bound:.0%}", share(found), holds=found["share"] <= bound)


def _at_least(scene: str, claim: str, found: Share, bound: float) -> Finding:
    return Finding(scene, claim, f"at least {bound:.0%}", share(found), holds=found["share"] >= bound)
