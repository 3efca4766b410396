"""Whoever hears how a rollout goes: the exporter of its metrics, the sender of notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from segue.core.standing import Standing


class Onlooker(Protocol):
    """Told by this replica's controller at every look. No method waits; none raises."""

    def acting(self, standing: Standing) -> None:
        """This replica moves the rollout; this is what it saw and thought."""
        ...

    def standing_by(self) -> None:
        """Another replica moves it, or nobody that we know of."""
        ...
