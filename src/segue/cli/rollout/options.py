"""The options that the verbs share."""

from __future__ import annotations

import getpass
from enum import StrEnum
from typing import Annotated, NamedTuple

import typer

from segue.config.load import SERVICE_URL
from segue.config.schema import env_name

DEFAULT_URL = "http://127.0.0.1:8000"


class Format(StrEnum):
    """How an answer is printed: for people, or as the service sent it."""

    TABLE = "table"
    JSON = "json"


Url = Annotated[str, typer.Option(envvar=SERVICE_URL, help="The service's address.")]
Token = Annotated[
    str, typer.Option(envvar=env_name("admin_token"), show_envvar=True, help="The service's admin token.")
]
Actor = Annotated[str, typer.Option(help="Who is named in the history; your login name by default.")]
Why = Annotated[str, typer.Option(help="The reason, for the history.")]
Seen = Annotated[
    int | None,
    typer.Option(min=0, help="Only if this is still the latest revision: nothing that came after is overlooked."),
]
AsFormat = Annotated[Format, typer.Option("--format", help="table for people, json for programs.")]


class Caller(NamedTuple):
    """Which service, and who asks; without an actor, whoever is logged in."""

    url: str
    token: str
    actor: str = ""

    @property
    def name(self) -> str:
        """In one line, as a header must be."""
        return " ".join(self.actor.split()) or login_name()


class Reason(NamedTuple):
    """What the history is told of an order, and the revision that whoever gives it had seen."""

    why: str = ""
    seen: int | None = None


def login_name() -> str:
    """The login name, or "operator" where the system has none for this user."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return "operator"
