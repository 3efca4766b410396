"""What all runs see in one slot, drawn from their worlds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.core.speech import Arm
from segue.core.windows import EDGES_S
from segue.simulation.drawn import Drawn
from segue.simulation.world import DAY_S, Behaviour, Delays, Fault, FaultKind, World

if TYPE_CHECKING:
    from numpy.random import Generator

    from segue.simulation.drawn import Floats, Mask

_FAILURES: tuple[FaultKind, ...] = (FaultKind.ERROR, FaultKind.SILENCE, FaultKind.HANG)


class Dice:
    """Draws slots. ``levels`` are the edges that the plan's gates look at; the others stay uncounted."""

    def __init__(self, world: World, levels: frozenset[float], longest_s: float, seed: int) -> None:
        self._world = world
        self._random: Generator = np.random.default_rng(seed)
        self._edges = [number for number, edge in enumerate(EDGES_S) if edge in levels]
        self._longest_s = longest_s

    def sessions(self, at_s: Floats, length_s: Floats, part: Floats, eligible: Mask) -> Floats:
        """How many sessions of each character, by run: ``part`` of the listeners, among eligible characters."""
        world = self._world
        day = 1.0 - world.night * (0.5 - 0.5 * np.cos(2.0 * math.pi * at_s / DAY_S))
        growth = np.maximum(0.0, 1.0 + world.drift_per_day * at_s / DAY_S)
        expected = world.sessions_per_s / len(world.characters) * day * growth * length_s * part
        drawn: Floats = self._random.poisson(expected[:, None] * eligible).astype(np.float64)
        return drawn

    def outcomes(self, arm: Arm, sessions: Floats, struck: list[tuple[Fault, Mask]]) -> Drawn:
        """What became of the sessions' units; ``struck`` are the faults in force, with the runs and characters
        that they hit. A session long enough to be counted twice does twice as it did once.
        """
        twice = self._world.counted_twice
        if not twice:
            return self._once(arm, sessions, struck)
        long = self._random.binomial(sessions.astype(np.int64), twice).astype(np.float64)
        return self._once(arm, sessions - long, struck).plus(self._once(arm, long, struck).times(2.0))

    def _once(self, arm: Arm, units: Floats, struck: list[tuple[Fault, Mask]]) -> Drawn:
        usual = self._world.candidate if arm is Arm.CANDIDATE else self._world.baseline
        mine = [(fault, mask) for fault, mask in struck if arm is Arm.CANDIDATE or fault.kind is FaultKind.OUTAGE]
        failed, silent, hung = self._failures(usual, units, mine)
        spoken = units - failed - silent - hung
        over = np.zeros((len(EDGES_S), *units.shape))
        seconds = hung * self._longest_s
        rest = spoken
        for fault, mask in mine:
            if fault.kind is FaultKind.SLOW:
                slowed = np.where(mask, rest, 0.0)
                slow = Delays(fault.size, fault.size * usual.delays.p99_s / usual.delays.mean_s)
                seconds += self._timed(slowed, slow, over)
                rest = rest - slowed
        seconds += self._timed(rest, usual.delays, over)
        over[self._edges] += hung
        return Drawn(units, failed + silent + hung, silent, spoken + hung, seconds, over)

    def _failures(
        self, usual: Behaviour, units: Floats, struck: list[tuple[Fault, Mask]]
    ) -> tuple[Floats, Floats, Floats]:
        """Units that failed, were silent, and hung; of several faults of a kind the graver counts."""
        rates: dict[FaultKind, Floats] = {kind: np.zeros(units.shape) for kind in _FAILURES}
        rates[FaultKind.ERROR] += usual.error_rate
        for fault, mask in struck:
            kind: FaultKind = FaultKind.ERROR if fault.kind is FaultKind.OUTAGE else fault.kind
            if kind in rates:
                rates[kind] = np.maximum(rates[kind], np.where(mask, fault.size, 0.0))
        left, taken = units.astype(np.int64), []
        for kind in _FAILURES:
            count = self._random.binomial(left, rates[kind]) if rates[kind].any() else np.zeros_like(left)
            left = left - count
            taken.append(count.astype(np.float64))
        return taken[0], taken[1], taken[2]

    def _timed(self, units: Floats, delays: Delays, over: Floats) -> Floats:
        """Adds how many took longer than each edge; the seconds that all took together."""
        left, chance = units.astype(np.int64), 1.0
        for number in self._edges:
            beyond = delays.beyond(EDGES_S[number])
            left = self._random.binomial(left, min(1.0, beyond / chance) if chance > 0 else 0.0)
            over[number] += left
            chance = beyond
        mean_s = delays.mean_s
        deviation_s = mean_s * math.sqrt(math.expm1(delays.sigma**2))
        noise = self._random.standard_normal(units.shape) * deviation_s * np.sqrt(units)
        seconds: Floats = np.clip(units * mean_s + noise, 0.0, units * self._longest_s)
        return seconds
