"""Messages between a worker and its supervisor, over a socket pair.

The worker reports regularly that it is alive, and once that it is serving. The supervisor tells it to retire when
another worker has replaced it. If the connection closes, the other process has ended.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

ALIVE = b"."
SERVING = b"S"
RETIRE = b"R"
BEAT_S = 1.0


class Link:
    """The worker's end. A thread sends the heartbeat, so that a busy event loop does not count as dead."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._ended = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._beat, name="alive", daemon=True).start()

    def serving(self) -> None:
        with suppress(OSError):
            self._connection.send(SERVING)

    async def follow(self, retire: Callable[[], None], orphaned: Callable[[], None]) -> None:
        """Calls ``retire`` if the supervisor asks for it, and ``orphaned`` when the supervisor has ended."""
        loop = asyncio.get_running_loop()
        self._connection.setblocking(False)  # noqa: FBT003 - the socket's own method
        with suppress(ConnectionError):
            while said := await loop.sock_recv(self._connection, 16):
                if RETIRE in said:
                    retire()
        orphaned()

    def _beat(self) -> None:
        while not self._ended.wait(BEAT_S):
            try:
                self._connection.send(ALIVE)
            except BlockingIOError:
                continue  # the supervisor is suspended
            except OSError:
                return

    def close(self) -> None:
        self._ended.set()
