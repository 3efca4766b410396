"""``segue usage``: what was used, as a running service has recorded it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, Operator, Token, Url
from segue.cli.terminal import complaints, err, out
from segue.usage.bodies import UsageBody

if TYPE_CHECKING:
    from segue.usage.bodies import UsageEntry

PATH = "/api/v1/usage"
_COLUMNS = {
    "requests": "requests",
    "characters": "characters",
    "synthesized_characters": "synthesized",
    "shadow_characters": "in shadow requests",
    "unpriced_characters": "without a price",
    "cost_usd": "US dollars",
}
_NO_KEY = "(no key)"


class UsageFormat(StrEnum):
    """Output format: a table for people, the service's JSON, or CSV for spreadsheets."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


def usage(  # noqa: PLR0913 - an option is an argument
    *,
    first_day: Annotated[
        str,
        typer.Option("--from", metavar="DATE", help="First day (UTC), such as 2026-11-01. By default the 1st."),
    ] = "",
    last_day: Annotated[
        str, typer.Option("--to", metavar="DATE", help="Last day (UTC), included; today by default.")
    ] = "",
    by: Annotated[
        str, typer.Option(help="Fields to group by, separated by commas: day, key, arm, voice, character.")
    ] = "key",
    key: Annotated[
        str | None, typer.Option(help="Only the API key of this name; an empty name: requests without a key.")
    ] = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_format: Annotated[
        UsageFormat, typer.Option("--format", help="Output format: table, or json or csv for programs.")
    ] = UsageFormat.TABLE,
) -> None:
    """Print what was used, by API key, arm, voice, character or day, and at what price."""
    days = {"first_day": first_day, "last_day": last_day}
    query = {"by": by} | {name: value for name, value in days.items() if value}
    if key is not None:
        query["key"] = key
    if as_format is UsageFormat.CSV:
        query["format"] = "csv"
    with complaints():
        with control(Operator(url, token), PATH) as service:
            answer = service.get("", **query)
        if as_format is UsageFormat.TABLE:
            body = understood(answer, UsageBody)
            out().print(_table(body))
            if not body.is_complete:
                err().print("the latest usage is missing, because the store cannot be written", style="yellow")
        elif as_format is UsageFormat.JSON:
            out().print_json(answer.decode())
        else:
            typer.echo(answer.decode(), nl=False)


def _table(body: UsageBody) -> Table:
    table = Table(title=f"Usage from {body.first_day} to {body.last_day} (UTC)")
    for field in body.by:
        table.add_column(field)
    for name in _COLUMNS.values():
        table.add_column(name, justify="right")
    for entry in body.entries:
        table.add_row(*(escape(getattr(entry, field) or _NO_KEY) for field in body.by), *_amounts(entry))
    if body.by and len(body.entries) != 1:
        table.add_section()
        table.add_row("total", *[""] * (len(body.by) - 1), *_amounts(body.total))
    return table


def _amounts(entry: UsageEntry) -> list[str]:
    amounts = [getattr(entry, name) for name in _COLUMNS]
    return [f"{amount:,}" if isinstance(amount, int) else f"{amount:,.2f}" for amount in amounts]
