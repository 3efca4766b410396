"""``segue rollout history``."""

from __future__ import annotations

from typing import Annotated

import msgspec
import typer
from rich.markup import escape
from rich.table import Table

from segue.cli.rollout.client import Control, control, understood
from segue.cli.rollout.options import DEFAULT_URL, AsFormat, Operator, OutputFormat, Token, Url
from segue.cli.terminal import complaints, out
from segue.ops.words import moment, share_in_words
from segue.rollout.ports.control import EventBody, RoutingBody
from segue.rollout.ports.store import shown

_PAGE = 1000
_LAST = 50


def history(
    last: Annotated[int, typer.Option(min=1, help="Number of entries to show, the newest last.")] = _LAST,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_format: AsFormat = OutputFormat.TABLE,
) -> None:
    """Show the rollout's history: when, who, what and why."""
    with complaints():
        with control(Operator(url, token)) as service:
            entries = _entries(service, last)
        if as_format is OutputFormat.JSON:
            out().print_json(msgspec.json.encode(entries).decode())
            return
        out().print(_table(understood(msgspec.json.encode(entries), list[EventBody])))


def _entries(service: Control, last: int) -> list[msgspec.Raw]:
    """The newest entries, oldest first, as the service sent them."""
    latest = understood(service.get(), RoutingBody).revision
    after, found = max(0, latest - last), list[msgspec.Raw]()
    while True:
        page = understood(service.get("/history", after=after, limit=_PAGE), list[msgspec.Raw])
        found += page
        after += len(page)
        if len(page) < _PAGE:
            return found[-last:]


def _table(events: list[EventBody]) -> Table:
    table = Table("revision", "when (UTC)", "who", "what", "phase", "stage", "share", "why")
    for event in events:
        what = f"{event.kind} {event.character}".strip()
        state = event.after
        table.add_row(
            str(event.revision),
            moment(event.at_s),
            escape(shown(event.actor, event.actor_source)),
            escape(f"{what} [{event.trigger}]" if event.trigger else what),
            state.phase,
            "-" if state.plan is None else str(state.stage),
            share_in_words(state.share_percent if state.enabled else 0.0),
            escape(event.why),
        )
    return table
