"""From a URL to a store."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from segue.core.errors import ConfigurationError
from segue.store.sqlite import Sqlite
from segue.store.store import SqlStore

if TYPE_CHECKING:
    from segue.ports.store import Store
    from segue.store.database import Kind

_WRITE = "write sqlite:///path/to/file or postgresql://user@host:5432/database"


def open_store(url: str) -> Store:
    """The store behind ``sqlite:///path`` or ``postgresql://user@host:port/database``, not yet started.

    Raises:
        ConfigurationError: no store speaks that URL, or what it takes is not installed. The message repeats
            nothing of the URL, which may hold a password.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:"):
        return SqlStore(Sqlite(Path(rest[1:])))
    if scheme in ("postgresql", "postgres") and rest:
        return SqlStore(_postgresql(url))
    raise ConfigurationError([f"store_url: no store is understood by it; {_WRITE}"])


def _postgresql(url: str) -> Kind:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ConfigurationError([f"store_url: its host or port is not understood; {_WRITE}"]) from None
    if find_spec("asyncpg") is None:
        raise ConfigurationError(["store_url: PostgreSQL needs a driver: pip install 'segue[postgresql]'"])
    from segue.store.postgresql import Postgresql

    return Postgresql(url)
