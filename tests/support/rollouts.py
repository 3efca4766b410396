"""Rollouts for tests of the judge: the shipped plan, states within it, and minutes of traffic of a known kind."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from segue.config.plan_file import read_plan
from segue.kernel.arms import Arm
from segue.kernel.assign import Routing
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.evidence import Evidence, absorbed, nothing_yet
from segue.rollout.core.plan import Place, Policy, Statistics
from segue.rollout.core.rollout import RolloutState, started
from segue.rollout.core.windows import Slot, Tally

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from segue.rollout.core.plan import Plan

NOON_S = 1_773_144_000.0
"""Tuesday 2026-03-10, 12:00 UTC."""

SLOT_S = 60.0
SEVERAL = ("pip_boy", "vault_dweller", "wasteland_trader")


@cache
def chirp3() -> Plan:
    """The stages and gates of the plan that ships, with the usual statistics and policy, and nobody spared: no
    yardstick, no shadow. What those do has tests of its own.
    """
    shipped = read_plan(Path(__file__).parents[2] / "plans" / "chirp3.yaml")
    stages = tuple(replace(stage, shadow_ppm=0) for stage in shipped.stages)
    return replace(shipped, stages=stages, yardstick_ppm=0, statistics=Statistics(), policy=Policy())


@dataclass(frozen=True, slots=True)
class Kind:
    """How an arm does: parts of its units, and how long the others take.

    ``errors`` and ``refused`` are handed on, and ``unserved`` of all units hear nothing even so; ``slow`` of those
    that are heard take ``slow_s`` instead of ``took_s``. ``streamed`` of those are streams, of which ``late``
    begin after ``late_s`` instead of ``began_s``.
    """

    errors: float = 0.0
    refused: float = 0.0
    bad_audio: float = 0.0
    unserved: float = 0.0
    took_s: float = 0.8
    slow: float = 0.0
    slow_s: float = 12.0
    streamed: float = 0.0
    began_s: float = 0.25
    late: float = 0.0
    late_s: float = 2.5

    def tally(self, units: float, *, handed_on: bool = True) -> Tally:
        errors, refused, unserved = units * self.errors, units * self.refused, units * self.unserved
        timed = units - errors - refused
        slow = timed * self.slow
        lasting = {self.slow_s: slow, self.took_s: timed - slow}
        streams = timed * self.streamed
        begun = {self.late_s: streams * self.late, self.began_s: streams * (1.0 - self.late)}
        return Tally(
            units=units,
            errors=errors,
            bad_audio=units * self.bad_audio,
            refused=refused,
            fallbacks=errors + refused if handed_on else 0.0,
            unserved=unserved,
            timed=timed,
            seconds=sum(seconds * count for seconds, count in lasting.items()),
            over=_longer(lasting, EDGES_S),
            streams=streams,
            late=_longer(begun, FIRST_AUDIO_EDGES_S),
        )

    def shared(self) -> Kind:
        """The same of a candidate whose failures the baseline fails as often, when they are handed on."""
        failed = self.errors + self.refused
        return replace(self, unserved=failed * failed)


def _longer(lasting: Mapping[float, float], edges_s: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(sum(count for seconds, count in lasting.items() if seconds > edge) for edge in edges_s)


HEALTHY = Kind()


@dataclass(frozen=True, slots=True)
class Minute:
    """A slot's traffic: so many units of each character on each arm, and how they fare."""

    candidate: Kind = HEALTHY
    baseline: Kind = HEALTHY
    candidate_units: float = 50.0
    baseline_units: float = 50.0
    characters: tuple[str, ...] = SEVERAL
    apart: Mapping[str, Kind] | None = None
    cache_hit_rate: float = 0.97
    assigned: tuple[int, int] = (0, 0)
    fallback: bool = True

    def slot(self, start_s: float, length_s: float = SLOT_S) -> Slot:
        """``apart`` are characters whose candidate fares in a way of its own; without ``fallback`` who gets
        nothing from the candidate hears nothing.
        """
        apart = self.apart or {}
        tallies: dict[tuple[Arm, str], Tally] = {}
        for name in self.characters:
            if self.candidate_units:
                kind = apart.get(name, self.candidate)
                kind = kind if self.fallback else _alone(kind)
                tallies[Arm.CANDIDATE, name] = kind.tally(self.candidate_units, handed_on=self.fallback)
            if self.baseline_units:
                tallies[Arm.BASELINE, name] = _alone(self.baseline).tally(self.baseline_units, handed_on=False)
        lookups = 1000.0
        return Slot(start_s, length_s, tallies, lookups * self.cache_hit_rate, lookups, self.assigned)


def _alone(kind: Kind) -> Kind:
    """Whose failures are handed on to nobody."""
    return replace(kind, unserved=kind.errors + kind.refused)


def at(stage: int, step: int = 0, *, plan: Plan | None = None, now_s: float = NOON_S) -> RolloutState:
    """A rollout that entered this step at ``now_s``."""
    plan = plan or chirp3()
    place = Place(stage, step)
    begun = started(RolloutState(Routing(salt="chirp3")), plan, "plan", now_s)
    routing = replace(begun.routing, share_ppm=plan.step(place).share_ppm, characters=plan.stage(place).characters)
    return replace(begun, place=place, routing=routing)


def seen(
    minutes: Iterable[Minute],
    *,
    since_s: float = NOON_S,
    plan: Plan | None = None,
    eligible: frozenset[str] | None = None,
) -> Evidence:
    """The evidence of these minutes, one after the other from ``since_s``."""
    evidence = nothing_yet(since_s)
    for number, minute in enumerate(minutes):
        slot = minute.slot(since_s + number * SLOT_S)
        evidence = absorbed(evidence, slot, plan or chirp3(), eligible)
    return evidence
