"""Starts an engine's fork server as a new program, sends requests to it, and restarts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from segue.kernel.errors import Unavailable
from segue.speech.engines.shelter.control import DescribeVoice, End, EngineIdentity, Fork, ListVoices, asked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.speech.core.catalogue import Voice
    from segue.speech.engines.shelter.control import EngineSource, Request

_PROGRAM = "segue.speech.engines.shelter.child"
_STARTS_WITHIN_S = 30.0
_ANSWERS_WITHIN_S = 5.0
_ENDS_WITHIN_S = 2.0
_TRIES = 2
_OURS = ("SEGUE_", "CHIRP3_")
_WITHOUT_THREADS = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy would start threads when it is imported, and a process with threads cannot be forked safely."""


class _Running(NamedTuple):
    process: subprocess.Popen[bytes]
    channel: socket.socket

    def end(self) -> None:
        """It ends by itself when its socket is closed; otherwise it is killed. May be called twice."""
        self.channel.close()
        try:
            self.process.wait(_ENDS_WITHIN_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class ForkServer:
    """A fork server that has started.

    Requests block for milliseconds; they can come from any thread, one at a time.

    A fork server that has died is started again when it is next needed. Its processes have died with it.
    """

    def __init__(self, source: EngineSource) -> None:
        """Starts it.

        Raises:
            ImportError, TypeError, ValueError: the engine's package is missing, or it refuses its options.
            SegueError: it cannot be created; the message says why.
        """
        self._source = source
        self._one_at_a_time = threading.Lock()
        self._running: _Running | None = None
        self._closed = False
        with self._one_at_a_time:
            self.identity = self._start()

    @property
    def pid(self) -> int | None:
        """Its process, if it is running."""
        running = self._running
        return None if running is None else running.process.pid

    def voice(self, name: str) -> Voice:
        """Raises SegueError if there is no such voice."""
        return cast("Voice", self._ask(DescribeVoice(name)))

    def voices(self) -> Sequence[Voice]:
        return cast("Sequence[Voice]", self._ask(ListVoices()))

    def forked(self, channel: socket.socket, niceness: int) -> int:
        """The id of a new process that uses the other end of ``channel``.

        Raises:
            SegueError: there is none; the message says why.
        """
        return cast("int", self._ask(Fork(niceness), channel))

    def ended(self, pid: int) -> int | None:
        """How that process ended, as ``returncode`` of ``subprocess``; None if that is unknown.

        If it still runs, it is killed first.
        """
        with suppress(Unavailable):
            return cast("int | None", self._ask(End(pid), starts=False))
        return None

    def close(self) -> None:
        """Ends it and all its processes. May be called twice."""
        self._closed = True
        with self._one_at_a_time:
            self._drop()

    def _ask(self, request: Request, passed: socket.socket | None = None, *, starts: bool = True) -> Any:
        with self._one_at_a_time:
            for tries_left in reversed(range(_TRIES)):
                running = self._at_hand(starts=starts)
                try:
                    return asked(running.channel, request, passed)
                except OSError as error:
                    self._drop()
                    if not tries_left:
                        raise Unavailable(
                            f"the process that starts the processes of {self._source.factory} did not answer in "
                            f"two attempts ({error!r}); it is started again when needed; see the log for what "
                            "it wrote"
                        ) from error
            raise AssertionError("the last try returns or raises")

    def _at_hand(self, *, starts: bool) -> _Running:
        if self._running is None:
            if not starts or self._closed:
                raise Unavailable(f"the processes of {self._source.factory} are closed")
            self._start()
        assert self._running is not None
        return self._running

    def _start(self) -> EngineIdentity:
        try:
            self._running = running = _started()
            self._forgotten = weakref.finalize(self, running.end)  # where whoever made it does not close it
            running.channel.settimeout(_STARTS_WITHIN_S)
            identity = asked(running.channel, self._source)
            running.channel.settimeout(_ANSWERS_WITHIN_S)
        except OSError as error:
            self._drop()
            raise Unavailable(
                f"the processes of {self._source.factory} cannot be started: {error!r}; see "
                "the limits of processes and open files, and the log for what they wrote"
            ) from error
        except Exception:
            self._drop()
            raise
        return cast("EngineIdentity", identity)

    def _drop(self) -> None:
        running, self._running = self._running, None
        if running is not None:
            self._forgotten.detach()
            running.end()


def _started() -> _Running:
    """Starts a new program. It is not a fork of this process, which has threads. Raises OSError.

    A process group of its own protects it from a terminal's signals. A session of its own would as well, but Linux
    divides processor time by session: on a busy machine an utterance would wait 3 ms for its process (measured).
    """
    ours, theirs = socket.socketpair()
    try:
        process = subprocess.Popen(  # noqa: S603 - this interpreter, and a module of ours  # nosec B603
            [sys.executable, "-P", "-m", _PROGRAM, str(theirs.fileno())],
            pass_fds=[theirs.fileno()],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            process_group=0,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return _Running(process, ours)


def _environment() -> dict[str, str]:
    """An environment in which the same modules are found.

    It does not contain our settings, because some are secrets and native code does not need them.
    """
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(_OURS)}
    path = os.pathsep.join(entry or os.getcwd() for entry in sys.path)  # noqa: PTH109 - as sys.path means it
    return _WITHOUT_THREADS | inherited | {"PYTHONPATH": path}
