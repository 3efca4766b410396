"""Forms of numbers that all languages share, and the values that alarms and gates have."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Values = Mapping[str, Any]
    Words = Mapping[str, Callable[[Values], str]]


def template(text: str) -> Callable[[Values], str]:
    """Words with the values in braces, as in ``str.format``."""
    return text.format_map


def measured(values: Values) -> str:
    """The rate of bad cases in percent, or a mean in seconds: to three digits, with the unit."""
    return _with_unit(values, "value")


def limit(values: Values) -> str:
    """The value that a gate must stay below, in the same unit."""
    return _with_unit(values, "limit")


def _with_unit(values: Values, name: str) -> str:
    return f"{values[name]:.3g} s" if values["unit"] == "s" else f"{values[name] * 100:.3g} %"


def few_or_many(days: float) -> str:
    return f"{days:.0f}" if days >= _MANY_DAYS else f"{days:.1f}"


def local_time(unix_s: float, zone: str) -> datetime:
    return datetime.fromtimestamp(unix_s, ZoneInfo(zone))


_MANY_DAYS = 9.5
