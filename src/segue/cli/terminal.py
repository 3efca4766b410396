"""How verbs talk to a person: one place for streams, colours and complaints."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from segue.cli import exits
from segue.core.errors import ConfigurationError, SegueError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class CommandFailed(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """A command could not do what it was to do; ``exit_status`` says in what way."""

    def __init__(self, message: str, exit_status: int) -> None:
        super().__init__(message)
        self.exit_status = exit_status


_PLAIN_WIDTH = 140
"""Columns of a table that goes to a file or a pipe."""


def out() -> Console:
    """For results."""
    return Console(soft_wrap=True, width=None if sys.stdout.isatty() else _PLAIN_WIDTH)


def err() -> Console:
    """For progress and complaints."""
    return Console(stderr=True, soft_wrap=True)


def tell_doubts(doubts: Sequence[str], console: Console) -> None:
    """What is no fault, and worth a look."""
    for doubt in doubts:
        console.print(f"mind: {doubt}", style="yellow", markup=False, highlight=False)


@contextmanager
def complaints() -> Iterator[None]:
    """Turns errors into a message and an exit status: the command line's edge."""
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
