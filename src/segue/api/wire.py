"""JSON bodies read strictly: any mistake in them is the caller's, named with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import msgspec

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from msgspec.json import Decoder

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
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None


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
