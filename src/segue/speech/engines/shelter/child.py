"""The program of an engine's fork server, and of the processes that it forks.

It forks only while it has no other thread, and never synthesizes itself. Whatever a text does to native code
happens in a process that makes nothing else at that time.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import importlib
import os
import resource
import select
import signal
import socket
import sys
import time
from contextlib import aclosing, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, cast

from segue.kernel.errors import InternalFailure, SegueError, Unavailable
from segue.speech.core.speech import Pcm
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.shelter.control import (
    DescribeVoice,
    End,
    EngineIdentity,
    EngineSource,
    Fork,
    ListVoices,
    RequestFailed,
    answer,
    listened,
)
from segue.speech.engines.shelter.wire import FrameKind, order_of, packed, packed_failure, packed_sound, received

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable
    from typing import TypeAlias

    from segue.speech.core.speech import Utterance
    from segue.speech.engines.shelter.control import Request
    from segue.speech.engines.shelter.wire import ProcessOrder
    from segue.speech.ports.engine import Engine

    Emit: TypeAlias = Callable[[Pcm], bool]
    Speak: TypeAlias = Callable[[Utterance, Emit], None]

_PR_SET_PDEATHSIG = 1
_HELD_BACK_BYTES = 64 * 1024
_DIES_WITHIN_S = 2.0
_USUALLY_STOPS_WITHIN_S = 10.0
_NOT_FOR_US = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
"""Terminals and systemd send these to every process of a service, but the service has utterances to complete
first. These processes end when their sockets are closed, with SIGKILL, or when the fork server dies.
"""


def main() -> None:
    """The fork server: answers on the socket whose number is the first argument, until it is closed."""
    for number in _NOT_FOR_US:
        signal.signal(number, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # it would hold a listener's text, and take its time
    channel = socket.socket(fileno=int(sys.argv[1]))
    server = _ForkServer(channel)
    while (asked := listened(channel)) is not None:
        request, passed = asked
        answer(channel, server.answered(request, passed))
        if passed is not None:
            passed.close()
    os._exit(0)  # nothing here is worth taking down with care


class _ForkServer:
    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._engine: Engine | None = None

    def answered(self, request: Request, passed: socket.socket | None) -> object:
        try:
            return self._reply(request, passed)
        except Exception as error:  # noqa: BLE001 - the service raises it
            return RequestFailed(_portable(error))

    def _reply(self, request: Request, passed: socket.socket | None) -> object:
        if isinstance(request, EngineSource):
            self._engine = engine = _made(request)
            gc.freeze()  # a collection would write to every object, and memory is shared until it is written to
            stops_within_s = getattr(engine, "stops_within_s", _USUALLY_STOPS_WITHIN_S)
            real_time_factor = getattr(engine, "real_time_factor", 0.0)
            return EngineIdentity(engine.name, engine.version, stops_within_s, real_time_factor)
        if isinstance(request, End):
            return _ended(request.pid)
        engine = cast("Engine", self._engine)
        if isinstance(request, DescribeVoice):
            return engine.voice(request.name)
        if isinstance(request, ListVoices):
            return list(engine.voices())
        assert passed is not None, "a process to speak comes with its socket"
        return self._forked(engine, request, passed)

    def _forked(self, engine: Engine, request: Fork, passed: socket.socket) -> int:
        if _threads() > 1:
            raise InternalFailure(
                f"engine {engine.name} starts threads when it is made, so its processes cannot be forked; take it "
                "out of SEGUE_SHELTERED_ENGINES"
            )
        own = os.getpid()
        pid = os.fork()
        if not pid:
            _become_speaker(self._channel, passed, engine, own, request.niceness)
        return pid


def _made(source: EngineSource) -> Engine:
    module, _, name = source.factory.partition(":")
    engine: Engine = getattr(importlib.import_module(module), name)(source.options)
    return engine


def _portable(error: Exception) -> Exception:
    """An error that can be raised in the service: one of ours, or one for wrong options and missing packages."""
    if isinstance(error, SegueError):
        return error
    if isinstance(error, ImportError):
        return ImportError(str(error), name=error.name)
    for kind in (TypeError, ValueError):
        if isinstance(error, kind):
            return kind(str(error))
    return Unavailable(f"the engine cannot be created: {type(error).__name__}: {error}")


def _threads() -> int:
    try:
        return sum(1 for _ in Path("/proc/self/task").iterdir())
    except OSError:
        return 1  # not Linux: nobody can tell


def _ended(pid: int) -> int | None:
    """Kills the process if it still runs. One that has crashed keeps its own signal."""
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + _DIES_WITHIN_S
    while time.monotonic() < until:
        try:
            found, status = os.waitpid(pid, os.WNOHANG)
        except ChildProcessError:
            return None
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    return None


def _become_speaker(
    control: socket.socket, channel: socket.socket, engine: Engine, server_pid: int, niceness: int
) -> NoReturn:
    """Never returns."""
    status = 1
    try:
        control.close()
        _die_with(server_pid)
        with suppress(OSError):  # a sandbox may forbid it
            os.nice(niceness)
        work(channel, engine)
        status = 0
    except BrokenPipeError:
        status = 0  # nobody listens any more
    finally:
        os._exit(status)


def _die_with(server_pid: int) -> None:
    """Makes Linux kill this process when the fork server ends, even while native code hangs."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != server_pid:
        os._exit(0)


def work(channel: socket.socket, engine: Engine) -> None:
    """A process that synthesizes: loads, reports that it is ready, and makes utterances until the socket is
    closed.
    """
    channel.settimeout(None)
    speaker = engine if isinstance(engine, ThreadedEngine) else _OnALoop(engine)
    try:
        speaker.load_here()
    except SegueError as error:
        channel.sendall(packed_failure(error))
        return
    channel.sendall(packed(FrameKind.READY))
    while (frame := received(channel)) is not None:
        if frame.kind is FrameKind.SPEAK:  # a STOP may come when all has been said
            _Answer(channel, order_of(frame.body)).by(speaker.speak_here)


class _OnALoop:
    """An engine that does not use threads, with an event loop in this process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._runner = asyncio.Runner()

    def load_here(self) -> None:
        self._runner.run(self._engine.start())

    def speak_here(self, utterance: Utterance, emit: Emit) -> None:
        self._runner.run(self._speak(utterance, emit))

    async def _speak(self, utterance: Utterance, emit: Emit) -> None:
        pieces = cast("AsyncGenerator[Pcm, None]", self._engine.stream(utterance))
        async with aclosing(pieces):
            async for pcm in pieces:
                if not emit(pcm):
                    return


class _Answer:
    """One utterance that is being sent."""

    def __init__(self, channel: socket.socket, order: ProcessOrder) -> None:
        self._channel = channel
        self._order = order
        self._news = select.poll()
        self._news.register(channel, select.POLLIN)
        self._held: list[Pcm] = []
        self._held_bytes = 0
        self._most_held_bytes = _HELD_BACK_BYTES if order.whole else 0
        self._begun = False

    def by(self, speak: Speak) -> None:
        """Sends the audio, and the end. Only our own errors are sent with their messages."""
        try:
            # This whole process stands behind others, where it has to.
            speak(replace(self._order.utterance, background=False), self._emit)
            end = packed(FrameKind.END)
        except SegueError as error:
            end = packed_failure(error)
        except Exception as error:  # noqa: BLE001 - an edge: an engine
            end = packed_failure(InternalFailure(f"the engine failed: {type(error).__name__}"))
        self._channel.sendall(self._packed() + end)

    def _emit(self, pcm: Pcm) -> bool:
        """Whether more is wanted. Raises nothing, because native code may be between here and its caller."""
        self._held.append(pcm)
        self._held_bytes += len(pcm.data)
        if self._held_bytes < self._most_held_bytes:
            return True
        try:
            self._channel.sendall(self._packed())
        except OSError:
            return False
        if not self._begun:
            self._begun = True
            os.sched_yield()  # where cores are few, whoever sends it on may stand behind this process
        # Two things can come while an utterance is spoken: that it is to stop, and the end of the service.
        return not self._news.poll(0)

    def _packed(self) -> bytes:
        """The pieces that were held back, as one. An utterance has one sample rate and encoding."""
        if not self._held:
            return b""
        first = self._held[0]
        data = first.data if len(self._held) == 1 else b"".join([pcm.data for pcm in self._held])
        self._held.clear()
        self._held_bytes = 0
        return packed_sound(Pcm(data, first.rate_hz, first.encoding))


if __name__ == "__main__":
    main()
