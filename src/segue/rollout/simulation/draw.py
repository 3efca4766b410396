"""Draws what all runs see in one slot from their worlds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.simulation.drawn import Drawn, nobody_late
from segue.rollout.simulation.world import (
    DAY_S,
    SHARED,
    Behaviour,
    Delays,
    SimulatedFault,
    SimulatedFaultKind,
    Tail,
    World,
)

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from segue.rollout.simulation.drawn import Floats, Mask

_FAILURES: tuple[SimulatedFaultKind, ...] = (
    SimulatedFaultKind.ERROR,
    SimulatedFaultKind.SILENCE,
    SimulatedFaultKind.HANG,
)
_OPENS = (SimulatedFaultKind.ERROR, SimulatedFaultKind.HANG, SimulatedFaultKind.OUTAGE)
_OPENS_FROM = 0.5
"""This failure rate opens the breaker soon."""

_ONE_BY_ONE = 200_000
"""Up to this many calls of a slot are drawn one by one.

For more, the counts at the edges and a normal sum are drawn.
"""

_MOSTLY_FULL = 0.5


class Dice:
    """Draws slots. If ``first_levels`` has no edge that a gate uses, no streams are drawn."""

    def __init__(
        self, world: World, first_levels: frozenset[float], longest_s: float, unit_window_s: float, seed: int
    ) -> None:
        self._world = world
        self._random: Generator = np.random.default_rng(seed)
        self._first_edges = {
            number: edge for number, edge in enumerate(FIRST_AUDIO_EDGES_S) if edge in first_levels
        }
        self._longest_s = longest_s
        self._parts = np.array(world.parts)
        self._units_a_session = world.units_a_session(unit_window_s)
        self._units_per_s = world.units_per_s(unit_window_s)

    def units(self, at_s: Floats, length_s: Floats, part: Floats, eligible: Mask) -> Floats:
        """The number of units of each character, by run; ``part`` of the listeners, among eligible characters."""
        world = self._world
        day = 1.0 - world.night * (0.5 - 0.5 * np.cos(2.0 * math.pi * at_s / DAY_S))
        growth = np.maximum(0.0, 1.0 + world.drift_per_day * at_s / DAY_S)
        expected = self._units_per_s * day * growth * length_s * part
        drawn: Floats = self._random.poisson(expected[:, None] * self._parts * eligible).astype(np.float64)
        return drawn

    def lasting(self, faults: tuple[SimulatedFault, ...], runs: int) -> Floats:
        """How long each fault lasts, by run; after a severe one the breaker refuses calls for a while longer."""
        lasts_s = np.array([[fault.for_s for fault in faults]] * runs, dtype=np.float64).reshape(runs, len(faults))
        grave = np.array([fault.kind in _OPENS and fault.size >= _OPENS_FROM for fault in faults], dtype=bool)
        rest_s: Floats = self._random.uniform(0.0, self._world.breaker_s, lasts_s.shape) * grave
        return lasts_s + rest_s

    def some_of(self, units: Floats, part: Floats) -> Floats:
        """Draws this part of the units at random."""
        drawn = np.zeros_like(units)
        any_units = units > 0
        some = units[any_units].astype(np.int64)
        drawn[any_units] = self._random.binomial(some, np.broadcast_to(part, units.shape)[any_units])
        return drawn

    def outcomes(
        self, arm: Arm, units: Floats, struck: list[tuple[SimulatedFault, Mask]], *, rescued: bool
    ) -> Drawn:
        """What happened to the units; ``struck`` are the active faults, with the runs and characters that they
        affect.

        ``rescued``: failed units fall back to the baseline, which can fail too.
        """
        usual = self._usual(arm)
        mine = [(fault, mask) for fault, mask in struck if arm is Arm.CANDIDATE or fault.kind in SHARED]
        failed, silent, hung = self._failures(usual, units, mine)
        spoken, errors = units - failed - silent - hung, failed + silent + hung
        timed, over, seconds = self._timed(usual, spoken, mine)
        over += hung
        seconds += hung * self._longest_s
        streams, late = self._streams(usual, spoken, hung, mine)
        refused, fallbacks, unserved = np.zeros_like(units), np.zeros_like(units), errors.copy()
        if rescued:
            fallbacks, unserved = unserved, self.some_of(errors, self._failing_baseline(units, struck))
        timed = timed + hung
        return Drawn(units, errors, silent, refused, fallbacks, unserved, timed, seconds, over, streams, late)

    def _usual(self, arm: Arm) -> Behaviour:
        return self._world.candidate if arm is Arm.CANDIDATE else self._world.baseline

    def _failing_baseline(self, units: Floats, struck: list[tuple[SimulatedFault, Mask]]) -> Floats:
        rate = np.full(units.shape, self._world.baseline.error_rate)
        for fault, mask in struck:
            if fault.kind is SimulatedFaultKind.OUTAGE:
                rate = np.maximum(rate, np.where(mask, fault.size, 0.0))
        return rate

    def _failures(
        self, usual: Behaviour, units: Floats, struck: list[tuple[SimulatedFault, Mask]]
    ) -> tuple[Floats, Floats, Floats]:
        """Units that failed, were silent, or hung; of several faults of a kind the most severe one counts.

        A session that fails as a whole is one unit; one that does not is several.
        """
        rates: dict[SimulatedFaultKind, Floats] = {kind: np.zeros(()) for kind in _FAILURES}
        often = self._units_a_session
        rates[SimulatedFaultKind.ERROR] += usual.error_rate / (usual.error_rate + (1.0 - usual.error_rate) * often)
        for fault, mask in struck:
            kind = SimulatedFaultKind.ERROR if fault.kind is SimulatedFaultKind.OUTAGE else fault.kind
            if kind in rates:
                rates[kind] = np.maximum(rates[kind], np.where(mask, fault.size, 0.0))
        left, taken = units.astype(np.int64), []
        for rate in rates.values():
            count = self._random.binomial(left, rate) if rate.any() else np.zeros_like(left)
            left = left - count
            taken.append(count.astype(np.float64))
        return taken[0], taken[1], taken[2]

    def _timed(
        self, usual: Behaviour, spoken: Floats, struck: list[tuple[SimulatedFault, Mask]]
    ) -> tuple[Floats, Floats, Floats]:
        """How many calls have a duration, how many took longer than each edge, and the sum of their seconds."""
        mean_s = np.array(usual.delays.mean_s)
        for fault, mask in struck:
            if fault.kind is SimulatedFaultKind.SLOW:
                mean_s = np.where(mask, fault.size, mean_s)
        for fault, mask in struck:
            if fault.kind is SimulatedFaultKind.DRAG:
                mean_s = np.where(mask, mean_s * fault.size, mean_s)
        if spoken.sum() <= _ONE_BY_ONE:
            over, seconds = self._one_by_one(usual.delays, spoken, mean_s)
        else:
            over, seconds = self._by_counts(usual.delays, spoken, mean_s)
        return spoken, over, seconds

    def _one_by_one(self, delays: Delays, units: Floats, mean_s: Floats) -> tuple[Floats, Floats]:
        flat = units.ravel().astype(np.int64)
        cells = np.repeat(np.arange(flat.size), flat)
        around_s = mean_s if mean_s.ndim == 0 else mean_s.ravel()[cells]
        times_s = np.minimum(self._durations(delays, cells.size) * around_s, self._longest_s)
        seconds: Floats = np.bincount(cells, times_s, flat.size).reshape(units.shape).astype(np.float64)
        levels = np.searchsorted(EDGES_S, times_s, side="left")
        within = np.bincount(levels * flat.size + cells, minlength=flat.size * (len(EDGES_S) + 1))
        over: Floats = within.reshape(-1, *units.shape)[1:].astype(np.float64)
        for number in reversed(range(1, len(EDGES_S))):
            over[number - 1] += over[number]
        return over, seconds

    def _durations(self, delays: Delays, count: int) -> Floats:
        """Durations around a mean of 1 s."""
        drawn: Floats
        if delays.tail is Tail.PARETO:
            drawn = (1.0 + self._random.pareto(delays.index, count)) * (delays.index - 1.0) / delays.index
        else:
            drawn = np.exp(delays.sigma * self._random.standard_normal(count) - delays.sigma**2 / 2.0)
        return drawn

    def _by_counts(self, delays: Delays, units: Floats, mean_s: Floats) -> tuple[Floats, Floats]:
        over = np.zeros((len(EDGES_S), *units.shape))
        seconds = np.zeros(units.shape)
        for value_s in np.unique(mean_s):
            here = np.where(mean_s == value_s, units, 0.0)
            moved = delays.with_mean(float(value_s))
            edges = dict(enumerate(EDGES_S))
            self._beyond(here, moved, over, edges)
            spread_s = value_s * math.sqrt(math.expm1(delays.sigma**2))
            noise = self._random.standard_normal(units.shape) * spread_s * np.sqrt(here)
            seconds += np.clip(here * value_s + noise, 0.0, here * self._longest_s)
        return over, seconds

    def _streams(
        self, usual: Behaviour, spoken: Floats, hung: Floats, struck: list[tuple[SimulatedFault, Mask]]
    ) -> tuple[Floats, Floats]:
        """How many of the units were streams, and how many of those had their first audio later than each edge."""
        streams, late = np.zeros(spoken.shape), nobody_late(spoken.shape, streams=bool(self._first_edges))
        if not self._first_edges:
            return streams, late
        rest, dead = (
            self._random.binomial(units.astype(np.int64), self._world.streams_ratio).astype(np.float64)
            for units in (spoken, hung)
        )
        streams += rest + dead
        for fault, mask in struck:
            if (mean_s := _first_audio_mean_s(usual, fault)) is not None:
                delayed = np.where(mask, rest, 0.0)
                self._beyond(delayed, usual.first_audio.with_mean(mean_s), late, self._first_edges)
                rest = rest - delayed
        self._beyond(rest, usual.first_audio, late, self._first_edges)
        late[list(self._first_edges)] += dead
        return streams, late

    def _beyond(self, units: Floats, delays: Delays, counts: Floats, edges_s: dict[int, float]) -> None:
        """Adds how many took longer than each of the edges, which are given by number."""
        left: NDArray[np.int64] = units.astype(np.int64)
        chance = 1.0
        for number, edge_s in edges_s.items():
            beyond = delays.beyond(edge_s)
            left = self._some(left, min(1.0, beyond / chance) if chance > 0 else 0.0)
            counts[number] += left
            chance = beyond

    def _some(self, units: NDArray[np.int64], part: float) -> NDArray[np.int64]:
        """Draws this part of the units at random; in a fraction of the time if most cells are empty."""
        cells = np.flatnonzero(units)
        if cells.size > _MOSTLY_FULL * units.size:
            return self._random.binomial(units, part)
        drawn = np.zeros_like(units)
        drawn.ravel()[cells] = self._random.binomial(units.ravel()[cells], part)
        return drawn


def _first_audio_mean_s(usual: Behaviour, fault: SimulatedFault) -> float | None:
    """The mean time to the first audio under a fault; None if the fault does not change it."""
    if fault.kind is SimulatedFaultKind.LATE:
        return fault.size
    if fault.kind is SimulatedFaultKind.SLOW:
        return usual.first_audio.mean_s * fault.size / usual.delays.mean_s
    if fault.kind is SimulatedFaultKind.DRAG:
        return usual.first_audio.mean_s * fault.size
    return None
