"""The tables, as SQLAlchemy sees them; ``migrations`` makes them."""

from __future__ import annotations

from sqlalchemy import Column, Float, Integer, MetaData, String, Table, Text

METADATA = MetaData()

EVENTS = Table(
    "segue_events",
    METADATA,
    Column("stream", String(128), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("at_s", Float, nullable=False),
    Column("actor", String(256), nullable=False),
    Column("kind", String(64), nullable=False),
    Column("data", Text, nullable=False),
)
