"""From a URL to an event log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from segue.core.errors import ConfigurationError
from segue.store.log import SqlEventLog
from segue.store.sqlite import open_sqlite, watch_sqlite

if TYPE_CHECKING:
    from segue.ports.store import EventLog


def open_event_log(url: str) -> EventLog:
    """The log behind ``sqlite:///path``, not yet started.

    Raises:
        ConfigurationError: no store speaks that URL.
    """
    scheme, _, path = url.partition(":///")
    if scheme != "sqlite" or not path:
        raise ConfigurationError([f"store_url: {url!r} is not understood; write sqlite:///path/to/file"])
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    return SqlEventLog(open_sqlite(f"sqlite+aiosqlite:///{path}"), watch_sqlite)
