"""The file with the local copy of the keys, which several processes of this machine write.

It has no secrets, only their digests, with a digest of its own, so that a damaged file is not used.
"""

from __future__ import annotations

import fcntl
import os
import stat
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from tempfile import mkstemp
from typing import TYPE_CHECKING

import msgspec

from segue.access.keys import Key

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 64 * 1024 * 1024
_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class KeyCopy(msgspec.Struct, frozen=True, kw_only=True):
    """The keys as a store had them at a revision.

    ``store`` identifies the store. It confirmed the keys at ``confirmed_at_s``; Unix time, as ``written_at_s``.
    """

    store: str
    revision: int
    confirmed_at_s: float
    written_at_s: float
    keys: tuple[Key, ...]


class CopyUnusable(Exception):  # noqa: N818 - a condition, not a fault
    """The file cannot be used; the message says why."""


_COPY = msgspec.json.Decoder(KeyCopy)


class CopyFile:
    """Reads and writes the file. The methods block, and raise ``OSError`` if the disk fails."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def read(self) -> KeyCopy | None:
        """What the file has; None if there is none.

        Raises:
            CopyUnusable: it is damaged, is no plain file, or other users may read or write it.
        """
        try:
            file = os.open(self.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        with os.fdopen(file, "rb") as reading:
            _check_private(os.fstat(reading.fileno()))
            return _decoded(reading.read(_MOST_BYTES + 1))

    def write(self, copy: KeyCopy) -> bool:
        """Replaces the file atomically, unless another process has written later keys; then it returns False.

        If the file cannot be replaced, and has other keys than these, it is deleted: a key that was revoked in the
        meantime must not be valid again after a restart.
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        kept: KeyCopy | None = None
        try:
            with self._alone():
                kept = self._kept()
                if kept is not None and _is_later(kept, copy):
                    return False
                self._replace(_encoded(copy))
        except OSError:
            if kept is None or (kept.store, kept.revision) != (copy.store, copy.revision):
                self.path.unlink(missing_ok=True)
            raise
        return True

    def _kept(self) -> KeyCopy | None:
        try:
            return self.read()
        except (CopyUnusable, OSError):
            return None

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keeps other processes from writing meanwhile."""
        lock = os.open(f"{self.path}.lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, data: bytes) -> None:
        file, fresh = mkstemp(prefix=f"{self.path.name}.", dir=self.path.parent)  # its mode is 0600
        try:
            with os.fdopen(file, "wb") as writing:
                writing.write(data)
                writing.flush()
                os.fsync(writing.fileno())
            Path(fresh).replace(self.path)
        except OSError:
            with suppress(OSError):
                Path(fresh).unlink(missing_ok=True)
            raise


def _is_later(kept: KeyCopy, copy: KeyCopy) -> bool:
    """Whether the file has later keys than the copy, which were written after those of the copy were confirmed.

    A lower revision that was confirmed after the file was written is that of a restored backup, and counts.
    """
    return kept.store == copy.store and kept.revision > copy.revision and kept.written_at_s >= copy.confirmed_at_s


def _check_private(found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise CopyUnusable("it is no plain file")
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
        raise CopyUnusable("other users may read or write it; its mode must be 0600, and its owner this user")


def _encoded(copy: KeyCopy) -> bytes:
    data = msgspec.json.encode(copy)
    return data + b"\n" + _digest(data) + b"\n"


def _decoded(raw: bytes) -> KeyCopy:
    data, _, digest = raw.rstrip(b"\n").rpartition(b"\n")
    if len(raw) > _MOST_BYTES or digest != _digest(data):
        raise CopyUnusable("it is damaged")
    try:
        copy = _COPY.decode(data)
        for key in copy.keys:
            bytes.fromhex(key.digest)
    except ValueError:  # of msgspec too
        raise CopyUnusable("this version of Segue cannot read it") from None
    return copy


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=32, person=b"segue key copy").hexdigest().encode()
