"""Reads a plan file without its invalid keys, so that the faults in the rest are reported at the same time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pydantic import BaseModel, ValidationError

from segue.config.documents import message_of

if TYPE_CHECKING:
    from collections.abc import Mapping

Place: TypeAlias = "tuple[str | int, ...]"
"""The path to a value in the file: keys, and list indexes from 0."""

M = TypeVar("M", bound=BaseModel)

_DEPTH = {"stages": 3, "gates": 3, "policy": 2, "statistics": 2, "shadow": 2}
"""The number of parts of a fault's path that identify what is left out.

This is one key of a stage or gate, one key of the other sections, or a whole section.
"""

_A_STAGE = 2
_KEPT = (("characters",), ("gates",), ("hours",))
"""The keys that are still read in a stage whose shares and holds do not fit together."""

_NO_SUCH_GATE = 4
"""The length of the path to a stage's target for a metric, such as ``stages.2.gates.error_rate``."""

_STAND_IN: dict[str, Any] = {"version": 1, "name": "unnamed", "stages": [], "gates": {}}
_STAGE_STAND_IN = {"name": "unnamed", "share": "0%", "hold": "1h"}


@dataclass(frozen=True, slots=True)
class Misread:
    """A key that could not be read."""

    place: Place
    what: str

    def hides(self, place: Place) -> bool:
        """Whether a fault at ``place`` may only be a consequence of leaving this key out."""
        mine = self.place[: _depth(self.place)]
        if mine[:1] == ("stages",) and len(mine) == _A_STAGE and place[_A_STAGE : _A_STAGE + 1] in _KEPT:
            return False
        around = min(len(mine), len(place))
        lacks_a_gate = mine[:1] == ("gates",) and place[2:3] == ("gates",) and len(place) <= _NO_SUCH_GATE
        return mine[:around] == place[:around] or lacks_a_gate


def understood_in_part(tree: Any, model: type[M]) -> tuple[M | None, list[Misread]]:
    """The file as the model, without the keys that cannot be read, and a list of those keys.

    The model is None if no part of the file can be read.
    """
    try:
        return model.model_validate(tree), []
    except ValidationError as error:
        misread = [Misread(fault["loc"], message_of(fault)) for fault in error.errors()]
    if not isinstance(tree, dict):
        return None, misread
    try:
        return model.model_validate(_without(tree, {one.place[: _depth(one.place)] for one in misread})), misread
    except ValidationError:
        return None, misread


def _depth(place: Place) -> int:
    return _DEPTH.get(str(place[0]), 1) if place else 0


def _without(tree: Mapping[Any, Any], places: set[Place]) -> dict[Any, Any]:
    """A copy without these places. Required keys get a stand-in."""
    kept: dict[Any, Any] = {}
    for key, value in tree.items():
        inner = {place[1:] for place in places if place[0] == key}
        if () not in inner:
            kept[key] = _part(str(key), value, inner)
    return {name: kept.get(name, other) for name, other in _STAND_IN.items()} | kept


def _part(key: str, value: Any, places: set[Place]) -> Any:
    if not places:
        return value
    if key == "stages":
        return [_stage(stage, {place[1:] for place in places if place[0] == n}) for n, stage in enumerate(value)]
    if key == "gates":
        inner = {name: {place[1:] for place in places if place[0] == name} for name in value}
        return {name: _left(gate, inner[name]) for name, gate in value.items() if _can_be_read(gate, inner[name])}
    return _left(value, places)


def _can_be_read(gate: Any, places: set[Place]) -> bool:
    return isinstance(gate, dict) and () not in places and ("[key]",) not in places


def _stage(stage: Any, places: set[Place]) -> Any:
    if not places:
        return stage
    left = {} if not isinstance(stage, dict) else _left(stage, places)
    whole = bool(left.get("steps")) or {"share", "hold"} <= left.keys()
    if () in places or not whole:
        left = {key: value for key, value in left.items() if key not in {"steps", "share", "hold"}}
        return _STAGE_STAND_IN | left
    return {"name": _STAGE_STAND_IN["name"]} | left


def _left(value: Mapping[Any, Any], places: set[Place]) -> dict[Any, Any]:
    return {key: inner for key, inner in value.items() if (key,) not in places}
