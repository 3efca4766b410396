"""JSON as proto3 allows it: camelCase and snake_case names, numbers as text, null for unset fields.

Unknown names are not refused, because the client may be newer than Segue; they cause a warning.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec import inspect

from segue.api.google.wire import SynthesizeSpeechRequest
from segue.api.wire import converted, decoded
from segue.kernel.errors import InvalidRequest
from segue.speech.core.speech import Loss

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_DECODER = msgspec.json.Decoder()
_MOST_SAID_CHARS = 64
_MOST_LOSSES = 20


class _Field(NamedTuple):
    json_name: str
    within: Mapping[str, _Field] | None


def read_synthesis(body: bytes) -> tuple[SynthesizeSpeechRequest, tuple[Loss, ...]]:
    """The request, and a loss for each unknown field.

    Raises:
        InvalidRequest: it is not JSON, or does not have the right shape.
    """
    tree = decoded(_DECODER, body)
    if not isinstance(tree, dict):
        raise InvalidRequest("Invalid JSON payload received. Root element must be a message.")
    unknown: list[str] = []
    spelt = _spelt(tree, _fields_of_request(), "", unknown)
    try:
        request = msgspec.convert(spelt, SynthesizeSpeechRequest, strict=False)
    except msgspec.ValidationError:
        request = converted(SynthesizeSpeechRequest, spelt)
    losses = [Loss("unknown_field", path[:_MOST_SAID_CHARS], "", "unknown to Segue") for path in unknown]
    return request, tuple(losses[:_MOST_LOSSES])


def _spelt(tree: Any, fields: Mapping[str, _Field], path: str, unknown: list[str]) -> Any:
    """The same tree with the names of ``fields``, as deep as the known messages go."""
    if isinstance(tree, list):
        return [_spelt(item, fields, path, unknown) for item in tree]
    if not isinstance(tree, dict):
        return tree
    known: dict[str, Any] = {}
    for name, value in tree.items():
        field = fields.get(name)
        if field is None:
            unknown.append(f"{path}{name}")
        elif field.json_name in known:
            raise InvalidRequest(f"{path}{name} is given twice", field=f"{path}{name}")
        elif value is not None:
            within = field.within
            known[field.json_name] = value if within is None else _spelt(value, within, f"{path}{name}.", unknown)
    return known


@cache
def _fields_of_request() -> Mapping[str, _Field]:
    kind = inspect.type_info(SynthesizeSpeechRequest)
    assert isinstance(kind, inspect.StructType)
    return _fields(kind)


def _fields(kind: inspect.StructType) -> dict[str, _Field]:
    """The fields by both spellings of their names."""
    return {name: _Field(field.encode_name, within) for field, within in _each(kind) for name in _spellings(field)}


def _each(kind: inspect.StructType) -> Iterator[tuple[inspect.Field, dict[str, _Field] | None]]:
    for field in kind.fields:
        inner = field.type.item_type if isinstance(field.type, inspect.ListType) else field.type
        yield field, _fields(inner) if isinstance(inner, inspect.StructType) else None


def _spellings(field: inspect.Field) -> set[str]:
    return {field.name, field.encode_name}
