"""Checks an engine's options from the catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, fields, is_dataclass
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, TypeVar, get_args, get_origin, get_type_hints

import msgspec

if TYPE_CHECKING:
    from collections.abc import Collection

T = TypeVar("T", int, float, str, bool)
K = TypeVar("K")


def option(options: Mapping[str, object], name: str, default: T) -> T:
    """The option with the type of its default.

    Raises:
        TypeError: it has another type.
    """
    found: T = _typed(name, options.get(name, default), type(default))
    return found


def refuse_unknown(options: Mapping[str, object], known: Collection[str]) -> None:
    """Raises ValueError for unknown options."""
    unknown = sorted(set(options) - set(known))
    if unknown:
        raise ValueError(f"unknown options {', '.join(unknown)}; known: {', '.join(sorted(known)) or 'none'}")


def read_options(kind: type[K], options: Mapping[str, object]) -> K:
    """The options of a catalogue as ``kind``, which is a dataclass or a msgspec struct.

    Raises:
        TypeError: an option has the wrong type.
        ValueError: an option is unknown, missing, out of range, or contradicts another.
    """
    if not is_dataclass(kind):
        return _struct(kind, options)
    hints = get_type_hints(kind)
    refuse_unknown(options, hints)
    missing = [f.name for f in fields(kind) if f.name not in options and f.default is f.default_factory is MISSING]
    if missing:
        raise ValueError(f"options must be set: {', '.join(missing)}")
    return kind(**{name: _typed(name, value, hints[name]) for name, value in options.items()})


def _struct(kind: type[K], options: Mapping[str, object]) -> K:
    refuse_unknown(options, kind.__struct_fields__)  # type: ignore[attr-defined]  # a struct has it
    try:
        return msgspec.convert(dict(options), kind)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None


def _typed(name: str, value: object, wanted: Any) -> Any:
    """The value, if it has the wanted type: a plain type, a mapping, a tuple, or a union of these.

    Raises:
        TypeError: it has another type.
    """
    kinds = get_args(wanted) if isinstance(wanted, UnionType) else (wanted,)
    bare = [get_origin(kind) or kind for kind in kinds]
    if float in bare and type(value) is int:
        return float(value)
    if tuple in bare and isinstance(value, list):
        return tuple(value)
    if any(type(value) is kind or (kind is Mapping and isinstance(value, Mapping)) for kind in bare):
        return value
    names = " or ".join(_TYPE_NAMES.get(kind, kind.__name__) for kind in bare if kind is not NoneType)
    raise TypeError(f"option {name!r} must be {names}, not {value!r}")


_TYPE_NAMES: dict[Any, str] = {Mapping: "a mapping", tuple: "a list"}
