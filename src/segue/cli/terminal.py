"""Terminal output of the commands: streams, colours and error messages."""

from __future__ import annotations

import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.segment import Segment

from segue.cli import exits
from segue.kernel.errors import ConfigurationError, SegueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import ConsoleOptions, RenderableType


class CommandFailed(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """A command failed; ``exit_status`` gives the kind of failure."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


_PLAIN_WIDTH = 140
"""Width in columns of output that goes to a file or a pipe."""

_COMMANDS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""Terminal control characters and bidirectional overrides, without newlines and tabs, which are layout."""


class TextConsole(Console):
    """A console that escapes control characters, so that text from other people cannot control the terminal."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterator[Segment]:
        """As in rich, with each control character replaced by a visible sign."""
        for segment in super().render(renderable, options):
            if segment.control or _COMMANDS.search(segment.text) is None:
                yield segment
            else:
                yield Segment(_COMMANDS.sub("\ufffd", segment.text), segment.style)


def out() -> Console:
    """The console for results."""
    return TextConsole(soft_wrap=True, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def err() -> Console:
    """The console for progress and errors."""
    return TextConsole(stderr=True, soft_wrap=True)


def tell_doubts(doubts: Sequence[str], console: Console) -> None:
    """Prints warnings about a valid configuration that is probably not intended."""
    for doubt in doubts:
        console.print(f"warning: {doubt}", style="yellow", markup=False, highlight=False)


@contextmanager
def complaints() -> Iterator[None]:
    """Turns errors into a message and an exit status, for the whole command line."""
    try:
        yield
    except ConfigurationError as error:
        err().print(f"[red]{len(error.faults)} fault(s) in the configuration; nothing was done:[/]")
        for fault in error.faults:
            err().print(f"  {fault}", markup=False, highlight=False)
        raise typer.Exit(exits.USAGE) from error
    except CommandFailed as error:
        err().print(str(error), style="red", markup=False, highlight=False)
        raise typer.Exit(error.exit_status) from error
    except SegueError as error:
        err().print(f"{error.code}: {error}", style="red", markup=False)
        raise typer.Exit(exits.FAILED) from error
