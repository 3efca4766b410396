"""The subcommands of ``segue keys``."""

from __future__ import annotations

import typer

from segue.cli.lazy import ListedCommand, register

_VERBS = "segue.cli.keys.verbs"
COMMANDS = (
    ListedCommand("create", "Create an API key and print its secret, which is shown only now.", _VERBS, "create"),
    ListedCommand("limit", "Change how much an API key may use.", _VERBS, "limit"),
    ListedCommand("list", "List the API keys, without their secrets.", _VERBS, "list_keys"),
    ListedCommand("revoke", "Revoke an API key; it is refused everywhere within seconds.", _VERBS, "revoke"),
)

app = typer.Typer(help="Create, limit, list and revoke API keys of a running service.", no_args_is_help=True)
register(app, COMMANDS)
