"""What is foreseen of a plan, held against the reading of gates on drawn units."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.config.plan_file import read_plan
from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.preflight.plan_review import usual
from segue.rollout.core.evidence import Evidence
from segue.rollout.core.forecast import Forecast, forecast
from segue.rollout.core.gates import Verdict
from segue.rollout.core.readings import read_gates
from segue.rollout.core.supply import DAY_S, Traffic, supply
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.simulation.world import Delays

if TYPE_CHECKING:
    from segue.rollout.core.plan import Place, Plan

PLANS = Path(__file__).parents[2] / "plans"
POPULARITY = {"pip_boy": 1 / 14, "vault_dweller": 1 / 14, "wasteland_trader": 1 / 14, "others": 11 / 14}
_RUNS = 50
_NEXT_LOOK = 1.07
"""Looks at a step that is due lie so many times apart: its days are told too long by no more than that."""


class Drawn:
    """One rollout of a candidate with this error rate, unit by unit, read as the judge reads it."""

    def __init__(self, plan: Plan, traffic: Traffic, error_rate: float, seed: int) -> None:
        self._plan = plan
        self._traffic = traffic
        self._error_rate = error_rate
        self._random = np.random.default_rng(seed)
        self._total = Slot(0.0, 0.0)

    def days(self) -> list[float]:
        """That each step took."""
        return [self._step(place) for place in self._plan.places()]

    def _step(self, place: Place) -> float:
        arm = Arm.CANDIDATE if supply(self._plan, place, self._traffic).of_candidate else Arm.BASELINE
        step, days = Slot(0.0, 0.0), 0.0
        look = self._plan.step(place).hold_s / DAY_S
        while True:
            seen = self._units(place, arm, look - days)
            self._total, step, days = self._total.plus(seen), step.plus(seen), look
            if self._met(place, arm, step):
                return days
            look *= _NEXT_LOOK

    def _met(self, place: Place, arm: Arm, step: Slot) -> bool:
        evidence = Evidence(0.0, self._total, step)
        characters = self._plan.stage(place).characters or frozenset(POPULARITY)
        readings = read_gates(self._plan, evidence, arm, characters, self._plan.gates_at(place))
        return all(one.verdict is Verdict.PASS for one in readings)

    def _units(self, place: Place, arm: Arm, days: float) -> Slot:
        named = self._plan.stage(place).characters or frozenset(POPULARITY)
        spoken = sum(POPULARITY[key] for key in named)
        rate = supply(self._plan, place, self._traffic).units_a_day
        counts = {key: int(self._random.poisson(rate * days * POPULARITY[key] / spoken)) for key in sorted(named)}
        tallies = {(arm, key): self._tally(count) for key, count in counts.items()}
        return Slot(0.0, days * DAY_S, tallies, hits=95.0 * days * 1e4, lookups=100.0 * days * 1e4)

    def _tally(self, units: int) -> Tally:
        failed = int(self._random.binomial(units, self._error_rate))
        delays = Delays()
        took_s = self._random.lognormal(delays.mu, delays.sigma, units - failed).clip(max=20.0)
        return Tally(
            units=units,
            errors=failed,
            fallbacks=failed,
            timed=units - failed,
            seconds=float(took_s.sum()),
            over=tuple(float((took_s > edge_s).sum()) for edge_s in EDGES_S),
        )


def both(name: str, requests_a_day: float, error_rate: float) -> tuple[Forecast, list[list[float]]]:
    """The forecast, and the days of drawn rollouts, step by step."""
    plan = read_plan(PLANS / f"{name}.yaml")
    traffic = Traffic(requests_a_day, POPULARITY)
    drawn = [Drawn(plan, traffic, error_rate, seed).days() for seed in range(_RUNS)]
    return forecast(plan, traffic, usual(), (error_rate,)), drawn


@pytest.mark.parametrize(
    ("name", "requests_a_day", "error_rate"),
    [("chirp3", 500.0, 0.002), ("chirp3", 5000.0, 0.0), ("careful", 1000.0, 0.002)],
)
@pytest.mark.timeout(180)
def test_days_are_foreseen_within_a_third(name: str, requests_a_day: float, error_rate: float) -> None:
    foreseen, drawn = both(name, requests_a_day, error_rate)
    totals = sorted(sum(days) for days in drawn)

    for told, at in ((foreseen.total[error_rate].median, 0.5), (foreseen.total[error_rate].p90, 0.9)):
        assert told == pytest.approx(totals[int(at * _RUNS)], rel=1 / 3)
    for number, step in enumerate(foreseen.steps):
        median = sorted(days[number] for days in drawn)[_RUNS // 2]
        assert step.days[error_rate].median == pytest.approx(median, rel=1 / 3), step.place


@pytest.mark.parametrize(("name", "requests_a_day"), [("small-team", 500.0), ("careful", 5000.0)])
def test_a_smaller_plan_ends_in_its_holds_in_nine_of_ten_runs(name: str, requests_a_day: float) -> None:
    foreseen, drawn = both(name, requests_a_day, 0.002)
    nominal = read_plan(PLANS / f"{name}.yaml").hold_s / DAY_S

    assert sum(math.isclose(sum(days), nominal) for days in drawn) >= 0.9 * _RUNS
    assert foreseen.total[0.002].p90 == pytest.approx(nominal)
