"""A disk so small that a test can fill it: a file system of its own, where mounts are allowed."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PIECE_BYTES = 64 * 1024


@contextmanager
def small_disk(folder: Path, size_bytes: int, kind: str = "tmpfs") -> Iterator[Path]:
    """A file system of ``size_bytes`` over ``folder``, of the kind ``tmpfs`` or ``ext4``; the test is skipped if
    nothing can be mounted.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if kind == "tmpfs":
        _run("mount", "-t", "tmpfs", "-o", f"size={size_bytes}", "segue-test", str(folder))
    else:
        image = folder.with_suffix(".image")
        with image.open("wb") as file:
            file.truncate(size_bytes)
        _run(f"mkfs.{kind}", "-q", "-m", "0", str(image))
        _run("mount", "-o", "loop", str(image), str(folder))
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], capture_output=True, check=True, timeout=10)


def _run(*words: str) -> None:
    try:
        done = subprocess.run(words, capture_output=True, check=False, timeout=30)
    except OSError as error:
        pytest.skip(f"needs the command {words[0]}: {error}")
    if done.returncode:
        pytest.skip(f"needs the right to mount ({' '.join(words)}): {done.stderr.decode().strip()}")


def fill(folder: Path) -> Path:
    """Takes all the room that is left on the disk of ``folder``; returns the file that holds it."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\1" * _PIECE_BYTES)
    with ballast.open("ab", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"\1")
            if os.statvfs(folder).f_bavail:
                continue
            file.write(b"\1" * os.statvfs(folder).f_bsize)
    return ballast
