"""Asks for confirmation if a start would reduce the candidate's audience or end another plan."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from segue.cli import exits
from segue.cli.terminal import CommandFailed
from segue.kernel.units import percent_from_ppm
from segue.ops.words import share_in_words
from segue.rollout.core.plan import EVERYONE, Place
from segue.rollout.core.rollout import Phase

if TYPE_CHECKING:
    from collections.abc import Collection

    from segue.rollout.core.plan import Plan
    from segue.rollout.ports.control import StatusBody


def stage_of(plan: Plan, at: str) -> int:
    """The number of the stage that ``at`` names.

    Raises:
        CommandFailed: the plan has no such stage.
    """
    try:
        return plan.stage_number(at)
    except LookupError as error:
        raise CommandFailed(f"--at: {error.args[0]}", exits.USAGE) from None


def taken_away(status: StatusBody, plan: Plan, stage: int) -> str:
    """A sentence about what starting ``plan`` at this stage would reduce or end; empty if nothing."""
    told = [_ends(status), _lowers(status, plan, stage)]
    return "; ".join(part for part in told if part)


def confirm(change: str, plan: Plan, *, yes: bool) -> None:
    """Asks whether to start anyway, if standard input is a terminal.

    Raises:
        CommandFailed: the answer is no, or there is no terminal; the message names the option that confirms.
    """
    if not change or yes:
        return
    stages = ", ".join(stage.name for stage in plan.stages)
    if not sys.stdin.isatty():
        raise CommandFailed(
            f"{change}. Nothing was done. To start anyway, add --yes; "
            f"to start at another stage, add --at STAGE, one of {stages}",
            exits.USAGE,
        )
    if not typer.confirm(f"{change}. Start anyway (for another stage use --at STAGE, one of {stages})?", err=True):
        raise CommandFailed("nothing was done", exits.USAGE)


def _ends(status: StatusBody) -> str:
    """A sentence about a paused plan, which the start would end. The service refuses to replace a running plan."""
    if status.plan is None or status.state.phase != Phase.PAUSED:
        return ""
    name = status.plan.stages[status.state.stage].name
    return f"plan {status.plan.name}, paused at stage {name}, would end"


def _lowers(status: StatusBody, plan: Plan, stage: int) -> str:
    state, first = status.state, plan.stages[stage]
    now_percent = 0.0 if status.locked_off or not state.enabled else state.share_percent
    now_heard_by = frozenset(state.characters)
    is_open = first.is_open(status.now_s)
    waits = " and ".join([*(["its approval"] if first.approval else []), *([] if is_open else ["its hours"])])
    then_percent = 0.0 if waits else percent_from_ppm(plan.share_ppm(Place(stage, 0)))
    covers = first.characters == EVERYONE or (bool(now_heard_by) and now_heard_by <= first.characters)
    if not now_percent or (then_percent >= now_percent and covers):
        return ""
    then = f"{share_in_words(then_percent)} of {_whose(first.characters)} would"
    if waits:
        then = f"none would until stage {first.name} is entered; it waits for {waits}"
    return (
        f"now {share_in_words(now_percent)} of {_whose(now_heard_by)} hear the candidate; after the start {then}"
    )


def _whose(characters: Collection[str]) -> str:
    return f"the listeners of {', '.join(sorted(characters))}" if characters else "all listeners"
