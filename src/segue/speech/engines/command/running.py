"""One running program: its process group, and its output.

The kernel's descriptor of the process (``pidfd``, Linux 5.3) reports that the process has ended before its number
is released. Until then, a signal to the number's group cannot reach another process.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.speech.engines.command.program import CommandLine

_READ_BYTES = 64 * 1024
_MOST_ERROR_BYTES = 4096
_LATE_OUTPUT_S = 0.2
"""How long an output may stay open after its program has ended. A process that has left the group may hold it
forever.
"""


class Spawned(NamedTuple):
    """A process that was just started, and our ends of its pipes. ``to_it`` is None if its input was complete at
    the start.
    """

    process: subprocess.Popen[bytes]
    pidfd: int
    output: int
    errors: int
    to_it: int | None


def spawn(line: CommandLine, text: bytes | None, niceness: int) -> Spawned:
    """Starts the program, with the text as its whole input, or with a pipe. Blocks for a few milliseconds.

    The text is in memory and not piped, so a program that does not read it, or ends early, breaks no pipe.

    Raises:
        OSError: it cannot be started.
    """
    own: list[int] = []
    try:
        to_it, its_input = _input(text, own)
        output, its_output = _pipe(own)
        errors, its_errors = _pipe(own)
        process = subprocess.Popen(  # noqa: S603 - what the operator's catalogue names; no shell  # nosec B603
            line.arguments,
            executable=line.path,
            env=line.environment,
            cwd=line.directory,
            stdin=its_input,
            stdout=its_output,
            stderr=its_errors,
            process_group=0,
        )
        own = [its_input, its_output, its_errors]
        return Spawned(process, _behind(process, niceness), output, errors, to_it)
    finally:
        for descriptor in own:
            os.close(descriptor)


def _input(text: bytes | None, own: list[int]) -> tuple[int | None, int]:
    if text is None:
        theirs, ours = os.pipe2(os.O_CLOEXEC)
        own += (theirs, ours)
        os.set_blocking(ours, False)
        return ours, theirs
    memory = os.memfd_create("text", os.MFD_CLOEXEC)
    own.append(memory)
    with os.fdopen(os.dup(memory), "wb") as file:
        file.write(text)
    os.lseek(memory, 0, os.SEEK_SET)
    return None, memory


def _pipe(own: list[int]) -> tuple[int, int]:
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    own += (ours, theirs)
    os.set_blocking(ours, False)
    return ours, theirs


def _behind(process: subprocess.Popen[bytes], niceness: int) -> int:
    if niceness:
        with suppress(OSError):  # it may have ended
            os.setpriority(os.PRIO_PGRP, process.pid, niceness)
    try:
        return os.pidfd_open(process.pid)
    except OSError:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        raise


class RunningProgram:
    """Reads what the program writes. ``hears`` gets its output, nothing at its end, and answers why it must be
    ended, if it must.

    ``ended`` is done when the program has ended, its group is gone and its output is read, with the exit status
    (negative: the signal). ``ended_for`` says why we have ended it, if we have.
    """

    def __init__(self, spawned: Spawned, hears: Callable[[bytes], str], stop_within_s: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._process = spawned.process
        self._pidfd = spawned.pidfd
        self._hears = hears
        self._stop_within_s = stop_within_s
        self._readers = {spawned.output: self._heard, spawned.errors: self._complained}
        self._input = None if spawned.to_it is None else Outbox(spawned.to_it)
        self._errors = b""
        self._timers: list[asyncio.TimerHandle] = []
        self.ended: asyncio.Future[int | None] = self._loop.create_future()
        self.ended_for = ""
        self._loop.add_reader(self._pidfd, self._exited)
        for descriptor in self._readers:
            self._loop.add_reader(descriptor, self._read, descriptor)

    @property
    def has_exited(self) -> bool:
        return self._pidfd < 0

    @property
    def is_alive(self) -> bool:
        """Whether it is running at this moment, even if the event loop has not noticed its end yet."""
        if self.has_exited or self.ended_for:
            return False
        try:
            return os.waitid(os.P_PIDFD, self._pidfd, os.WEXITED | os.WNOWAIT | os.WNOHANG) is None
        except ChildProcessError:
            return False

    @property
    def complaint(self) -> str:
        """The end of its standard error output."""
        return self._errors.decode(errors="replace")

    def forget_complaint(self) -> None:
        """Discards its standard error output so far, which was about something else."""
        self._errors = b""

    def write(self, data: bytes) -> None:
        """Writes to its input as it reads. The data is lost if the program has ended."""
        if self._input is not None:
            self._input.put(data)

    def limit(self, timeout_s: float, why: str) -> asyncio.TimerHandle:
        """Ends it if it still runs after ``timeout_s``, unless the timer is cancelled."""
        timer = self._loop.call_later(timeout_s, self.stop, why)
        self._timers = [*(kept for kept in self._timers if not kept.cancelled()), timer]
        return timer

    def stop(self, why: str) -> None:
        """Asks the group to end (SIGTERM), kills it (SIGKILL) if the program does not end in time, and ignores its
        output.
        """
        if self.has_exited or self.ended_for:
            return
        self.ended_for = why
        self._signal(signal.SIGTERM)
        self._timers.append(self._loop.call_later(self._stop_within_s, self._signal, signal.SIGKILL))
        self._close_all()

    def _signal(self, number: signal.Signals) -> None:
        if not self.has_exited:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _read(self, descriptor: int) -> None:
        try:
            data = os.read(descriptor, _READ_BYTES)
        except BlockingIOError:
            return
        self._readers[descriptor](data)
        if not data:
            self._close(descriptor)

    def _heard(self, data: bytes) -> None:
        why = self._hears(data)
        if why:
            self.stop(why)

    def _complained(self, data: bytes) -> None:
        self._errors = (self._errors + data)[-_MOST_ERROR_BYTES:]

    def _exited(self) -> None:
        """The program has ended and has not been waited for, so its number is still its own."""
        self._loop.remove_reader(self._pidfd)
        self._signal(signal.SIGKILL)
        os.close(self._pidfd)
        self._pidfd = -1
        self._process.poll()
        self._forget_timers()
        self._timers.append(self._loop.call_later(_LATE_OUTPUT_S, self._close_all))
        self._settle()

    def _close_all(self) -> None:
        for descriptor in list(self._readers):
            self._close(descriptor)
        if self._input is not None:
            self._input.close()

    def _close(self, descriptor: int) -> None:
        if self._readers.pop(descriptor, None) is not None:
            self._loop.remove_reader(descriptor)
            os.close(descriptor)
        self._settle()

    def _settle(self) -> None:
        if self.has_exited and not self._readers and not self.ended.done():
            self._forget_timers()
            if self._input is not None:
                self._input.close()
            self.ended.set_result(self._process.returncode)

    def _forget_timers(self) -> None:
        for timer in self._timers:
            timer.cancel()
        self._timers.clear()


class Outbox:
    """Bytes that are written to a pipe as its other end reads."""

    def __init__(self, descriptor: int) -> None:
        self._loop = asyncio.get_running_loop()
        self._descriptor = descriptor
        self._waiting = b""

    def put(self, data: bytes) -> None:
        if self._descriptor < 0:
            return
        if not self._waiting:
            self._loop.add_writer(self._descriptor, self._write)
        self._waiting += data

    def close(self) -> None:
        """Discards what has not been read. May be called twice."""
        if self._descriptor >= 0:
            self._loop.remove_writer(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1

    def _write(self) -> None:
        try:
            written = os.write(self._descriptor, self._waiting)
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.close()  # it has closed its input, or ended; the latter is noticed elsewhere
            return
        self._waiting = self._waiting[written:]
        if not self._waiting:
            self._loop.remove_writer(self._descriptor)
