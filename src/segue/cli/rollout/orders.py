"""The commands that change a rollout; each sends one request to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from segue.cli import exits
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
from segue.cli.rollout.seen import looked
from segue.cli.terminal import complaints, out
from segue.ops.words import share_in_words
from segue.rollout.ports.control import DoneBody

if TYPE_CHECKING:
    from collections.abc import Callable

Character = Annotated[str, typer.Argument(help="The character's key.")]


_AFTERWARDS = {
    "approve": (
        "the judge enters the stage at its next check, within the stage's hours and if every gate is still met; "
        "`segue rollout status` shows what it is waiting for"
    ),
    "rollback": "the candidate stays off until an operator resumes; `segue rollout status` shows how",
}
"""What happens after a command, if its name does not say so."""

_WHATEVER_IS = ("rollback",)
"""Commands that apply whatever the latest revision is."""


def _plain(verb: str) -> Callable[..., None]:
    def command(  # noqa: PLR0913 - an option is an argument
        context: typer.Context,
        *,
        why: Why = "",
        seen: Seen = None,
        url: Url = DEFAULT_URL,
        token: Token = "",
        actor: Actor = "",
        as_format: AsFormat = OutputFormat.TABLE,
    ) -> None:
        give(verb, {}, Operator(url, token, actor, given_ago_s(context)), CommandReason(why, seen), as_format)

    return command


def _of_character(verb: str) -> Callable[..., None]:
    def command(  # noqa: PLR0913 - an option is an argument
        context: typer.Context,
        character: Character,
        *,
        why: Why = "",
        seen: Seen = None,
        url: Url = DEFAULT_URL,
        token: Token = "",
        actor: Actor = "",
        as_format: AsFormat = OutputFormat.TABLE,
    ) -> None:
        give(
            verb,
            {"character": character},
            Operator(url, token, actor, given_ago_s(context)),
            CommandReason(why, seen),
            as_format,
        )

    return command


pause, resume, approve, advance, back, rollback = map(
    _plain, ("pause", "resume", "approve", "advance", "back", "rollback")
)
hold_back, release = map(_of_character, ("hold-back", "release"))


def give(
    verb: str, what: dict[str, Any], caller: Operator, reason: CommandReason, as_format: OutputFormat
) -> None:
    """Sends the command and prints the result; the exit status is FAILED if a replica has not applied the change.

    The command is based on the latest revision and fails if the rollout changes meanwhile. A rollback always
    applies.
    """
    with complaints():
        with control(caller) as service:
            if reason.seen is None and verb not in _WHATEVER_IS:
                reason = reason._replace(seen=looked(service, caller.ago_s).revision)
            answer = service.post(verb, what | reason._asdict())
        done = understood(answer, DoneBody)
    if as_format is OutputFormat.JSON:
        out().print_json(answer.decode())
    else:
        for line in told(verb, done):
            out().print(line, highlight=False)
    if late(done):
        raise typer.Exit(exits.FAILED)


def late(done: DoneBody) -> list[str]:
    """The replicas that have not applied the change yet."""
    return [one.replica for one in done.following if one.after_ms is None]


def told(verb: str, done: DoneBody) -> list[str]:
    """The state after a command, and how soon each replica applied it, slowest last."""
    state = done.state
    share = share_in_words(state.share_percent if state.enabled else 0.0)
    lines = [f"{verb}: revision {done.revision}, the rollout is {state.phase}, candidate share {share}"]
    if state.held_back:
        lines.append(f"held back: {escape(', '.join(state.held_back))}")
    followed = {one.replica: one.after_ms for one in done.following if one.after_ms is not None}
    for name, after_ms in sorted(followed.items(), key=lambda item: item[1]):
        lines.append(f"  {escape(name)} applied it after {after_ms:.0f} ms")
    behind = late(done)
    lines += [f"  [red]{escape(name)} has not applied it yet[/]" for name in behind]
    if not done.following:
        lines.append("  [yellow]no replica has reported recently[/]")
    elif not behind:
        lines.append(f"every replica applied it; the slowest took {max(followed.values()):.0f} ms")
    if verb in _AFTERWARDS and not behind:
        lines.append(_AFTERWARDS[verb])
    return lines
