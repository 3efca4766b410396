"""The source of the judge's evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from segue.rollout.core.windows import Slot


class SlotsRead(NamedTuple):
    """Slots in order of time, and the time from which to read on."""

    slots: tuple[Slot, ...]
    until_s: float


class Counting(NamedTuple):
    """The rules for counting units; times are Unix time.

    A unit counts once in ``window_s``. ``rollout_since_s`` and ``since_s`` are the starts of the rollout and of
    the evidence, since when listeners can be new. A call that took longer than ``longest_s`` counts as that long;
    None: no limit.
    """

    window_s: float = 900.0
    rollout_since_s: float = 0.0
    since_s: float = 0.0
    longest_s: float | None = None


class Signals(Protocol):
    """What was seen, in slots that are over."""

    def count_by(self, counting: Counting) -> None:
        """Sets the rules for the following reads; called before each read by its caller."""
        ...

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> SlotsRead:
        """The slots of ``slot_s`` that start at or after ``since_s`` and are over and complete at ``now_s``.

        They are aligned to multiples of ``slot_s`` of Unix time; a slot in which nothing happened can be left out.
        Two reads of the same time give the same result, whoever reads. What arrived after its slot had been read
        comes first, as slots that start before ``since_s``; nothing comes twice.

        Raises:
            Unavailable: the source cannot be read; the message says why.
        """
        ...
