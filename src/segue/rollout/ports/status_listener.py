"""The interface for parts that follow a rollout: the exporter of its metrics and the sender of notices."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from segue.rollout.core.standing import Standing


class StatusListener(Protocol):
    """Called by this replica's controller at every tick. No method waits, and none raises an exception."""

    def acting(self, standing: Standing) -> None:
        """This replica moves the rollout; ``standing`` is its state and its latest evaluation."""
        ...

    def standing_by(self) -> None:
        """Another replica moves the rollout, or none that is known."""
        ...
