"""Commands that are imported only when they run, so that ``segue --help`` and ``segue rollout`` start fast."""

from __future__ import annotations

from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import typer
from typer.core import TyperCommand

if TYPE_CHECKING:
    from collections.abc import Iterable


class ListedCommand(NamedTuple):
    """A command's entry in the help; its implementation is ``function`` in ``module``."""

    name: str
    says: str
    module: str
    function: str


class LazyCommand(TyperCommand):
    """Placeholder for a command in a group; ``listed`` says which."""

    listed: ListedCommand

    @cached_property
    def whole(self) -> TyperCommand:
        """The command itself, with its options; imports its module."""
        app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        function = getattr(import_module(self.listed.module), self.listed.function)
        app.command(self.listed.name, help=None if function.__doc__ else self.listed.says)(function)
        found = typer.main.get_command(app)
        assert isinstance(found, TyperCommand)
        return found

    def make_context(self, *args: Any, **more: Any) -> Any:
        """The context of the command itself, so that the command itself runs."""
        return self.whole.make_context(*args, **more)


def register(app: typer.Typer, commands: Iterable[ListedCommand]) -> None:
    """Adds the commands to the app and its help, in this order."""
    for listed in commands:
        app.command(listed.name, help=listed.says, cls=_standing_for(listed))(_unused)


def _standing_for(command: ListedCommand) -> type[LazyCommand]:
    class Lazy(LazyCommand):
        listed = command

    return Lazy


def _unused() -> None:
    raise AssertionError("the command itself runs instead of its placeholder")
