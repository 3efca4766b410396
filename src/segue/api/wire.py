"""Decodes JSON bodies: strictly first, then as :mod:`segue.api.lenient` allows.

A valid body is decoded by the strict pass alone, so leniency costs it nothing.
"""

from __future__ import annotations

import functools
import json
import re
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, get_args

import msgspec

from segue.api.complaints import complaint
from segue.api.lenient import mended, shape_of
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from msgspec.json import Decoder

    Shape: TypeAlias = dict[str, "Shape"]

T = TypeVar("T")


def decoded(decoder: Decoder[T], body: bytes, *, is_lenient: bool = True) -> T:
    """The body as its type. With ``is_lenient`` False only exact values are accepted, as protocol frames need.

    Raises:
        InvalidRequest: not JSON in UTF-8, UTF-16 or UTF-32, or not of that shape.
    """
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return converted(decoder.type, _tree(body), is_lenient=is_lenient)


def converted(kind: type[T], tree: object, *, is_lenient: bool = True) -> T:
    """A decoded JSON value as that type.

    Raises:
        InvalidRequest: it does not have that shape; ``field`` is the place of the first fault in the type's order.
    """
    shape = shape_of(kind)  # type: ignore[arg-type]  # a type is hashable
    tree = mended(shape, tree) if is_lenient else tree
    try:
        return msgspec.convert(tree, kind)
    except msgspec.ValidationError as error:
        raise complaint(shape, tree, str(error)).error() from None


def _tree(body: bytes) -> Any:
    """The body decoded as JSON of any shape."""
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return _tree_in_utf8(_in_utf8(body))
    except RecursionError:
        raise InvalidRequest(_TOO_DEEP) from None


def _tree_in_utf8(body: bytes) -> Any:
    try:
        return msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise InvalidRequest(_malformed(body, str(error))) from None
    except RecursionError:
        raise InvalidRequest(_TOO_DEEP) from None


def _in_utf8(body: bytes) -> bytes:
    """The body in UTF-8 without a byte order mark; UTF-16 and UTF-32 are converted.

    The first four bytes show the encoding, as in RFC 4627; ``charset`` is often missing or wrong.
    """
    try:
        return body.decode(json.detect_encoding(body)).encode()
    except UnicodeDecodeError as error:
        told = f"the body is not UTF-8 (byte {error.start}); send JSON in UTF-8, whatever charset says"
        raise InvalidRequest(told) from None


_TOO_DEEP = "the body is nested too deeply"
_CUT_SHORT = "Input data was truncated"
_AT_BYTE = re.compile(r"\(byte ([0-9]{1,12})\)")
_HALF_PAIR = re.compile(rb"(?<!\\)\\u[dD][89abAB][0-9a-fA-F]{2}(?!\\u)(?=.)", re.DOTALL)
_TAIL_BYTES = len(rb"?\ud83d\ude00")


def _malformed(body: bytes, message: str) -> str:
    """A message about malformed JSON. msgspec reports half a surrogate pair at the end as a truncated body."""
    half_at_end = message == _CUT_SHORT and _HALF_PAIR.search(body[-_TAIL_BYTES:])
    if half_at_end or "surrogate pair" in message:
        return (
            "a text in the body contains half of a surrogate pair (\\ud800 to \\udfff), which is not a character"
        )
    if message == _CUT_SHORT:
        return "the body is not valid JSON: it ends too early" if body else "the body is empty; send JSON"
    place = _AT_BYTE.search(message)
    return (
        f"the body is not valid JSON: syntax error at byte {place[1]}" if place else "the body is not valid JSON"
    )


_MOST_NAMED = 20
_LONGEST_NAME_CHARS = 64


def unknown_fields(kind: type[msgspec.Struct], body: bytes) -> list[str]:
    """Fields of a body that its type does not have, such as ``controls.speed``; ``decoded`` ignores them."""
    found: list[str] = []
    _find_unknown(_shape(kind), _tree(body), "", found)
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
    """The allowed names of a body with the names allowed inside each; a list counts as its items."""
    return {field.encode_name: _inner(field.type) for field in msgspec.structs.fields(kind)}


def _inner(kind: object) -> Shape:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return _shape(kind)
    return {name: shape for part in get_args(kind) for name, shape in _inner(part).items()}
