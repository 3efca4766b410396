"""Checks that a command is based on the rollout's current state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.cli import exits
from segue.cli.rollout.client import understood
from segue.cli.terminal import CommandFailed
from segue.rollout.ports.control import EventBody, StatusBody

if TYPE_CHECKING:
    from segue.cli.rollout.client import Control


def looked(service: Control, since_s: float = 0.0) -> StatusBody:
    """The rollout's status, if it is as it was when the operator entered the command, ``since_s`` seconds ago.

    Raises:
        CommandFailed: the rollout has changed since then.
    """
    status = understood(service.get("/status"), StatusBody)
    if not status.revision:
        return status
    (last, *_) = understood(service.get("/history", after=status.revision - 1, limit=1), list[EventBody])
    ago_s = status.now_s - last.at_s
    if ago_s < since_s:
        raise CommandFailed(
            f"the rollout has changed: revision {last.revision} is {last.kind!r} by {last.actor}, made after "
            "this command was given; nothing was done. Look at `segue rollout status` and decide again",
            exits.CONFLICT,
        )
    return status
