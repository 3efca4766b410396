"""Brings a database's tables up to date with Alembic's steps, without its command line or global state.

A new database is created from the current tables, and one that is up to date is not changed; neither needs
Alembic. Most starts are one of these cases, and Alembic would stay in memory as long as the service runs.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, MetaData, String, Table, insert, inspect, select

from segue.rollout.store.tables import EVENTS, METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationStep
    from sqlalchemy import Connection

_FOLDER = Path(__file__).parent / "migrations"
_VERSION_TABLE = "segue_schema"
_VERSION = Table(_VERSION_TABLE, MetaData(), Column("version_num", String(32), primary_key=True))
LATEST = "0004"
"""The last of the steps in ``migrations/versions``; the current tables are its result."""


class TooNew(Exception):  # noqa: N818 - a condition, as the rest of the tree
    """A later version of Segue has migrated this database."""


def migrate(connection: Connection) -> None:
    """Runs the missing steps inside the caller's transaction, which keeps other processes out.

    Raises:
        TooNew: the database has a step that this version does not know.
    """
    there = inspect(connection)
    if there.has_table(_VERSION_TABLE):
        if connection.execute(select(_VERSION.c.version_num)).scalars().all() != [LATEST]:
            step_by_step(connection)
    elif there.has_table(EVENTS.name):
        step_by_step(connection)
    else:
        METADATA.create_all(connection)
        _VERSION.create(connection)
        connection.execute(insert(_VERSION).values(version_num=LATEST))


def step_by_step(connection: Connection) -> None:
    """Migrates a database that is neither new nor up to date."""
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext, RevisionStep
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(_FOLDER)

    def missing(heads: Sequence[str], _context: MigrationContext) -> list[MigrationStep]:
        known = {script.revision for script in scripts.walk_revisions()}
        if not known.issuperset(heads):
            raise TooNew
        steps = list(scripts.iterate_revisions("heads", tuple(heads)))
        return [RevisionStep(scripts.revision_map, script, is_upgrade=True) for script in reversed(steps)]

    options: dict[str, Any] = {"fn": missing, "version_table": _VERSION_TABLE}
    context = MigrationContext.configure(connection, opts=options)
    context.run_migrations(op=Operations(context))
