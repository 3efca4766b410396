"""The tables for SQLAlchemy; ``migrations`` creates them in older databases."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, Column, Double, Float, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator

from segue.rollout.ports.store import storable

if TYPE_CHECKING:
    from sqlalchemy import Dialect

METADATA = MetaData()


class Name(TypeDecorator[str]):
    """Text that is made storable when written; compared and sorted by code point, whatever the database's
    locale.
    """

    impl = Text().with_variant(Text(collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else storable(value)


def _key(name: str, kind: Any = Name) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _value(name: str, kind: Any) -> Column[Any]:
    return Column(name, kind, nullable=False)


EVENTS = Table(
    "segue_events",
    METADATA,
    _key("stream"),
    _key("revision", Integer),
    _value("at_s", Float),
    _value("actor", Name),
    _value("kind", Name),
    _value("data", Name),
)

LEASES = Table("segue_leases", METADATA, _key("name"), _value("holder", Name), _value("until_s", Float))

REPLICAS = Table(
    "segue_replicas",
    METADATA,
    _key("stream"),
    _key("name"),
    _value("revision", Integer),
    _value("taken_at_s", Float),
    _value("seen_at_s", Float),
)
"""The latest report of each living replica."""

TAKEN = Table(
    "segue_replicas_taken",
    METADATA,
    _key("stream"),
    _key("revision", Integer),
    _key("name"),
    _value("taken_at_s", Float),
    _value("seen_at_s", Float),
)
"""The first report of each replica at each revision."""

ROWS = Table(
    "segue_rows", METADATA, _key("series"), _key("start_s", Float), _key("source"), _value("data", LargeBinary)
)

BUDGETS = Table("segue_budgets", METADATA, _key("name"), _key("day", Integer), _value("taken", Float))

USAGE = Table(
    "segue_usage",
    METADATA,
    _key("day", Integer),
    _key("key"),
    _key("arm"),
    _key("voice"),
    _key("character"),
    _key("source"),
    _value("requests", BigInteger),
    _value("characters", BigInteger),
    _value("synthesized_characters", BigInteger),
    _value("shadow_characters", BigInteger),
    _value("unpriced_characters", BigInteger),
    _value("cost_usd", Double),
)
"""What each process has counted on each day."""

NOTES = Table("segue_notes", METADATA, _key("key"), _value("at_s", Float), _value("data", Name))
