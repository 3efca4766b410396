"""Where the judge's evidence comes from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.core.windows import Slot


class Signals(Protocol):
    """What was seen, in slots of time that are over."""

    async def slots(self, since_s: float, until_s: float, slot_s: float) -> Sequence[Slot]:
        """The slots of ``slot_s`` that start at or after ``since_s`` and are over and complete by ``until_s``.

        In order of time; aligned to multiples of ``slot_s`` of Unix time; one in which nothing happened may be
        left out. Asking twice for the same time gives the same.

        Raises:
            Unavailable: the source cannot be read; the message says why.
        """
        ...
