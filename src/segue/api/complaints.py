"""Messages about invalid bodies: the field, what is allowed there, and what was found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from msgspec import inspect

from segue.api.fields import WORDS
from segue.api.lenient import takes_null, words_of
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_PLACE = " - at `$"
_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\[([0-9]+)\]|\[\.\.\.\]")
_MOST_SHOWN_CHARS = 32
_BODY = "the body"
_SHORT_WORDS = (
    *(inspect.StrType, inspect.EnumType, inspect.LiteralType),
    *(inspect.FloatType, inspect.IntType, inspect.BoolType),
)


class Complaint(NamedTuple):
    """``place`` is a path such as ``voice_controls.pauses[2].position``; empty for the whole body."""

    place: str
    words: str

    def error(self) -> InvalidRequest:
        return InvalidRequest(f"{self.place or _BODY} {self.words}", field=self.place or None)


class _Spot(NamedTuple):
    """A place in a body: its path, the allowed shape, and the value found there.

    ``is_any``: the value is an object, and ``shape`` applies to each of its values.
    """

    name: str
    shape: inspect.Type
    value: object
    is_any: bool = False


def complaint(shape: inspect.Type, value: object, message: str) -> Complaint:
    """Why ``value`` does not have that shape.

    Only the place is taken from msgspec's ``message``, because its wording changes between versions and names
    Python types.
    """
    _, _, path = message.rpartition(_PLACE)
    spot = _Spot("", shape, value)
    for step in _STEP.finditer(path if _PLACE in message else ""):
        spot = _within(spot, step)
    if spot.is_any:
        return Complaint(spot.name, f"must have {_allowed(spot.shape)} for each of its keys")
    missing = _first_missing(spot)
    if missing is not None:
        return Complaint(missing.name, f"is missing: send {_allowed(missing.shape)}")
    return Complaint(spot.name, _refused(spot.shape, spot.value))


def _within(spot: _Spot, step: re.Match[str]) -> _Spot:
    for shape in _parts(spot.shape):
        if step[1] and isinstance(shape, inspect.StructType) and isinstance(spot.value, dict):
            field = next((field for field in shape.fields if field.encode_name == step[1]), None)
            if field is not None:
                return _Spot(_joined(spot.name, field.name), field.type, spot.value.get(step[1]))
        if step[2] and isinstance(shape, inspect.ListType) and isinstance(spot.value, list):
            return _Spot(f"{spot.name}[{step[2]}]", shape.item_type, spot.value[int(step[2])])
        if isinstance(shape, inspect.DictType):
            return spot._replace(shape=shape.value_type, is_any=True)
    return spot


def _first_missing(spot: _Spot) -> _Spot | None:
    if not isinstance(spot.value, dict):
        return None
    for shape in _parts(spot.shape):
        if isinstance(shape, inspect.StructType):
            for field in shape.fields:
                if field.required and field.encode_name not in spot.value:
                    return _Spot(_joined(spot.name, field.name), field.type, None)
    return None


def _joined(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name


def _parts(shape: inspect.Type) -> Iterator[inspect.Type]:
    """The plain types: metadata is removed, and a union gives each of its types except null."""
    if isinstance(shape, inspect.Metadata):
        yield from _parts(shape.type)
    elif isinstance(shape, inspect.UnionType):
        for part in shape.types:
            yield from _parts(part)
    elif not isinstance(shape, inspect.NoneType):
        yield shape


def _refused(shape: inspect.Type, value: object) -> str:
    if value == "" and any(isinstance(part, inspect.StrType) and part.min_length for part in _parts(shape)):
        return f"is empty: send {_allowed(shape)}"
    return f"must be {_allowed(shape)}, not {_found(shape, value)}"


def _allowed(shape: inspect.Type) -> str:
    if isinstance(shape, inspect.Metadata):
        words = (shape.extra or {}).get(WORDS)
        return str(words) if words else _allowed(shape.type)
    if isinstance(shape, inspect.UnionType):
        return " or ".join(dict.fromkeys(_allowed(part) for part in shape.types if not takes_null(part)))
    if words := words_of(shape):
        return words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    return _kind(shape)


def _kind(shape: inspect.Type) -> str:
    match shape:
        case inspect.StrType():
            return f"a string{_span(shape.min_length, shape.max_length, ' characters')}"
        case inspect.FloatType():
            return f"a number{_range(shape)}"
        case inspect.IntType():
            return f"a whole number{_range(shape)}"
        case inspect.ListType():
            return f"a list{_span(shape.min_length, shape.max_length, ' items')}"
        case inspect.BoolType():
            return "true or false"
        case _:
            return "a JSON object"


def _span(low: int | None, high: int | None, unit: str) -> str:
    """The allowed length. A minimum of one is not mentioned here, because ``_refused`` reports an empty value."""
    if high is None:
        return ""
    return f" of {low} to {high}{unit}" if low else f" of at most {high}{unit}"


def _range(shape: inspect.FloatType | inspect.IntType) -> str:
    if shape.ge is None:
        return ""
    return f" of at least {shape.ge:g}" if shape.le is None else f" from {shape.ge:.10g} to {shape.le:.10g}"


def _found(shape: inspect.Type, value: object) -> str:
    """The value found. The start of a text is quoted if a short word is expected; other texts may be private."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return f"{value!r:.32}"
        case str():
            return _text(_parts(shape), value)
        case list():
            return f"a list of {len(value)}"
        case _:
            return "an object"


def _text(parts: Iterable[inspect.Type], value: str) -> str:
    parts = tuple(parts)
    lengths = [part for part in parts if isinstance(part, inspect.StrType)]
    if any(part.pattern is None for part in lengths):
        return f"a string of {len(value)}"
    if any(isinstance(part, _SHORT_WORDS) for part in parts):
        return f"{value[:_MOST_SHOWN_CHARS]!r}"
    return "a string"
