"""What the arrays leave out or solve in another way than the core makes no difference."""

from __future__ import annotations

import numpy as np
import pytest

from segue.kernel.edges import EDGES_S
from segue.rollout.core.compare import Block, Rates, Terms, log_gain
from segue.rollout.simulation.capital import Capital
from segue.rollout.simulation.cells import Cells
from segue.rollout.simulation.pairs import log_gains
from segue.rollout.simulation.run import RunSettings
from segue.rollout.simulation.summary import simulated
from segue.rollout.simulation.world import World
from support.simulation import CHARACTERS, short_plan, some_slot

LEVEL_S, LONGEST_S = 2.0, 20.0
BLOCKS = 3_000


@pytest.mark.parametrize("mean_units", [1.0, 8.0])
def test_where_no_stake_can_gain_none_does(mean_units: float) -> None:
    """Also where the counts contradict the sum."""
    drawn = some_slot(np.random.default_rng(1), 2_000, mean_units, 0.05)
    drawn.seconds *= 0.4
    capital = Capital(LEVEL_S, LONGEST_S)
    runs, characters = np.indices(drawn.units.shape).reshape(2, -1)

    gains = capital.gains(Cells(drawn, runs, characters))

    can = capital.can_gain(drawn).ravel()
    assert 0.1 < can.mean() < 0.9
    assert (gains[:, ~can] <= 0.0).all()
    assert (gains[:, can].max(axis=0) > 0.0).mean() > 0.5, "few are computed in vain"


def test_the_edges_that_a_sum_needs_are_those_of_the_histogram() -> None:
    drawn = some_slot(np.random.default_rng(1), 1, 1.0, 0.0)
    drawn.timed[:], drawn.seconds[:] = 1.0, 0.0
    for number, edge_s in enumerate(EDGES_S):
        drawn.over[:] = 0.0
        drawn.over[: number + 1] = 1.0
        assert Capital(LEVEL_S, LONGEST_S).can_gain(drawn).all() == (edge_s >= LEVEL_S)


@pytest.mark.parametrize("tolerance", [0.0, 0.005, 0.05])
def test_the_arms_are_compared_as_in_the_core_whatever_their_rates(tolerance: float) -> None:
    dice = np.random.default_rng(2)
    trials, other_trials = dice.poisson(10.0 ** dice.uniform(-1.0, 3.0, (2, BLOCKS))) + 1.0
    bad, other_bad = (dice.binomial(count.astype(int), dice.random(BLOCKS)) for count in (trials, other_trials))
    handed = dice.binomial(bad, 0.5)
    block = np.stack([bad, trials, other_bad, other_trials, handed, dice.binomial(handed, 0.3)]).astype(float)
    rates = 10.0 ** dice.uniform(-1.0, 2.0, (4, BLOCKS))
    handed_on = np.where(dice.random(BLOCKS) < 0.5, 0.0, dice.uniform(0.5, 1.0, BLOCKS))

    gains = log_gains(block, rates, tolerance, handed_on)

    expected = [
        log_gain(Block(*one), Rates(*known), Terms(tolerance, part))
        for one, known, part in zip(block.T.tolist(), rates.T.tolist(), handed_on.tolist(), strict=True)
    ]
    assert np.count_nonzero(gains) > BLOCKS / 4
    assert gains == pytest.approx(expected, rel=1e-5, abs=1e-5)


def test_runs_in_batches_of_another_size_are_as_many() -> None:
    summary = simulated(short_plan(), World(CHARACTERS, 5.0), 10, setting=RunSettings(batch_runs=4))

    assert len(summary.outcomes) == 10
