"""Plans and slots for the tests of the simulation."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import read_plan
from segue.core.gates import Gate, Metric
from segue.core.plan import Plan, Stage, Statistics, Step
from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, Slot
from segue.simulation.drawn import Drawn

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
            Gate(Metric.SUCCESS_RATE, target=0.95, roll_back=0.90),
            Gate(Metric.ERROR_RATE, target=0.01, step_back=0.05, roll_back=0.10),
            Gate(Metric.FALLBACK_RATE, target=0.05, step_back=0.05, roll_back=0.20),
            Gate(Metric.BAD_AUDIO_RATE, roll_back=0.05),
            Gate(Metric.UNSERVED_RATE, roll_back=0.50),
            Gate(Metric.MEAN_SYNTHESIS, target=2.0, step_back=2.0, roll_back=5.0),
            Gate(Metric.P95_SYNTHESIS, target=2.5, step_back=5.0, roll_back=10.0),
            Gate(Metric.P50_FIRST_AUDIO, step_back=0.5),
            Gate(Metric.P95_FIRST_AUDIO, target=1.0, step_back=2.0, roll_back=3.0),
        ),
        Statistics(longest_s=longest_s),
    )


def some_slot(dice: Generator, runs: int, mean_units: float, bad: float) -> Drawn:
    """What an arm may have done in a slot: any of it, from nothing to nothing but failures."""
    shape = (runs, len(CHARACTERS))
    units = dice.poisson(mean_units, shape).astype(np.int64)
    errors = dice.binomial(units, bad)
    silent = dice.binomial(errors, 0.5)
    timed = units - dice.binomial(errors - silent, 0.5)
    over, left = [], timed
    for _ in EDGES_S:
        left = dice.binomial(left, 0.7)
        over.append(left)
    seconds = timed * dice.uniform(0.0, 12.0, shape)
    streams, late = _streams(dice.spawn(1)[0], timed)
    numbers = (units, errors, silent, timed, seconds, np.stack(over), streams, late)
    return Drawn(*(np.asarray(number, dtype=np.float64) for number in numbers))


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


def as_slot(drawn: dict[Arm, Drawn], run: int, start_s: float) -> Slot:
    """One run's part of it, as the core would be told."""
    tallies = {
        (arm, character): drawn[arm].tally(run, number, handed_on=arm is Arm.CANDIDATE)
        for arm in Arm
        for number, character in enumerate(CHARACTERS)
    }
    return Slot(start_s, 60.0, tallies, hits=95.0, lookups=100.0)
