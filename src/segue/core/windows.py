"""What was seen in a slice of time, by arm and character: counts that can be added.

Counts are of *units* (a listener's first attempt at an arm in a while), because a session's requests succeed and
fail together, and evidence must not be taken twice. Cache hits are none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

from segue.core.sketch import EMPTY, Sketch
from segue.core.speech import Arm

if TYPE_CHECKING:
    from collections.abc import Iterable

EDGES_S = (0.35, 0.75, 1.0, 1.5, 2.0, 2.5, 4.0, 5.0, 7.5, 10.0)
"""Durations that a gate can tell apart: at each, how many took longer is counted exactly."""

FIRST_AUDIO_EDGES_S = (0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 5.0)
"""The same for the time to the first sound of a stream, which is shorter."""


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts for one arm and character.

    ``units`` asked an engine or were turned away; ``errors`` got no usable audio from it, ``bad_audio`` of them
    because of what it sounded like; ``refused`` were turned away before (breaker, full line); ``fallbacks`` were
    handed on to the baseline; ``unserved`` heard nothing. ``timed`` have a duration (successes and timeouts),
    ``seconds`` is their sum, ``over`` how many took longer than each of ``EDGES_S``. ``streams`` are those of them
    that were streams, ``late`` how many of those took longer than each of ``FIRST_AUDIO_EDGES_S`` to their first
    sound.
    """

    units: float = 0
    errors: float = 0
    bad_audio: float = 0
    refused: float = 0
    fallbacks: float = 0
    unserved: float = 0
    timed: float = 0
    seconds: float = 0.0
    over: tuple[float, ...] = (0,) * len(EDGES_S)
    streams: float = 0
    late: tuple[float, ...] = (0,) * len(FIRST_AUDIO_EDGES_S)

    def plus(self, other: Tally) -> Tally:
        summed = {name: getattr(self, name) + getattr(other, name) for name in _PLAIN}
        return Tally(**summed, over=_added(self.over, other.over), late=_added(self.late, other.late))

    def times(self, ratio: float) -> Tally:
        """The counts scaled, for averages that fade."""
        scaled = {name: getattr(self, name) * ratio for name in _PLAIN}
        over, late = (tuple(count * ratio for count in counts) for counts in (self.over, self.late))
        return Tally(**scaled, over=over, late=late)


def _added(ours: tuple[float, ...], theirs: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(ours, theirs, strict=True))


_PLAIN = tuple(entry.name for entry in fields(Tally) if entry.name not in {"over", "late"})

NOTHING = Tally()

ArmCharacter = tuple[Arm, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """Everything seen from ``start_s`` (Unix time) for ``length_s``.

    ``hits`` of ``lookups`` were answered from a cache. ``assigned`` counts units new to the step that were
    assigned by share, on the candidate and on the baseline. ``delays`` sketches how long the timed ones took,
    where the source can tell.
    """

    start_s: float
    length_s: float
    tallies: Mapping[ArmCharacter, Tally] = field(default_factory=dict)
    hits: float = 0
    lookups: float = 0
    assigned: tuple[int, int] = (0, 0)
    delays: Mapping[ArmCharacter, Sketch] = field(default_factory=dict)

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s

    def of(self, arm: Arm, characters: Iterable[str]) -> Tally:
        """The arm's counts over these characters."""
        total = NOTHING
        for character in characters:
            found = self.tallies.get((arm, character))
            total = total if found is None else total.plus(found)
        return total

    def delays_of(self, arm: Arm, characters: Iterable[str]) -> Sketch:
        """How long the arm took for these characters."""
        total = EMPTY
        for character in characters:
            total = total.plus(self.delays.get((arm, character), EMPTY))
        return total

    def plus(self, other: Slot) -> Slot:
        """Both as one slot that covers the two."""
        keys = {*self.tallies, *other.tallies}
        tallies = {key: self.tallies.get(key, NOTHING).plus(other.tallies.get(key, NOTHING)) for key in keys}
        delays = {
            key: self.delays.get(key, EMPTY).plus(other.delays.get(key, EMPTY))
            for key in {*self.delays, *other.delays}
        }
        start_s = min(self.start_s, other.start_s)
        return replace(
            self,
            start_s=start_s,
            length_s=max(self.end_s, other.end_s) - start_s,
            tallies=tallies,
            delays=delays,
            hits=self.hits + other.hits,
            lookups=self.lookups + other.lookups,
            assigned=(self.assigned[0] + other.assigned[0], self.assigned[1] + other.assigned[1]),
        )

    @property
    def is_silent(self) -> bool:
        """Whether nothing happened in it: a source may leave such a slot out, or count zeros."""
        return not self.lookups and not any(tally.units or tally.timed for tally in self.tallies.values())

    @property
    def characters(self) -> frozenset[str]:
        return frozenset(character for _, character in self.tallies)
