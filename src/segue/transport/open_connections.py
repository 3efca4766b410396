"""The open HTTP connections of a process: limits, idle connections, and time limits."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

from segue.kernel.connections import ConnectionRefusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.connections import Connections

    Note = Callable[[str, str], None]
    """Called with the reason why a connection or a request was refused, and the client's address."""

_IDLE_LEAST_S = 1.0
_MOST_LINGERING = 64


class HttpLimits(NamedTuple):
    """``header_bytes`` limits everything before a request's body, ``header_s`` the time from the request's first
    byte to the end of its headers, ``keep_alive_s`` the time between two requests.
    """

    header_bytes: int = 64 * 1024
    header_s: float = 10.0
    keep_alive_s: float = 75.0


class Idle(Protocol):
    """A connection without a request."""

    def part(self) -> None:
        """Closes the connection."""


class OpenConnections:
    """State that the connections of one process share.

    ``ending`` is set while the process stops: each response is then the last on its connection.
    """

    def __init__(
        self, connections: Connections, limits: HttpLimits, note: Note, now_s: Callable[[], float]
    ) -> None:
        self.limits = limits
        self.ending = False
        self.note = note
        self._connections = connections
        self._idle_since_s: dict[Idle, float] = {}
        self._now_s = now_s
        self._lingering = 0

    def enter(self, address: str) -> ConnectionRefusal | None:
        """As ``Connections.enter``; if all places are taken, the connection that has been idle longest is closed
        to make room.
        """
        refusal = self._connections.enter(address)
        if refusal is ConnectionRefusal.IN_ALL and self._make_room():
            refusal = self._connections.enter(address)
        return refusal

    def leave(self, address: str) -> None:
        self._connections.leave(address)

    def idle(self, connection: Idle) -> None:
        self._idle_since_s[connection] = self._now_s()

    def busy(self, connection: Idle) -> None:
        self._idle_since_s.pop(connection, None)

    def may_linger(self) -> bool:
        """Whether a refused connection may stay open until the client has read the error, and ``lingered``."""
        if self._lingering >= _MOST_LINGERING:
            return False
        self._lingering += 1
        return True

    def lingered(self) -> None:
        self._lingering -= 1

    def _make_room(self) -> bool:
        connection, since_s = next(iter(self._idle_since_s.items()), (None, 0.0))
        if connection is None or self._now_s() - since_s < _IDLE_LEAST_S:
            return False
        connection.part()
        return True
