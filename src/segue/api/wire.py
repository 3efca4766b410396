"""JSON bodies read strictly: any mistake in them is the caller's, named with its place."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, TypeAlias, TypeVar, get_args

import msgspec

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from msgspec.json import Decoder

    Shape: TypeAlias = dict[str, "Shape"]

T = TypeVar("T")


def decoded(decoder: Decoder[T], body: bytes) -> T:
    """The body as its type.

    Raises:
        InvalidRequest: not UTF-8, not JSON, or not of that shape.
    """
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        message, _, place = str(error).partition(" - at `$")
        field = place.rstrip("`").lstrip(".")
        if message.startswith("Invalid enum value") and (known := _known(decoder.type, field)):
            message = f"{message}; known: {', '.join(known)}"
        raise InvalidRequest(f"{field}: {message}" if field else message, field=field or None) from None
    except msgspec.DecodeError as error:
        raise InvalidRequest(_malformed(body, str(error))) from None
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None


_CUT_SHORT = "Input data was truncated"
_HALF_PAIR = re.compile(rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u)(?=.)", re.DOTALL)
_TAIL_BYTES = len(rb"?\ud83d\ude00")


def _malformed(body: bytes, message: str) -> str:
    """In words of ours: half of a pair near the end of a body is to msgspec a body cut short."""
    half_at_end = message == _CUT_SHORT and _HALF_PAIR.search(body[-_TAIL_BYTES:])
    if half_at_end or "surrogate pair" in message:
        return "a text of the body holds half of a surrogate pair (\\ud800 to \\udfff), which is no character"
    return f"the body is not valid JSON: {message}"


_MOST_NAMED = 20
_LONGEST_NAME_CHARS = 64


def unknown_fields(kind: type[msgspec.Struct], body: bytes) -> list[str]:
    """Fields of a body that its type has not, as ``controls.speed``: ``decoded`` passes over them in silence."""
    found: list[str] = []
    _find_unknown(_shape(kind), msgspec.json.decode(body), "", found)
    return list(dict.fromkeys(found))[:_MOST_NAMED]


def _find_unknown(shape: Shape, value: object, place: str, found: list[str]) -> None:
    if isinstance(value, dict):
        for name, inner in value.items():
            if name not in shape:
                found.append((place + name)[:_LONGEST_NAME_CHARS])
            elif shape[name]:
                _find_unknown(shape[name], inner, f"{place}{name}.", found)
    elif isinstance(value, list):
        for inner in value:
            _find_unknown(shape, inner, place, found)


@functools.cache
def _shape(kind: type[msgspec.Struct]) -> Shape:
    """The names that a body may have, each with those that may stand in it; lists are as what they hold."""
    return {field.encode_name: _inner(field.type) for field in msgspec.structs.fields(kind)}


def _inner(kind: object) -> Shape:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _shape(kind)
    return {name: shape for part in get_args(kind) for name, shape in _inner(part).items()}


def _known(body: type, field: str) -> list[str]:
    """What an enumeration at the top of a body may be; nothing for one that lies deeper."""
    shape = msgspec.inspect.type_info(body)
    if not isinstance(shape, msgspec.inspect.StructType):
        return []
    found = next((one.type for one in shape.fields if one.encode_name == field), None)
    kinds = found.types if isinstance(found, msgspec.inspect.UnionType) else (found,)
    return [str(value) for kind in kinds for value in _values(kind)]


def _values(kind: msgspec.inspect.Type | None) -> list[object]:
    if isinstance(kind, msgspec.inspect.EnumType):
        return [member.value for member in kind.cls]
    return list(kind.values) if isinstance(kind, msgspec.inspect.LiteralType) else []
