"""What all runs see in one slot, drawn from their worlds."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.simulation.drawn import Drawn, nobody_late
from segue.simulation.world import DAY_S, Behaviour, Delays, Fault, FaultKind, World

if TYPE_CHECKING:
    from numpy.random import Generator

    from segue.simulation.drawn import Floats, Mask

_FAILURES: tuple[FaultKind, ...] = (FaultKind.ERROR, FaultKind.SILENCE, FaultKind.HANG)


class Dice:
    """Draws slots. ``levels`` are the edges that the plan's gates look at, ``first_levels`` those of streams'
    first audio; the others stay uncounted. Without ``first_levels`` no stream is drawn.
    """

    def __init__(
        self,
        world: World,
        levels: frozenset[float],
        first_levels: frozenset[float],
        longest_s: float,
        seed: int,
    ) -> None:
        self._world = world
        self._random: Generator = np.random.default_rng(seed)
        self._edges = {number: edge for number, edge in enumerate(EDGES_S) if edge in levels}
        self._first_edges = {
            number: edge for number, edge in enumerate(FIRST_AUDIO_EDGES_S) if edge in first_levels
        }
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
                seconds += self._timed(slowed, usual.delays.with_mean(fault.size), over)
                rest = rest - slowed
        seconds += self._timed(rest, usual.delays, over)
        over[list(self._edges)] += hung
        streams, late = self._streams(usual, spoken, hung, mine)
        return Drawn(units, failed + silent + hung, silent, spoken + hung, seconds, over, streams, late)

    def _streams(
        self, usual: Behaviour, spoken: Floats, hung: Floats, struck: list[tuple[Fault, Mask]]
    ) -> tuple[Floats, Floats]:
        """How many of the units were streams, and how many of those took longer than each edge to begin."""
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
        self._beyond(units, delays, over, self._edges)
        mean_s = delays.mean_s
        deviation_s = mean_s * math.sqrt(math.expm1(delays.sigma**2))
        noise = self._random.standard_normal(units.shape) * deviation_s * np.sqrt(units)
        seconds: Floats = np.clip(units * mean_s + noise, 0.0, units * self._longest_s)
        return seconds

    def _beyond(self, units: Floats, delays: Delays, counts: Floats, edges_s: dict[int, float]) -> None:
        """Adds how many took longer than each of the edges, which go by their numbers."""
        left, chance = units.astype(np.int64), 1.0
        for number, edge_s in edges_s.items():
            beyond = delays.beyond(edge_s)
            left = self._random.binomial(left, min(1.0, beyond / chance) if chance > 0 else 0.0)
            counts[number] += left
            chance = beyond


def _first_audio_mean_s(usual: Behaviour, fault: Fault) -> float | None:
    """The mean time to the first audio under a fault; None where the fault leaves it as it is."""
    if fault.kind is FaultKind.LATE:
        return fault.size
    if fault.kind is FaultKind.SLOW:
        return usual.first_audio.mean_s * fault.size / usual.delays.mean_s
    return None
