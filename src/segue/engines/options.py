"""Options of an engine as they come from the catalogue: checked, with the fault named."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

T = TypeVar("T", int, float, str, bool)


def option(options: Mapping[str, object], name: str, default: T) -> T:
    """The option as the type of its default.

    Raises:
        TypeError: it is of another type.
    """
    value = options.get(name, default)
    if type(default) is float and type(value) is int:
        value = float(value)
    if type(value) is not type(default):
        raise TypeError(f"option {name!r} must be {type(default).__name__}, not {value!r}")
    return value


def refuse_unknown(options: Mapping[str, object], known: Collection[str]) -> None:
    """Raises ValueError naming the options that nobody reads."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"unknown options {', '.join(unknown)}; known: {', '.join(sorted(known)) or 'none'}")
