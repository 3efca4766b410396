"""uvicorn's server with another way to accept connections and to stop."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
import uvicorn

from segue.transport.accepting import Acceptor
from segue.transport.leaving import Leave

if TYPE_CHECKING:
    import socket
    from types import FrameType

    from segue.transport.leaving import LeaveTimes, Leaving
    from segue.transport.link import Link
    from segue.transport.open_connections import OpenConnections
    from segue.transport.places import Places

_HANGS_STATUS = 70
_LAST_READ_S = 0.05


class Team(NamedTuple):
    """This worker's link to the supervisor, and its place among the workers."""

    link: Link
    places: Places
    place: int

    def is_turn(self) -> bool:
        """Whether this worker should accept the next connection, because no other has fewer."""
        return self.places.is_lowest(self.place)

    def has(self, connections: int) -> None:
        """Sets this worker's number of connections."""
        self.places.take(self.place, connections)


class Server(uvicorn.Server):
    """Serves until a signal arrives, then stops in steps.

    SIGTERM: new requests are served for ``drain_s`` more while health reports that the service is not ready; then
    nothing new is accepted, and open requests have ``grace_s`` to complete. SIGINT, or a second SIGTERM: the drain
    is skipped. A second SIGINT stops immediately. If it ``owns_process``, a stop that hangs ends the process.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        shared: OpenConnections,
        leaving: Leaving,
        times: LeaveTimes,
        team: Team | None = None,
    ) -> None:
        super().__init__(config)
        self._shared = shared
        self._leaving = leaving
        self._times = times
        self._team = team
        self.owns_process = False
        self._received: signal.Signals | None = None
        self._drained_at_s: float | None = None
        self._following: asyncio.Task[None] | None = None
        self._log = structlog.get_logger("segue.transport")

    def retire(self) -> None:
        """Stops because another worker has replaced this one: nothing new is accepted from now on."""
        if self._leaving.how is None:
            self._leaving.how = Leave.RETIRE
            signal.raise_signal(signal.SIGTERM)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Records a signal. It runs in the main thread between any two instructions, so it does nothing else."""
        first = self._received is None
        if first:
            self._received = signal.Signals(sig)
            self._leaving.how = self._leaving.how or Leave.STOP
            self._shared.ending = True
        if first and sig == signal.SIGTERM and self._times.drain_s and self.started:
            self._captured_signals.append(sig)
        else:
            super().handle_exit(sig, frame)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=[])
        create = self._created
        is_turn = self._team.is_turn if self._team is not None else _always
        acceptors = [Acceptor(listening, create, is_turn) for listening in sockets or []]
        self.servers: list[Any] = acceptors
        self._tell_count()
        for acceptor in acceptors:
            acceptor.start(self.config.backlog)
        if self._team is not None:
            self._team.link.serving()
            following = self._team.link.follow(self.retire, self._orphaned)
            self._following = asyncio.create_task(following, name="supervisor followed")

    async def on_tick(self, counter: int) -> bool:
        self._tell_count()
        if self._received is not None:
            self._leave(self._received)
        return await super().on_tick(counter)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._log.info("closing", connections=len(self.server_state.connections))
        self._shared.ending = True
        self._close_listening()
        for acceptor in self.servers:
            await acceptor.wait_closed()
        await asyncio.sleep(_LAST_READ_S)  # requests that have already arrived are read and answered
        await super().shutdown(sockets)
        if self._following is not None:
            self._following.cancel()
        self._log.info("stopped")

    def _leave(self, received: signal.Signals) -> None:
        now_s = asyncio.get_running_loop().time()
        retires = self._leaving.how is Leave.RETIRE
        if self._drained_at_s is None:
            drain_s = 0.0 if self.should_exit else self._times.drain_s
            self._drained_at_s = now_s + drain_s
            self._log.info("leaving", signal=received.name, how=str(self._leaving.how), serving_for_s=drain_s)
            if self.owns_process:
                self._watch_end()
            if retires:
                self._close_listening()
        elif now_s >= self._drained_at_s or (retires and not self.server_state.connections):
            self.should_exit = True

    def _watch_end(self) -> None:
        """Ends the process if the stop hangs, because otherwise its supervisor would wait forever."""
        watch = threading.Timer(self._times.longest_s, self._end_what_hangs)
        watch.daemon = True
        watch.start()

    def _end_what_hangs(self) -> None:
        self._log.error(
            "stop_hangs",
            after_s=self._times.longest_s,
            tasks=len(self.server_state.tasks),
            effect="the process ends now; requests that it still answered are cut off",
        )
        os._exit(_HANGS_STATUS)

    def _orphaned(self) -> None:
        self._log.error("supervisor_gone", why="the supervisor's process has ended, so this worker stops too")
        signal.raise_signal(signal.SIGTERM)

    def _close_listening(self) -> None:
        for acceptor in self.servers:
            acceptor.close()

    def _tell_count(self) -> None:
        if self._team is not None:
            self._team.has(len(self.server_state.connections))

    def _created(self) -> asyncio.Protocol:
        create: Any = self.config.http_protocol_class
        protocol: asyncio.Protocol = create(
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )
        if self._team is not None:
            self._team.has(len(self.server_state.connections) + 1)
        return protocol


def _always() -> bool:
    return True
