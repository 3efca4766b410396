"""Converts values as clients write them to the types of a body.

Accepted are:

* null, and an empty text in a field that is not text, as an omitted field;
* a number or a boolean written as a text, and 0 and 1 as a boolean;
* a word of an enumeration in any case;
* a number as a name, if the type allows it (``segue.api.fields``).

Anything else is left unchanged, and the strict decoder refuses it.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from msgspec import inspect

from segue.api.fields import NUMBERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_NUMBER = re.compile(r"[+-]?[0-9]{1,30}(\.[0-9]{0,30})?([eE][+-]?[0-9]{1,3})?")
_MOST_NUMBER_CHARS = 80
_TRUTHS = {
    **dict.fromkeys(("true", "1", "yes", "on"), True),
    **dict.fromkeys(("false", "0", "no", "off"), False),
}


@cache
def shape_of(kind: Any) -> inspect.Type:
    """The msgspec description of a type."""
    return inspect.type_info(kind)


def mended(shape: inspect.Type, value: object) -> object:
    """The value, converted to ``shape`` where one of the rules above applies; as deep as the shape goes."""
    if isinstance(shape, inspect.Metadata):
        if isinstance(value, int) and not isinstance(value, bool) and (shape.extra or {}).get(NUMBERS):
            return str(value)
        return mended(shape.type, value)
    mend = _MENDERS.get(type(shape))
    return value if mend is None else mend(shape, value)


def takes_null(shape: inspect.Type) -> bool:
    """Whether null is allowed."""
    return any(isinstance(part, inspect.NoneType | inspect.AnyType) for part in _parts(shape))


def _parts(shape: inspect.Type) -> tuple[inspect.Type, ...]:
    return shape.types if isinstance(shape, inspect.UnionType) else (shape,)


def words_of(shape: inspect.Type) -> tuple[str, ...]:
    """The values of an enumeration as texts; empty for other shapes."""
    if isinstance(shape, inspect.EnumType):
        return tuple(str(member.value) for member in shape.cls)
    return tuple(map(str, shape.values)) if isinstance(shape, inspect.LiteralType) else ()


def _object(shape: inspect.StructType, value: object) -> object:
    if not isinstance(value, dict):
        return value
    fields = {field.encode_name: field.type for field in shape.fields}
    return {
        name: mended(fields[name], inner) if name in fields else inner
        for name, inner in value.items()
        if name not in fields or not _is_left_out(fields[name], inner)
    }


def _is_left_out(shape: inspect.Type, value: object) -> bool:
    if value is None:
        return not takes_null(shape)
    return value == "" and not any(map(_is_text, _parts(shape)))


def _list(shape: inspect.ListType, value: object) -> object:
    return [mended(shape.item_type, item) for item in value] if isinstance(value, list) else value


def _mapping(shape: inspect.DictType, value: object) -> object:
    if not isinstance(value, dict):
        return value
    return {name: mended(shape.value_type, inner) for name, inner in value.items()}


def _union(shape: inspect.UnionType, value: object) -> object:
    """Converted by each type of the union in turn; a text is left unchanged if the union allows texts."""
    if value is None or (isinstance(value, str) and any(map(_is_text, shape.types))):
        return value
    for part in shape.types:
        value = mended(part, value)
    return value


def _is_text(shape: inspect.Type) -> bool:
    bare = shape.type if isinstance(shape, inspect.Metadata) else shape
    return isinstance(bare, inspect.StrType)


def _number(shape: inspect.FloatType | inspect.IntType, value: object) -> object:
    if not isinstance(value, str) or len(value) > _MOST_NUMBER_CHARS:
        return value
    text = value.strip()
    if not _NUMBER.fullmatch(text):
        return value
    number = float(text)
    return int(number) if isinstance(shape, inspect.IntType) and number.is_integer() else number


def _truth(_: inspect.BoolType, value: object) -> object:
    if isinstance(value, int):
        return bool(value) if value in (0, 1) else value
    return _TRUTHS.get(value.strip().casefold(), value) if isinstance(value, str) else value


def _word(shape: inspect.EnumType | inspect.LiteralType, value: object) -> object:
    return _in_any_case(words_of(shape), value) if isinstance(value, str) else value


def _in_any_case(words: Iterable[str], value: str) -> str:
    wanted = value.strip().casefold()
    return next((word for word in words if word.casefold() == wanted), value)


_MENDERS: dict[type[inspect.Type], Callable[[Any, object], object]] = {
    inspect.StructType: _object,
    inspect.ListType: _list,
    inspect.DictType: _mapping,
    inspect.UnionType: _union,
    inspect.FloatType: _number,
    inspect.IntType: _number,
    inspect.BoolType: _truth,
    inspect.EnumType: _word,
    inspect.LiteralType: _word,
}
