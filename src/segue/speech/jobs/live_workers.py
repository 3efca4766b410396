"""Detects which processes are alive, by locks that are released when a process ends."""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path
from threading import Lock

_NAME = re.compile(r"[0-9]+-[0-9a-f]{16}")


class LiveWorkers:
    """Each process holds a lock on a file with its name.

    If another process can take the lock, the first one has ended.

    All processes run on one machine. Methods block, can be called from any thread, and raise ``OSError``.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._name = f"{os.getpid()}-{os.urandom(8).hex()}"
        self._one_at_a_time = Lock()
        self._held: int | None = None

    def own_name(self) -> str:
        """The name of this process. From now on others see it as alive.

        Call it again from time to time: if the file was removed meanwhile, a new one is created.
        """
        with self._one_at_a_time:
            if self._held is None:
                self._held = self._claimed()
            elif not self._stands(self._held):
                held, self._held = self._held, None
                os.close(held)
                self._held = self._claimed()
        return self._name

    def is_alive(self, name: str) -> bool:
        if name == self._name:
            return True
        if not _NAME.fullmatch(name):
            return False
        try:
            file = os.open(self._folder / name, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        else:
            (self._folder / name).unlink(missing_ok=True)
            return False
        finally:
            os.close(file)

    def close(self) -> None:
        """Releases the lock: this process does no more work that others wait for."""
        with self._one_at_a_time:
            if self._held is not None:
                (self._folder / self._name).unlink(missing_ok=True)
                os.close(self._held)
                self._held = None

    def _stands(self, held: int) -> bool:
        try:
            return os.path.samestat(os.fstat(held), (self._folder / self._name).stat())
        except OSError:
            return False

    def _claimed(self) -> int:
        """The locked file. It is locked before it gets its final name."""
        self._folder.mkdir(parents=True, exist_ok=True)
        fresh = self._folder / f"{self._name}.new"
        file = os.open(fresh, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            fresh.rename(self._folder / self._name)
        except OSError:
            os.close(file)
            raise
        return file
