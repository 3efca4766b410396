"""A new database is what the steps would have made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, inspect, text

from segue.rollout.store import migrate as migrations
from segue.rollout.store.migrate import LATEST, migrate, step_by_step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def made_by(change: Callable[[Connection], None], path: Path) -> tuple[dict[str, Any], list[str]]:
    """Every table's columns and key, and the steps that the database knows of."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.begin() as connection:
            change(connection)
        with engine.connect() as connection:
            there = inspect(connection)
            shapes = {
                name: (
                    [(c["name"], str(c["type"]), c["nullable"]) for c in there.get_columns(name)],
                    there.get_pk_constraint(name)["constrained_columns"],
                )
                for name in there.get_table_names()
            }
            return shapes, list(connection.execute(text("SELECT version_num FROM segue_schema")).scalars())
    finally:
        engine.dispose()


def test_a_new_database_is_what_the_steps_would_have_made_of_it(tmp_path: Path) -> None:
    at_once = made_by(migrate, tmp_path / "at-once.db")

    assert at_once == made_by(step_by_step, tmp_path / "by-steps.db")
    assert at_once[1] == [LATEST]


def test_the_latest_step_is_the_last_that_there_is() -> None:
    assert ScriptDirectory(migrations._FOLDER).get_current_head() == LATEST


def test_one_that_is_up_to_date_is_left_alone(tmp_path: Path) -> None:
    made_by(migrate, tmp_path / "segue.db")

    assert made_by(migrate, tmp_path / "segue.db")[1] == [LATEST]
