"""``segue rollout status``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated

import typer

from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, AsFormat, Operator, OutputFormat, Token, Url
from segue.cli.rollout.standing import standing
from segue.cli.rollout.watch import StatusWatcher
from segue.cli.terminal import complaints, out
from segue.rollout.ports.control import StatusBody


def status(
    url: Url = DEFAULT_URL,
    token: Token = "",
    watch: Annotated[bool, typer.Option("--watch", help="Keep watching until Ctrl-C.")] = False,
    as_format: AsFormat = OutputFormat.TABLE,
) -> None:
    """Show the rollout's state, the judge's latest decision, and what comes next."""
    caller = Operator(url, token)
    with complaints():
        if watch:
            with suppress(KeyboardInterrupt):
                asyncio.run(StatusWatcher(caller, out()).run())
            return
        with control(caller) as service:
            answer = service.get("/status")
        if as_format is OutputFormat.JSON:
            out().print_json(answer.decode())
            return
        found = understood(answer, StatusBody)
        out().print(standing(found, found.now_s), highlight=False)
