"""Adds the usage of each day."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.store.migrations.columns import LARGE, PRECISE, WHOLE, key, value

if TYPE_CHECKING:
    from alembic.operations import Operations

revision = "0004"
down_revision = "0003"


def upgrade(op: Operations) -> None:
    op.create_table(
        "segue_usage",
        key("day", WHOLE),
        *(key(name) for name in ("key", "arm", "voice", "character", "source")),
        *(
            value(name, LARGE)
            for name in (
                "requests",
                "characters",
                "synthesized_characters",
                "shadow_characters",
                "unpriced_characters",
            )
        ),
        value("cost_usd", PRECISE),
    )
