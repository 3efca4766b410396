"""The routing in force on this replica: read on every request, replaced as a whole."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.core.assign import Routing


class Current:
    """A place for the latest routing. Readers take ``routing`` once a request and keep what they took.

    ``locked_off``: the environment set the master switch to false, which nothing at run time overrules.
    """

    __slots__ = ("locked_off", "revision", "routing")

    def __init__(self, routing: Routing, revision: int = 0, *, locked_off: bool = False) -> None:
        self.locked_off = locked_off
        self.revision = revision
        self.routing = self._allowed(routing)

    def take(self, routing: Routing, revision: int) -> None:
        """Serves by this state from now on; whoever hands it on knows that it is the latest."""
        self.routing, self.revision = self._allowed(routing), revision

    def _allowed(self, routing: Routing) -> Routing:
        return replace(routing, enabled=False) if self.locked_off else routing
