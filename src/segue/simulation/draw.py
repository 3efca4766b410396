"""What all runs see in one slot, drawn from their worlds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.core.speech import Arm
from segue.core.windows import EDGES_S
from segue.simulation.fold import Drawn
from segue.simulation.world import DAY_S, Behaviour, Delays, Fault, FaultKind, World

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from segue.simulation.fold import Floats

    Mask = NDArray[np.bool_]

_SLOW_SIGMA_KEPT = 1.0


class Dice:
    """Draws slots. ``levels`` are the edges that the plan's gates look at; the others stay uncounted."""

    def __init__(self, world: World, levels: frozenset[float], longest_s: float, seed: int) -> None:
        self._world = world
        self._random: Generator = np.random.default_rng(seed)
        self._edges = [number for number, edge in enumerate(EDGES_S) if edge in levels]
        self._longest_s = longest_s
        self._weights = np.full(len(world.characters), 1.0 / len(world.characters))

    def units(self, at_s: Floats, length_s: Floats, part: Floats, eligible: Mask) -> Floats:
        """How many units of each character, by run: ``part`` of the listeners, among eligible characters."""
        world = self._world
        day = 1.0 - world.night * (0.5 - 0.5 * np.cos(2.0 * math.pi * at_s / DAY_S))
        growth = np.maximum(0.0, 1.0 + world.drift_per_day * at_s / DAY_S)
        expected = world.units_per_s * day * growth * length_s * part
        drawn: Floats = self._random.poisson(expected[:, None] * self._weights * eligible).astype(np.float64)
        return drawn

    def outcomes(self, arm: Arm, units: Floats, struck: list[tuple[Fault, Mask]]) -> Drawn:
        """What became of the units; ``struck`` are the faults in force, with the runs and characters they hit."""
        usual = self._world.candidate if arm is Arm.CANDIDATE else self._world.baseline
        mine = [(fault, mask) for fault, mask in struck if arm is Arm.CANDIDATE or fault.kind is FaultKind.OUTAGE]
        failed, silent, hung = self._failures(usual, units, mine)
        spoken = units - failed - silent - hung
        over = np.zeros((*units.shape, len(EDGES_S)))
        seconds = np.zeros_like(units)
        rest = spoken
        for fault, mask in mine:
            if fault.kind is FaultKind.SLOW:
                slow = Delays(fault.size, fault.size * usual.delays.p99_s / usual.delays.mean_s)
                seconds += self._timed(np.where(mask, spoken, 0.0), slow, over)
                rest = np.where(mask, 0.0, rest)
        seconds += self._timed(rest, usual.delays, over) + hung * self._longest_s
        over[..., self._edges] += hung[..., None]
        return Drawn(units, failed + silent + hung, silent, spoken + hung, seconds, over)

    def split(self, units: Floats, share: Floats) -> Floats:
        """Of so many units, how many a sound split puts on the candidate."""
        on_candidate: Floats = self._random.binomial(units.astype(np.int64), share).astype(np.float64)
        return on_candidate

    def _failures(
        self, usual: Behaviour, units: Floats, struck: list[tuple[Fault, Mask]]
    ) -> tuple[Floats, Floats, Floats]:
        """Units that failed, were silent, and hung; the graver of several faults counts."""
        rates = {kind: np.zeros(units.shape) for kind in (FaultKind.ERROR, FaultKind.SILENCE, FaultKind.HANG)}
        rates[FaultKind.ERROR] += usual.error_rate
        for fault, mask in struck:
            kind = FaultKind.ERROR if fault.kind is FaultKind.OUTAGE else fault.kind
            if kind in rates:
                rates[kind] = np.maximum(rates[kind], np.where(mask, fault.size, 0.0))
        left, taken = units.astype(np.int64), []
        for kind in (FaultKind.ERROR, FaultKind.SILENCE, FaultKind.HANG):
            count = self._random.binomial(left, np.minimum(rates[kind], 1.0)) if rates[kind].any() else left * 0
            left = left - count
            taken.append(count.astype(np.float64))
        return taken[0], taken[1], taken[2]

    def _timed(self, units: Floats, delays: Delays, over: Floats) -> Floats:
        """Adds how many took longer than each edge; the seconds that all took together."""
        left, chance = units.astype(np.int64), 1.0
        for number in self._edges:
            beyond = delays.beyond(EDGES_S[number])
            left = self._random.binomial(left, min(1.0, beyond / chance) if chance > 0 else 0.0)
            over[..., number] += left
            chance = beyond
        mean_s = delays.mean_s
        deviation_s = mean_s * math.sqrt(math.expm1(delays.sigma**2))
        noise = self._random.standard_normal(units.shape) * deviation_s * np.sqrt(units)
        seconds: Floats = np.clip(units * mean_s + noise, 0.0, units * self._longest_s)
        return seconds
