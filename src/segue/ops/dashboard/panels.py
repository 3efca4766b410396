"""Definitions of panels, independent of Grafana; ``segue.ops.dashboard.grafana`` draws them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

WINDOW = "$__rate_interval"
"""Grafana's own interval for rates: at least four scrape intervals."""


class PanelUnit(StrEnum):
    """The values are Grafana's names."""

    RATIO = "percentunit"
    SECONDS = "s"
    BYTES = "bytes"
    PER_SECOND = "reqps"
    COUNT = "short"


class PanelKind(StrEnum):
    """A graph over time, or the latest value in large type."""

    COURSE = "course"
    VALUE = "value"


@dataclass(frozen=True, slots=True)
class PanelQuery:
    """A PromQL query and the legend of its series: Grafana's ``{{label}}``, or a fixed text for one series."""

    expr: str
    legend: str


@dataclass(frozen=True, slots=True)
class Threshold:
    """A line across a panel; values above it have this colour."""

    value: float
    color: str


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel, ``width`` of 24 columns wide.

    ``names`` are shown in place of the values 0, 1, 2, ...: names of stages.
    """

    title: str
    queries: tuple[PanelQuery, ...]
    unit: PanelUnit
    about: str = ""
    kind: PanelKind = PanelKind.COURSE
    width: int = 8
    levels: tuple[Threshold, ...] = ()
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PanelRow:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...]
