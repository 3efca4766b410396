"""Validates YAML files against a model and reports every fault with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import YAMLError
from ruamel.yaml.events import AliasEvent, ScalarEvent

from segue.kernel.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Document(BaseModel):
    """Base class of models for files: immutable; unknown keys, infinite numbers and NaN are faults."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


D = TypeVar("D", bound=BaseModel)

_DEEPEST = 100
"""The limit for nested brackets.

Valid files need fewer than ten. The time and memory of the parser grow with the square of the depth.
"""

_MOST_MERGES = 100
_MOST_ALIASES = 200
"""The limits for merge keys (``<<``), and for aliases in a file with merge keys.

The time for a chain of them grows with the square of its length.
"""


def validated(path: Path, tree: Any, model: type[D]) -> D:
    """The content that was read from ``path``, as the model.

    Raises:
        ConfigurationError: the content is not valid; each fault as ``file:line: key: what``.
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
    """The content of ``text`` with the positions of its keys. Messages name ``path`` as its source.

    Raises:
        ConfigurationError: the text is not YAML, or nested too deeply.
    """
    line = _too_deep_at(text)
    if line is not None:
        raise ConfigurationError([f"{path}:{line}: nested too deeply: more than {_DEEPEST} open brackets"])
    try:
        _check_merges(path, text)
        tree = YAML(typ="rt").load(text)
    except YAMLError as error:
        raise ConfigurationError([_syntax_fault(path, error)]) from error
    except RecursionError:
        raise ConfigurationError([f"{path}:1: nested too deeply to be read"]) from None
    except ValueError as error:  # looks like a number or a date, but is not valid
        raise ConfigurationError([f"{path}:1: contains a value that cannot be read: {error}"]) from None
    return {} if tree is None else tree


def _too_deep_at(text: str) -> int | None:
    """The first line at which too many brackets are open. Does not parse, so brackets in quotes count as well."""
    opened = 0
    for number, line in enumerate(text.splitlines(), start=1):
        for sign in line:
            opened += (sign in "[{") - (sign in "]}" and opened > 0)
            if opened > _DEEPEST:
                return number
    return None


def _check_merges(path: Path, text: str) -> None:
    """Raises ConfigurationError for too many merge keys or aliases, and YAMLError for text that is not YAML."""
    if "<<" not in text and "!!merge" not in text:
        return
    merges = aliases = 0
    for event in YAML(typ="rt").parse(text):
        merges += isinstance(event, ScalarEvent) and (event.value == "<<" or str(event.tag).endswith(":merge"))
        aliases += isinstance(event, AliasEvent)
        if merges > _MOST_MERGES or aliases > _MOST_ALIASES:
            most = f"{_MOST_MERGES} merge keys (<<), or more than {_MOST_ALIASES} aliases with merge keys"
            line = event.start_mark.line + 1
            raise ConfigurationError([f"{path}:{line}: more than {most}; write the values out"])


def described(path: Path, tree: Any, fault: Any) -> str:
    """One of pydantic's errors as ``file:line: key: what``."""
    place: tuple[str | int, ...] = fault["loc"]
    key = ".".join(str(part) for part in place)
    return f"{path}:{line_of(tree, place)}: {key}: {message_of(fault)}"


def message_of(fault: Any) -> str:
    """The message of one of pydantic's errors, without its place."""
    return "unknown key" if fault["type"] == "extra_forbidden" else str(fault["msg"]).removeprefix("Value error, ")


def line_of(tree: Any, place: Sequence[str | int]) -> int:
    """The line of the key at ``place``, from 1; the nearest parent's line if the file does not have the key."""
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
