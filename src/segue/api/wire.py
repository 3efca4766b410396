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
        raise InvalidRequest(f"{field}: {message}" if field else message, field=field or None) from None
    except msgspec.DecodeError as error:
        raise InvalidRequest(f"the body is not valid JSON: {error}") from None
    except UnicodeDecodeError as error:
        raise InvalidRequest(f"the body is not UTF-8 (byte {error.start})") from None
    except RecursionError:
        raise InvalidRequest("the body is nested too deeply") from None
