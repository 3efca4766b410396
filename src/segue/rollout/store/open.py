"""Opens a store by its URL."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from segue.kernel.errors import ConfigurationError
from segue.rollout.store.sqlite import Sqlite
from segue.rollout.store.store import SqlStore

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store
    from segue.rollout.store.database import DatabaseKind

_INVALID = "invalid host or port, or a user name or password with / ? # [ or ] (write them as %2F %3F %23 %5B %5D)"
_WRITE = "use sqlite:///path/to/file or postgresql://user@host:5432/database"


def open_store(url: str) -> Store:
    """The store at ``sqlite:///path`` or ``postgresql://user@host:port/database``, not yet started.

    Raises:
        ConfigurationError: no store has such a URL, or its driver is not installed. The message repeats nothing of
            the URL, which can contain a password.
    """
    scheme, _, rest = url.partition("://")
    if scheme == "sqlite" and rest.startswith("/") and rest not in ("/", "/:memory:"):
        return SqlStore(Sqlite(Path(rest[1:])))
    if scheme in ("postgresql", "postgres") and rest:
        return SqlStore(_postgresql(url))
    raise ConfigurationError([f"SEGUE_STORE_URL: unknown kind of URL; {_WRITE}"])


def _postgresql(url: str) -> DatabaseKind:
    try:
        _ = urlsplit(url).port
    except ValueError:
        raise ConfigurationError([f"SEGUE_STORE_URL: {_INVALID}; {_WRITE}"]) from None
    if find_spec("asyncpg") is None:
        raise ConfigurationError(["SEGUE_STORE_URL: PostgreSQL needs a driver: pip install 'segue[postgresql]'"])
    from segue.rollout.store.postgresql import Postgresql

    return Postgresql(url)
