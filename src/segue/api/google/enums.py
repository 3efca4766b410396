"""Reads enums: a number, a name in any case, or a number as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from enum import IntEnum

    E = TypeVar("E", bound=IntEnum)

_MOST_SAID_CHARS = 64


def member(kind: type[E], value: int | str, field: str) -> E:
    """The enum's member with that number or name.

    Raises:
        InvalidRequest: the enum has no such member.
    """
    try:
        if isinstance(value, str) and not value.isdecimal():
            return kind[value.strip().upper()]
        return kind(int(value))
    except (KeyError, ValueError):
        said = f"Invalid value at '{field}' ({kind.__name__}), {str(value)[:_MOST_SAID_CHARS]!r}"
        known = ", ".join(item.name for item in kind)
        raise InvalidRequest(f"{said}; allowed: {known}", field=field) from None
