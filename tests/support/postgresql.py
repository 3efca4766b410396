"""A real PostgreSQL, a schema of its own for each test, dropped behind it."""

from __future__ import annotations

import os
import uuid
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import asyncpg
import pytest

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

_DEFAULT = "postgresql://postgres@127.0.0.1:5432/test"


@asynccontextmanager
async def a_schema() -> AsyncIterator[str]:
    """The URL of an empty schema, on the server named by SEGUE_TEST_POSTGRESQL_URL."""
    server = os.environ.get("SEGUE_TEST_POSTGRESQL_URL") or _DEFAULT
    name = f"segue_{uuid.uuid4().hex}"
    connection = await _connected(server)
    try:
        await connection.execute(f"CREATE SCHEMA {name}")
        yield f"{server}{'&' if '?' in server else '?'}search_path={name}"
    finally:
        await connection.execute(f"DROP SCHEMA IF EXISTS {name} CASCADE")
        await connection.close()


async def _connected(server: str) -> asyncpg.Connection:
    try:
        return await asyncpg.connect(server, timeout=5)
    except (OSError, asyncpg.PostgresError) as error:
        missing = (
            f"no PostgreSQL at {server} ({type(error).__name__}); start one, "
            "or name yours in SEGUE_TEST_POSTGRESQL_URL"
        )
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(missing)
    pytest.skip(missing)
