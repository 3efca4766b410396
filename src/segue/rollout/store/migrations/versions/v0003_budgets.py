"""Adds the use of daily budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.store.migrations.columns import SECONDS, WHOLE, key, value

if TYPE_CHECKING:
    from alembic.operations import Operations

revision = "0003"
down_revision = "0002"


def upgrade(op: Operations) -> None:
    op.create_table("segue_budgets", key("name"), key("day", WHOLE), value("taken", SECONDS))
