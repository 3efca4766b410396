"""What a panel shows, said without Grafana; ``segue.ops.dashboard.grafana`` draws it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WINDOW = "$__rate_interval"
"""Grafana's own span for rates: never shorter than four scrapes."""


class Unit(StrEnum):
    """The values are Grafana's names."""

    RATIO = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    PER_SECOND = "reqps"
    COUNT = "short"


class Kind(StrEnum):
    """A course over time, or the latest value as one large word."""

    COURSE = "course"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class Query:
    """PromQL, and how its series are called: Grafana's ``{{label}}``, or a text for a single one."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Level:
    """A line across a panel, from which the panel is coloured."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, ``width`` of 24 columns wide. ``names`` stand for values: numbers of stages by their names."""

    title: str
    queries: tuple[Query, ...]
    unit: Unit
    about: str = ""
    kind: Kind = Kind.COURSE
    width: int = 8
    levels: tuple[Level, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]
