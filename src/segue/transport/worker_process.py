"""One worker process, as its supervisor starts, monitors and stops it."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from segue.transport.link import RETIRE, SERVING

if TYPE_CHECKING:
    from collections.abc import Sequence

CONTROL = "{control}"
PLACE = "{place}"
"""Placeholders in a command for the worker's end of the link and for its place."""


class WorkerProcess:
    """A process that runs ``command`` and inherits the descriptors ``handles``."""

    def __init__(self, command: Sequence[str], handles: Sequence[int], place: int) -> None:
        self.place = place
        self.serves = False
        self.leaves = False
        self.began_s = self.heard_s = time.monotonic()
        self._link, its_end = socket.socketpair()
        self._link.setblocking(False)  # noqa: FBT003 - the socket's own method
        with its_end:
            words = [part.replace(CONTROL, str(its_end.fileno())).replace(PLACE, str(place)) for part in command]
            # In its own process group, so that a terminal's signal reaches it only once, through the supervisor.
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module  # nosec B603
                words, pass_fds=[*handles, its_end.fileno()], process_group=0
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def lived_s(self) -> float:
        return time.monotonic() - self.began_s

    def hear(self) -> None:
        """Reads the worker's messages."""
        with suppress(OSError):
            while said := self._link.recv(4096):
                self.heard_s = time.monotonic()
                self.serves = self.serves or SERVING in said

    def silent_s(self) -> float:
        return time.monotonic() - self.heard_s

    def ended(self) -> int | None:
        """The exit status, negative if a signal ended the process; None while it runs."""
        return self._process.poll()

    def retire(self) -> None:
        """Tells the worker that it has been replaced: it completes its open requests and ends."""
        self.leaves = True
        with suppress(OSError):
            self._link.send(RETIRE)

    def send(self, number: signal.Signals) -> None:
        self.leaves = True
        self._process.send_signal(number)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def close(self) -> None:
        self._link.close()


def ending_of(status: int) -> dict[str, object]:
    """Fields for the log that say how a process ended."""
    if status >= 0:
        return {"exit_status": status}
    try:
        return {"signal": signal.Signals(-status).name}
    except ValueError:
        return {"signal": str(-status)}
