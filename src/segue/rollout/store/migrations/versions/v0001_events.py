"""Adds the history. Databases older than these steps already have it, and keep it as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.store.migrations.columns import NAME, SECONDS, WHOLE, key, value

if TYPE_CHECKING:
    from alembic.operations import Operations

revision = "0001"
down_revision = None


def upgrade(op: Operations) -> None:
    op.create_table(
        "segue_events",
        key("stream"),
        key("revision", WHOLE),
        value("at_s", SECONDS),
        value("actor", NAME),
        value("kind", NAME),
        value("data", NAME),
        if_not_exists=True,
    )
