"""Small worlds for the judge: a week's listeners drawn minute by minute, judged as they come."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.rollout.core import rollout
from segue.rollout.core.decide import Decision, decide
from segue.rollout.core.evidence import absorbed, nothing_yet
from segue.rollout.core.plan import Place
from segue.rollout.core.rollout import RolloutState, Verb
from segue.rollout.core.windows import NOTHING, Slot, Tally
from support.rollouts import SLOT_S, chirp3

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator

    from segue.rollout.core.plan import Plan

CHARACTERS = tuple(f"character-{number:02}" for number in range(14))
DAY_S = 86_400.0
_SPREAD = 0.49
_EDGES_S = np.array(EDGES_S)


class Fare(NamedTuple):
    """How an arm fares: the chance that a call fails, and how long one takes on average."""

    errors: float = 0.002
    mean_s: float = 0.9


WELL = Fare()


class Both(NamedTuple):
    candidate: Fare = WELL
    baseline: Fare = WELL


@dataclass(frozen=True, slots=True)
class World:
    """Units a second over all characters, who of them is heard how much, and how both arms fare at a time, as a
    character (by number). With a fallback the baseline is tried for what the candidate fails.
    """

    units_per_s: float
    fares: Callable[[float, int], Both]
    share: float = 0.5
    popularity: tuple[float, ...] = (1 / 14,) * 14
    fallback: bool = True
    plan: Plan = field(default_factory=chirp3)


class Taken(NamedTuple):
    """What was decided first that changes anything, and when."""

    after_s: float
    decision: Decision

    @property
    def back(self) -> bool:
        return self.decision.trigger is not None


def zipf(characters: int = 14) -> tuple[float, ...]:
    weights = [1.0 / (rank + 1) for rank in range(characters)]
    return tuple(weight / sum(weights) for weight in weights)


def play(world: World, seed: int, for_s: float) -> Taken:
    """Until something changes, or the time is over."""
    (last,) = played(world, seed, for_s, 1)
    return last


def played(world: World, seed: int, for_s: float, most: int) -> list[Taken]:
    """The same, going on after a character was held back, up to ``most`` decisions."""
    dice, plan, taken = np.random.default_rng(seed), world.plan, list[Taken]()
    state = _at_all(plan, round(world.share * 1_000_000))
    evidence = nothing_yet(0.0)
    decision = decide(plan, state, evidence, 0.0)
    for number in range(round(for_s / SLOT_S)):
        slot = _slot(world, dice, number * SLOT_S, state.routing.held_back)
        if slot.is_silent:
            continue
        on = frozenset(CHARACTERS) - state.routing.held_back
        evidence = absorbed(evidence, slot, plan, on)
        if not evidence.watches:
            continue  # nothing could ring, and the hold is a week
        decision = decide(plan, state, evidence, slot.end_s)
        if decision.verb is None:
            continue
        taken.append(Taken(slot.end_s, decision))
        if len(taken) == most or decision.verb is not Verb.HOLD_BACK:
            return taken
        state = rollout.decided(state, decision.verb, decision.character, plan, slot.end_s)
        evidence = nothing_yet(slot.end_s)
    return [*taken, Taken(for_s, replace(decision, verb=None))]


def _at_all(plan: Plan, share_ppm: int) -> RolloutState:
    state = rollout.started(RolloutState(), plan, "plan", 0.0)
    routing = replace(state.routing, share_ppm=share_ppm)
    return replace(state, place=Place(4, 0), routing=routing)


def _slot(world: World, dice: Generator, start_s: float, held_back: frozenset[str]) -> Slot:
    tallies: dict[tuple[Arm, str], Tally] = {}
    for number, units in enumerate(dice.poisson(world.units_per_s * SLOT_S * np.array(world.popularity))):
        name, fares = CHARACTERS[number], world.fares(start_s, number)
        ours = 0 if name in held_back else int(dice.binomial(units, world.share))
        rescue = fares.baseline.errors if world.fallback else None
        for arm, count, fare in (
            (Arm.CANDIDATE, ours, fares.candidate),
            (Arm.BASELINE, units - ours, fares.baseline),
        ):
            if count:
                tallies[arm, name] = _tally(dice, int(count), fare, rescue if arm is Arm.CANDIDATE else None)
    total = sum(tally.units for tally in tallies.values())
    return Slot(start_s, SLOT_S, tallies, 19.0 * total, 20.0 * total)


def _tally(dice: Generator, units: int, fare: Fare, rescue: float | None) -> Tally:
    errors = int(dice.binomial(units, fare.errors))
    seconds = np.minimum(dice.lognormal(math.log(fare.mean_s) - _SPREAD**2 / 2, _SPREAD, units - errors), 20.0)
    unserved = errors if rescue is None else int(dice.binomial(errors, rescue))
    return replace(
        NOTHING,
        units=float(units),
        errors=float(errors),
        fallbacks=0.0 if rescue is None else float(errors),
        unserved=float(unserved),
        timed=float(units - errors),
        seconds=float(seconds.sum()),
        over=tuple(float(count) for count in (seconds[:, None] > _EDGES_S).sum(axis=0)),
    )
