"""Column types for migration steps, separate from the current tables: those change, old steps do not."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Double, Float, Integer, LargeBinary, Text
from sqlalchemy.types import TypeEngine

Kind = TypeEngine[Any]

NAME: Kind = Text().with_variant(Text(collation="C"), "postgresql")
SECONDS: Kind = Float()
WHOLE: Kind = Integer()
LARGE: Kind = BigInteger()
PRECISE: Kind = Double()
BYTES: Kind = LargeBinary()


def key(name: str, kind: Kind = NAME) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def value(name: str, kind: Kind) -> Column[Any]:
    return Column(name, kind, nullable=False)
