"""Adds what is stored beside the history: leases, replicas, rows and notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.store.migrations.columns import BYTES, NAME, SECONDS, WHOLE, key, value

if TYPE_CHECKING:
    from alembic.operations import Operations

revision = "0002"
down_revision = "0001"


def upgrade(op: Operations) -> None:
    op.create_table("segue_leases", key("name"), value("holder", NAME), value("until_s", SECONDS))
    op.create_table(
        "segue_replicas",
        key("stream"),
        key("name"),
        value("revision", WHOLE),
        value("taken_at_s", SECONDS),
        value("seen_at_s", SECONDS),
    )
    op.create_table(
        "segue_replicas_taken",
        key("stream"),
        key("revision", WHOLE),
        key("name"),
        value("taken_at_s", SECONDS),
        value("seen_at_s", SECONDS),
    )
    op.create_table("segue_rows", key("series"), key("start_s", SECONDS), key("source"), value("data", BYTES))
    op.create_table("segue_notes", key("key"), value("at_s", SECONDS), value("data", NAME))
