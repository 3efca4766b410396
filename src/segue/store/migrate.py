"""Brings a database's tables up to date, by Alembic's steps and without its command line or global state."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from alembic.runtime.migration import MigrationStep
    from sqlalchemy import Connection

_FOLDER = Path(__file__).parent / "migrations"
_VERSION_TABLE = "segue_schema"


class TooNew(Exception):  # noqa: N818 - a condition, as the rest of the tree
    """A later version of Segue has been at this database."""


def migrate(connection: Connection) -> None:
    """Takes the steps that are missing, inside the caller's transaction, which keeps other processes out.

    Raises:
        TooNew: the database knows of a step that this version does not.
    """
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
