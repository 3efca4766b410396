"""``segue rollout status``."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Annotated

import typer

from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, AsFormat, Caller, Format, Token, Url
from segue.cli.rollout.standing import standing
from segue.cli.rollout.watch import Watch
from segue.cli.rollout.wire import Status
from segue.cli.terminal import complaints, out


def status(
    url: Url = DEFAULT_URL,
    token: Token = "",
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and show what happens; Ctrl-C ends it.")] = False,
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Where the rollout stands, what the judge thinks, and what comes next."""
    caller = Caller(url, token)
    with complaints():
        if watch:
            with suppress(KeyboardInterrupt):
                asyncio.run(Watch(caller, out()).run())
            return
        with control(caller) as service:
            answer = service.get("/status")
        if as_format is Format.JSON:
            out().print_json(answer.decode())
            return
        found = understood(answer, Status)
        out().print(standing(found, found.now_s), highlight=False)
