"""Plans and slots for the tests of the simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import read_plan
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import Plan, Stage, Statistics, Step
from segue.rollout.simulation.drawn import Drawn

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

PLANS = Path(__file__).parents[2] / "plans"
CHARACTERS = ("ghoul", "pip_boy", "raider")


def chirp3() -> Plan:
    return read_plan(PLANS / "chirp3.yaml", frozenset(cast()))


def cast() -> tuple[str, ...]:
    """The fourteen characters."""
    return tuple(sorted(read_catalogue("google")[0].characters))


def short_plan(*, longest_s: float = 20.0) -> Plan:
    """Two stages of a day, every kind of gate."""
    return Plan(
        "short",
        (
            Stage("a-quarter", (Step(250_000, 86_400.0),)),
            Stage("half", (Step(500_000, 86_400.0),)),
        ),
        (
            Gate(GateMetric.SUCCESS_RATE, target=0.95, roll_back=0.90),
            Gate(GateMetric.ERROR_RATE, target=0.01, step_back=0.05, roll_back=0.10),
            Gate(GateMetric.FALLBACK_RATE, target=0.05, step_back=0.05, roll_back=0.20),
            Gate(GateMetric.BAD_AUDIO_RATE, roll_back=0.05),
            Gate(GateMetric.UNSERVED_RATE, roll_back=0.50),
            Gate(GateMetric.MEAN_SYNTHESIS, target=2.0, step_back=2.0, roll_back=5.0),
            Gate(GateMetric.P95_SYNTHESIS, target=2.5, step_back=5.0, roll_back=10.0),
            Gate(GateMetric.P50_FIRST_AUDIO, step_back=0.5),
            Gate(GateMetric.P95_FIRST_AUDIO, target=1.0, step_back=2.0, roll_back=3.0),
        ),
        Statistics(longest_s=longest_s),
    )


def some_slot(dice: Generator, runs: int, mean_units: float, bad: float, *, rescued: bool = False) -> Drawn:
    """What an arm may have done in a slot: any of it, from nothing to nothing but failures.

    ``rescued``: what fails is handed on, mostly, and fails there, too, now and then.
    """
    shape = (runs, len(CHARACTERS))
    units = dice.poisson(mean_units, shape)
    errors = dice.binomial(units, bad)
    refused = dice.binomial(units - errors, bad / 4.0)
    silent = dice.binomial(errors, 0.5)
    timed = units - refused - dice.binomial(errors - silent, 0.5)
    failed = errors + refused
    fallbacks = dice.binomial(failed, 0.9) if rescued else np.zeros_like(failed)
    unserved = failed - fallbacks + dice.binomial(fallbacks, 0.3)
    seconds = timed * dice.uniform(0.0, 12.0, shape)
    streams, late = _streams(dice.spawn(1)[0], timed)
    over = _fewer_and_fewer(dice, timed, len(EDGES_S))
    counts = (units, errors, silent, refused, fallbacks, unserved, timed, seconds, over, streams, late)
    return Drawn(*(np.asarray(count, dtype=np.float64) for count in counts))


def in_shadow(drawn: Drawn) -> Drawn:
    """The same, heard by nobody: nothing is handed on, and nobody is left without an answer."""
    drawn.fallbacks[:] = drawn.unserved[:] = 0.0
    return drawn


def _fewer_and_fewer(dice: Generator, timed: NDArray[np.int64], edges: int) -> NDArray[np.int64]:
    counts, left = [], timed
    for _ in range(edges):
        left = dice.binomial(left, 0.7)
        counts.append(left)
    return np.stack(counts)


def _streams(dice: Generator, timed: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Some of the timed, and fewer and fewer of those: parts of a unit, as a Prometheus gives them. Evidence of so
    few whole ones often comes to nothing exactly, where the last digit decides what a detector remembers.
    """
    streams = left = timed * dice.uniform(0.3, 0.9, timed.shape)
    late = []
    for _ in FIRST_AUDIO_EDGES_S:
        left = left * dice.uniform(0.4, 1.0, timed.shape)
        late.append(left)
    return streams, np.stack(late)
