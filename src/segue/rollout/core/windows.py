"""What was seen in a period, by arm and character: counts that can be added.

Counts are of *units* (a listener's first attempt at an arm within a period), because the requests of a session
succeed and fail together, and evidence must not be counted twice. Cache hits are not counted. There are two kinds
of counts:

* what can raise an alarm (``Slot.tallies``): one unit per window, until the listener's first failure on the arm.
  After that the listener does not count for a day, so a listener for whom nothing works counts once.
* what can promote (``Slot.daily``): a listener's first attempt at the arm in a day.

Whether a unit counts never depends on its result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING, Protocol, TypeVar

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.rollout.core.sketch import EMPTY, Sketch

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Self


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts for one arm and character.

    ``units`` reached an engine or were refused before it. ``errors`` got no usable audio from it, ``bad_audio`` of
    them because the audio failed inspection. ``refused`` were refused before (breaker open, queue full).
    ``fallbacks`` fell back to the baseline. ``unserved`` got no audio at all. ``backed_up`` are
    errors or refused, but a backup of the same arm answered. ``timed`` have a duration (successes
    and timeouts); ``seconds`` is their sum, and ``over`` is how many took longer than each of ``EDGES_S``.
    ``streams`` are those of them that were streams; ``late`` is how many of those took longer than each of
    ``FIRST_AUDIO_EDGES_S`` to their first sound. ``parts`` has a bit for each of the ``PARTS`` equal parts of the
    slot in which some unit failed; 0 if the source cannot tell.
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
    parts: int = 0
    backed_up: float = 0

    def plus(self, other: Tally) -> Tally:
        return Tally(
            self.units + other.units,
            self.errors + other.errors,
            self.bad_audio + other.bad_audio,
            self.refused + other.refused,
            self.fallbacks + other.fallbacks,
            self.unserved + other.unserved,
            self.timed + other.timed,
            self.seconds + other.seconds,
            _added(self.over, other.over),
            self.streams + other.streams,
            _added(self.late, other.late),
            self.parts | other.parts,
            self.backed_up + other.backed_up,
        )


def _added(ours: tuple[float, ...], theirs: tuple[float, ...]) -> tuple[float, ...]:
    return tuple([a + b for a, b in zip(ours, theirs, strict=True)])


NOTHING = Tally()


def _summed(tallies: list[Tally]) -> Tally:
    """The sum of the tallies; much faster than adding them one by one if there are many."""
    if len(tallies) <= _FEW:
        return reduce(Tally.plus, tallies) if tallies else NOTHING
    plain = {name: sum([getattr(tally, name) for tally in tallies]) for name in _PLAIN}
    over = tuple(map(sum, zip(*[tally.over for tally in tallies], strict=True)))
    late = tuple(map(sum, zip(*[tally.late for tally in tallies], strict=True)))
    return Tally(**plain, over=over, late=late, parts=reduce(or_, [tally.parts for tally in tallies]))


_FEW = 8
_PLAIN = tuple(entry.name for entry in fields(Tally) if entry.name not in {"over", "late", "parts"})

PARTS = 6
"""The number of equal parts into which a slot is divided to measure how long trouble lasted."""

ArmCharacter = tuple[Arm, str]


@dataclass(frozen=True, slots=True)
class Slot:
    """Everything seen from ``start_s`` (Unix time) for ``length_s``.

    ``tallies`` can raise alarms, ``daily`` can promote; None: the source has only one kind of counts, used for
    both. ``shadow`` is what the candidate did for shadow requests, by character. ``hits`` of ``lookups`` were
    answered from a cache. ``assigned`` counts listeners at their first request of the rollout, assigned by share
    to the candidate and to the baseline. ``listeners`` counts new listeners on each arm; None if the source does
    not know listeners. ``delays`` is a sketch of the durations, if the source provides it.
    """

    start_s: float
    length_s: float
    tallies: Mapping[ArmCharacter, Tally] = field(default_factory=dict)
    hits: float = 0
    lookups: float = 0
    assigned: tuple[int, int] = (0, 0)
    delays: Mapping[ArmCharacter, Sketch] = field(default_factory=dict)
    daily: Mapping[ArmCharacter, Tally] | None = None
    shadow: Mapping[str, Tally] = field(default_factory=dict)
    listeners: tuple[int, int] | None = None

    @property
    def end_s(self) -> float:
        return self.start_s + self.length_s

    def of(self, arm: Arm, characters: Iterable[str]) -> Tally:
        """The arm's counts over these characters."""
        return _summed([self.tallies[arm, name] for name in characters if (arm, name) in self.tallies])

    def delays_of(self, arm: Arm, characters: Iterable[str]) -> Sketch:
        """The arm's durations for these characters."""
        total = EMPTY
        for character in characters:
            total = total.plus(self.delays.get((arm, character), EMPTY))
        return total

    def shadow_of(self, characters: Iterable[str]) -> Tally:
        """What the candidate did for shadow requests of these characters."""
        return _summed([self.shadow[name] for name in characters if name in self.shadow])

    @property
    def promoting(self) -> Slot:
        """The counts that can promote, as a slot of their own."""
        return self if self.daily is None else replace(self, tallies=self.daily, daily=None)

    def plus(self, other: Slot) -> Slot:
        """Both slots as one that covers them."""
        start_s = min(self.start_s, other.start_s)
        return replace(
            self,
            start_s=start_s,
            length_s=max(self.end_s, other.end_s) - start_s,
            tallies=_merged(self.tallies, other.tallies),
            delays=_merged(self.delays, other.delays),
            hits=self.hits + other.hits,
            lookups=self.lookups + other.lookups,
            assigned=(self.assigned[0] + other.assigned[0], self.assigned[1] + other.assigned[1]),
            daily=_both_daily(self, other),
            shadow=_merged(self.shadow, other.shadow),
            listeners=_both_listeners(self.listeners, other.listeners),
        )

    @property
    def is_silent(self) -> bool:
        """Whether nothing happened in it: a source may omit such a slot, or report zeros."""
        counted = (*self.tallies.values(), *self.shadow.values())
        return not self.lookups and not any(tally.units or tally.timed for tally in counted)

    @property
    def characters(self) -> frozenset[str]:
        return frozenset(character for _, character in self.tallies) | self.shadow.keys()


class _Adds(Protocol):
    def plus(self, other: Self) -> Self: ...


_Key = TypeVar("_Key")
_Sum = TypeVar("_Sum", bound=_Adds)


def _merged(ours: Mapping[_Key, _Sum], theirs: Mapping[_Key, _Sum]) -> dict[_Key, _Sum]:
    merged = dict(ours)
    for key, found in theirs.items():
        known = merged.get(key)
        merged[key] = found if known is None else known.plus(found)
    return merged


def _both_daily(one: Slot, other: Slot) -> Mapping[ArmCharacter, Tally] | None:
    if one.daily is None and other.daily is None:
        return None
    ours, theirs = (slot.tallies if slot.daily is None else slot.daily for slot in (one, other))
    return _merged(ours, theirs)


def _both_listeners(one: tuple[int, int] | None, other: tuple[int, int] | None) -> tuple[int, int] | None:
    if one is None or other is None:
        return one or other
    return one[0] + other[0], one[1] + other[1]
