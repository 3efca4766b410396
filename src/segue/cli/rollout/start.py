"""``segue rollout start PLAN``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from segue.cli.rollout.options import DEFAULT_URL, Actor, AsFormat, Caller, Format, Reason, Seen, Token, Url, Why
from segue.cli.rollout.orders import give
from segue.cli.terminal import complaints
from segue.config.plan_file import read_plan


def start(  # noqa: PLR0913 - an option is an argument
    plan: Annotated[Path, typer.Argument(help="The plan's file (YAML).")],
    *,
    why: Why = "",
    seen: Seen = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    actor: Actor = "",
    as_format: AsFormat = Format.TABLE,
) -> None:
    """Begin PLAN at its first step; the candidate is switched on.

    The file is read here first, and every fault in it told at its line; who its characters are, the service knows.
    """
    with complaints():
        read_plan(plan)
        text = plan.read_text(encoding="utf-8")
    give("start", {"plan": text}, Caller(url, token, actor), Reason(why, seen), as_format)
