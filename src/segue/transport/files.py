"""The limit on open files, which includes connections."""

from __future__ import annotations

import resource
from contextlib import suppress

_OWN_FILES = 256
"""Files reserved for other uses than clients: the store, audio files, engines, connections to vendors."""

_MOST_CONNECTIONS = 10_000


def raise_file_limit() -> int:
    """Raises this process's limit to its hard limit; processes started later inherit it.

    Returns the limit in force.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with suppress(ValueError, OSError):  # some systems report a hard limit that they do not grant
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return file_limit()


def file_limit() -> int:
    """The limit in force."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return 2**31 - 1 if soft == resource.RLIM_INFINITY else soft


def room_for_connections(limit: int) -> int:
    """The number of connections that a process with this limit on files can hold."""
    return max(0, limit - min(_OWN_FILES, limit // 2))


def usual_connections(limit: int) -> int:
    """The default limit on connections, if none is set."""
    return min(_MOST_CONNECTIONS, room_for_connections(limit))
