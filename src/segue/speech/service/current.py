"""The routing in force on this replica. It is read for every request and replaced as a whole."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.kernel.assign import Routing


class OffBy(StrEnum):
    """What keeps the candidate off on this replica, regardless of the routing."""

    NOTHING = ""
    ENVIRONMENT = "environment"
    """The environment sets the master switch to false."""
    REPLICA = "replica"
    """The settings that were read again switch the candidate off, and the store cannot record it yet."""


class Current:
    """Holds the latest routing. Code that handles a request reads ``routing`` once and keeps that value.

    ``locked_off``: the environment has set the master switch to false, which nothing can override at run time, or
    ``hold_off`` is in force. The salt is not part of the history, which more people may read: see ``deal_by``.
    """

    __slots__ = ("_given", "_locked", "_salt", "locked_off", "revision", "routing")

    def __init__(self, routing: Routing, revision: int = 0, *, locked_off: bool = False) -> None:
        self._given = routing
        self._locked = self.locked_off = locked_off
        self._salt = ""
        self.revision = revision
        self.routing = self._allowed()

    def take(self, routing: Routing, revision: int) -> None:
        """Applies this routing from now on. The caller ensures that it is the latest."""
        self._given, self.revision = routing, revision
        self.routing = self._allowed()

    def deal_by(self, salt: str) -> None:
        """Assigns listeners by this salt from now on, regardless of the routing; "": by the routing's own salt."""
        self._salt = salt
        self.routing = self._allowed()

    def hold_off(self, *, held: bool) -> None:
        """Switches the candidate off on this replica, regardless of the routing, or ends that."""
        self.locked_off = self._locked or held
        self.routing = self._allowed()

    @property
    def off_by(self) -> OffBy:
        if self._locked:
            return OffBy.ENVIRONMENT
        return OffBy.REPLICA if self.locked_off else OffBy.NOTHING

    def _allowed(self) -> Routing:
        given = self._given
        return replace(given, enabled=given.enabled and not self.locked_off, salt=self._salt or given.salt)
