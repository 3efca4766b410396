"""``segue rollout start PLAN``."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from segue.cli.forecast import told
from segue.cli.rollout.client import control, understood
from segue.cli.rollout.given import given_ago_s
from segue.cli.rollout.options import (
    DEFAULT_URL,
    Actor,
    AsFormat,
    CommandReason,
    Operator,
    OutputFormat,
    Seen,
    Token,
    Url,
    Why,
)
from segue.cli.rollout.orders import give
from segue.cli.rollout.replacing import confirm, stage_of, taken_away
from segue.cli.rollout.seen import looked
from segue.cli.terminal import CommandFailed, complaints, out
from segue.config.plan_file import read_plan
from segue.preflight.plan_review import traffic_seen, usual
from segue.rollout.core.forecast import forecast
from segue.rollout.ports.control import TrafficBody

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

_LEAST_SEEN_S = 3600.0
"""Less traffic than this is too little to forecast a day."""


def start(  # noqa: PLR0913 - an option is an argument
    context: typer.Context,
    plan: Annotated[Path, typer.Argument(help="Plan file (YAML).")],
    *,
    at: Annotated[str, typer.Option(help="Stage to start at, by name or number; the first by default.")] = "0",
    yes: Annotated[bool, typer.Option("--yes", help="Start without asking for confirmation.")] = False,
    why: Why = "",
    seen: Seen = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    actor: Actor = "",
    as_format: AsFormat = OutputFormat.TABLE,
) -> None:
    """Start PLAN at its first step, or at another stage. Switches the candidate on.

    Asks for confirmation if some listeners would no longer hear the candidate, or if another plan would end.

    The file is validated first, with every fault reported by line; the service checks the characters' names.
    The duration is forecast from the service's traffic in the last day.
    """
    caller = Operator(url, token, actor, given_ago_s(context))
    with complaints():
        read = read_plan(plan)
        text, stage = plan.read_text(encoding="utf-8"), stage_of(read, at)
        with control(caller) as service:
            status = looked(service, 0.0 if seen is not None else caller.ago_s)
        confirm(taken_away(status, read, stage), read, yes=yes)
        if as_format is OutputFormat.TABLE:
            _foresee(plan, read, _traffic(caller))
    reason = CommandReason(why, status.revision if seen is None else seen)
    give("start", {"plan": text, "at": stage}, caller, reason, as_format)


def _traffic(caller: Operator) -> TrafficBody | None:
    """None if the traffic is not known or the request fails; the start itself then reports the failure."""
    with suppress(CommandFailed), control(caller) as service:
        found = understood(service.get("/traffic"), TrafficBody)
        return found if found.seen_s >= _LEAST_SEEN_S and sum(found.units.values()) > 0 else None
    return None


def _foresee(path: Path, plan: Plan, seen: TrafficBody | None) -> None:
    if seen is None:
        out().print(
            "The duration of the plan cannot be forecast: the service had too little traffic in the last day. "
            f"For a forecast, run `segue check --plan {path} --traffic 5000/d` with your own traffic.",
            markup=False,
            highlight=False,
        )
        return
    traffic = traffic_seen(seen.seen_s, seen.requests, seen.cache_hits, seen.units)
    for part in told(plan, traffic, forecast(plan, traffic, usual())):
        out().print(part, highlight=False)
