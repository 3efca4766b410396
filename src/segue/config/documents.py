"""YAML files validated by a model, with every fault reported at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError

from segue.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Document(BaseModel):
    """Base of what stands in files: unknown keys and numbers without end are faults, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


D = TypeVar("D", bound=BaseModel)

_DEEPEST = 100
"""Brackets open at once. No file of ours needs ten, and the parser's time and memory grow with their square."""


def read_document(path: Path, model: type[D]) -> D:
    """The file as the model.

    Raises:
        ConfigurationError: it cannot be read or is not valid; each fault as ``file:line: key: what``.
    """
    return validated(path, read_tree(path), model)


def validated(path: Path, tree: Any, model: type[D]) -> D:
    """What was read from ``path`` as the model.

    Raises:
        ConfigurationError: it is not valid; each fault as ``file:line: key: what``.
    """
    try:
        return model.model_validate(tree)
    except ValidationError as error:
        raise ConfigurationError([described(path, tree, fault) for fault in error.errors()]) from None


def read_tree(path: Path) -> Any:
    """The file's content with the positions of its keys.

    Raises:
        ConfigurationError: no such file, not UTF-8, or not YAML.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError([f"{path}: cannot be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigurationError([f"{path}: is not UTF-8 (byte {error.start})"]) from error
    return parsed_tree(path, text)


def parsed_tree(path: Path, text: str) -> Any:
    """The content of ``text`` with the positions of its keys; ``path`` is where it is from, for messages.

    Raises:
        ConfigurationError: it is not YAML, or nested deeper than anything of ours.
    """
    line = _too_deep_at(text)
    if line is not None:
        raise ConfigurationError([f"{path}:{line}: nested too deeply: more than {_DEEPEST} brackets are open"])
    try:
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise ConfigurationError([_syntax_fault(path, error)]) from error
    except RecursionError:
        raise ConfigurationError([f"{path}:1: nested too deeply to be read"]) from None
    except ValueError as error:  # a number or a date that looks like one and is none
        raise ConfigurationError([f"{path}:1: holds a value that cannot be read: {error}"]) from None
    return {} if tree is None else tree


def _too_deep_at(text: str) -> int | None:
    """The line at which too many brackets are open, found without parsing: those in quotes count, too."""
    opened = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for sign in line:
            opened += (sign in "[{") - (sign in "]}" and opened > 0)
            if opened > _DEEPEST:
                return number
    return None


def described(path: Path, tree: Any, fault: Any) -> str:
    """One fault of pydantic's as a line a person can act on."""
    place: tuple[str | int, ...] = fault["loc"]
    key = ".".join(str(part) for part in place)
    message = "unknown key" if fault["type"] == "extra_forbidden" else str(fault["msg"])
    return f"{path}:{line_of(tree, place)}: {key}: {message}"


def line_of(tree: Any, place: Sequence[str | int]) -> int:
    """The line of the key at ``place``, or of the nearest thing around it that the file holds; from 1."""
    line = 1
    for part in place:
        if not isinstance(tree, CommentedMap | CommentedSeq):
            break
        position = _position(tree, part)
        if position is None:
            break
        line = position + 1
        tree = tree[part]
    return line


def _position(tree: CommentedMap | CommentedSeq, part: str | int) -> int | None:
    try:
        data = tree.lc.data[part]
    except (KeyError, TypeError):
        return None
    return int(data[0])


def _syntax_fault(path: Path, error: YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    line = mark.line + 1 if mark is not None else 1
    return f"{path}:{line}: not valid YAML: {getattr(error, 'problem', None) or error}"
