"""Options that several commands share."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from segue.config.names import SERVICE_URL, env_name

DEFAULT_URL = "http://127.0.0.1:8000"


class OutputFormat(StrEnum):
    """Output format: a table for people, or the service's JSON unchanged."""

    TABLE = "table"
    JSON = "json"


Url = Annotated[str, typer.Option(envvar=SERVICE_URL, help="The service's address.")]
Token = Annotated[
    str,
    typer.Option(
        envvar=env_name("admin_token"), show_envvar=True, help="The service's admin token, or an API key."
    ),
]
Actor = Annotated[str, typer.Option(help="Your name in the history; your login name by default.")]
Why = Annotated[str, typer.Option(help="Reason, recorded in the history.")]
Seen = Annotated[
    int | None,
    typer.Option(
        min=0,
        help="Act only if this is still the latest revision. By default, act only if the rollout does not change "
        "while the command runs.",
    ),
]
AsFormat = Annotated[OutputFormat, typer.Option("--format", help="Output format: table, or json for programs.")]


class Operator(NamedTuple):
    """The service, and the operator who entered the command ``ago_s`` seconds ago; by default the login user."""

    url: str
    token: str
    actor: str = ""
    ago_s: float = 0.0

    @property
    def name(self) -> str:
        """The operator's name on one line, as a header requires."""
        return " ".join(self.actor.split()) or login_name()


class CommandReason(NamedTuple):
    """The reason for the history, and the revision that the operator based the command on."""

    why: str = ""
    seen: int | None = None


def login_name() -> str:
    """The login name, or "operator" if the system has none for this user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "operator"
