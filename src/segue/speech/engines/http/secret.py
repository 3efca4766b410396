"""Reads a key from where the operator stores it. No message, log or representation contains it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Protocol

from segue.kernel.errors import ConfigurationError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.engines.http.options import HttpOptions

_LOOK_EVERY_S = 1.0
_MOST_FILE_BYTES = 65_536
_FIRST_PRINTABLE, _LAST_PRINTABLE = "!", "~"


class Keys(Protocol):
    """The source of a key."""

    async def start(self) -> None:
        """Raises ConfigurationError if there is no key. The message says what to do."""
        ...

    async def value(self) -> str:
        """The current key; empty if none is sent. Raises SegueError if it cannot be read."""
        ...


class VendorSecret:
    """The key of one server.

    A key in a file is read again when the file has changed, at most once a second, in a thread, because the file
    may be on a disk that hangs.
    """

    def __init__(self, options: HttpOptions, environ: Mapping[str, str] | None = None) -> None:
        self._env = options.key_env
        self._file = Path(options.key_file) if options.key_file else None
        self._environ = os.environ if environ is None else environ
        self._known = ""
        self._stamp: tuple[int, int, int] | None = None
        self._looked_at_s = float("-inf")

    def __repr__(self) -> str:
        return f"Secret(env={self._env!r}, file={self._file!r})"

    async def start(self) -> None:
        """Reads it for the first time.

        Raises:
            ConfigurationError: there is none, or it is not valid. The message says what to do.
        """
        try:
            if self._file is not None:
                await self._look(self._file)
            elif self._env:
                self._known = _checked(self._environ.get(self._env, ""), f"environment variable {self._env}")
        except ValueError as error:
            raise ConfigurationError([str(error)]) from None

    async def value(self) -> str:
        """The current key; empty if none is sent.

        Raises:
            Unavailable: its file cannot be read any more, or contains no valid key.
        """
        now_s = asyncio.get_running_loop().time()
        if self._file is not None and now_s - self._looked_at_s >= _LOOK_EVERY_S:
            self._looked_at_s = now_s
            try:
                await self._look(self._file)
            except ValueError as error:
                self._looked_at_s = float("-inf")
                raise Unavailable(str(error)) from None
        return self._known

    async def _look(self, file: Path) -> None:
        found = await asyncio.to_thread(_changed, file, self._stamp)
        if found is not None:
            self._stamp, self._known = found


def _changed(file: Path, stamp: tuple[int, int, int] | None) -> tuple[tuple[int, int, int], str] | None:
    """The content of a file with its stamp; None if unchanged. Raises ValueError if it contains no key."""
    try:
        now = file.stat()
        if not S_ISREG(now.st_mode):
            raise ValueError(f"the key file {file} is not a regular file, and reading it could hang")
        found = (now.st_mtime_ns, now.st_size, now.st_ino)
        if found == stamp:
            return None
        if now.st_size > _MOST_FILE_BYTES:
            raise ValueError(f"the key file {file} has {now.st_size} bytes, too many for a key: check key_file")
        said = file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as error:
        raise ValueError(f"the key file {file} cannot be read ({error.strerror}): check key_file") from None
    return found, _checked(said, f"key file {file}")


def _checked(said: str, place: str) -> str:
    """The key without white space around it. Error messages do not quote it."""
    key = said.strip()
    if not key:
        raise ValueError(
            f"the {place} contains no key: put the key there, or set key_env or key_file in the catalogue to "
            "another place"
        )
    if not all(_FIRST_PRINTABLE <= sign <= _LAST_PRINTABLE for sign in key):
        raise ValueError(
            f"the {place} contains a character that a key cannot have: a space, a line break or a non-ASCII "
            "character"
        )
    return key
