"""Accepts connections from a socket that all workers listen on.

A worker that has more connections than another waits a moment before it accepts one, so that the other can accept
it first. If the other does not, because it is busy or stopped, the worker accepts the connection after all. With a
separate socket for each worker (SO_REUSEPORT), connections waiting on a socket would be lost when its worker ends.
"""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_AFTER_OTHERS_S = 0.003
_AT_ONCE = 16
"""The most connections accepted in one turn. The number grows up to this if earlier turns left some waiting,
because the event loop is busy, or if no other worker accepted any during earlier waits.
"""
_NO_FILES_S = 0.5
_NO_FILES = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)


class Acceptor:
    """Accepts connections while it is open. ``is_turn`` says whether no other worker should accept first."""

    def __init__(
        self, listening: socket.socket, create: Callable[[], asyncio.Protocol], is_turn: Callable[[], bool]
    ) -> None:
        self._listening = listening
        self._backlog = 0
        self._create = create
        self._is_turn = is_turn
        self._loop = asyncio.get_running_loop()
        self._closed = False
        self._unhelped = 0
        self._in_turn = 1
        self._waiting: asyncio.TimerHandle | None = None
        self._connecting: set[asyncio.Task[None]] = set()
        self._log = structlog.get_logger("segue.transport")

    def start(self, backlog: int) -> None:
        self._backlog = backlog
        self._listening.setblocking(False)  # noqa: FBT003 - the socket's own method
        self._listening.listen(backlog)
        self._loop.add_reader(self._listening.fileno(), self._readable)

    def close(self) -> None:
        """Accepts the waiting connections, then stops. Other processes can continue with their own copies."""
        if self._closed:
            return
        self._closed = True
        self._pause(None)
        self._take(self._backlog)
        self._listening.close()

    async def wait_closed(self) -> None:
        await asyncio.gather(*self._connecting, return_exceptions=True)

    def _readable(self) -> None:
        if self._is_turn():
            self._unhelped = 0
            all_taken = self._take(self._in_turn) < self._in_turn
            self._in_turn = 1 if all_taken else min(_AT_ONCE, 2 * self._in_turn)
        else:
            self._in_turn = 1
            self._pause(_AFTER_OTHERS_S)

    def _pause(self, wait_s: float | None) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        else:
            self._loop.remove_reader(self._listening.fileno())
        if wait_s is not None and not self._closed:
            self._waiting = self._loop.call_later(wait_s, self._resume)

    def _resume(self) -> None:
        self._waiting = None
        self._loop.add_reader(self._listening.fileno(), self._readable)
        self._take(min(_AT_ONCE, 2 ** min(self._unhelped, 8)))
        self._unhelped += 1

    def _take(self, most: int) -> int:
        """Accepts up to ``most`` connections; returns how many there were."""
        for taken in range(most):
            try:
                connection, _address = self._listening.accept()
            except (BlockingIOError, ConnectionAbortedError, InterruptedError):
                return taken
            except OSError as error:
                if error.errno not in _NO_FILES:
                    raise
                self._log.error(
                    "no_files_left",
                    detail=str(error),
                    waiting_s=_NO_FILES_S,
                    effect="new connections wait; raise the limit of open files, or lower SEGUE_MAX_CONNECTIONS",
                )
                self._pause(_NO_FILES_S)
                return taken
            self._greet(connection)
        return most

    def _greet(self, connection: socket.socket) -> None:
        connection.setblocking(False)  # noqa: FBT003 - the socket's own method
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self._loop.create_task(self._connected(connection))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connected(self, connection: socket.socket) -> None:
        try:
            await self._loop.connect_accepted_socket(self._create, connection)
        except OSError:  # the client has already disconnected
            connection.close()
