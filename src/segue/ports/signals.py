"""Where the judge's evidence comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from segue.core.windows import Slot


class Seen(NamedTuple):
    """Slots in order of time, and the time to ask on from."""

    slots: tuple[Slot, ...]
    until_s: float


class Signals(Protocol):
    """What was seen, in slots of time that are over."""

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> Seen:
        """The slots of ``slot_s`` that start at or after ``since_s`` and are over and complete at ``now_s``.

        Aligned to multiples of ``slot_s`` of Unix time; one in which nothing happened may be left out. Asking
        twice for the same time gives the same.

        Raises:
            Unavailable: the source cannot be read; the message says why.
        """
        ...

    def begin_step(self, window_s: float) -> None:
        """A new share is in force: units of the split are new again. A unit counts once in ``window_s``."""
        ...
