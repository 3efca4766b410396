"""The verbs that move a rollout: each one order to the service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer
from rich.markup import escape

from segue.cli import exits
from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, Actor, AsFormat, Caller, Format, Reason, Seen, Token, Url, Why
from segue.cli.rollout.wire import Done
from segue.cli.terminal import complaints, out
from segue.ops.words import share_in_words

if TYPE_CHECKING:
    from collections.abc import Callable

Character = Annotated[str, typer.Argument(help="The character's key.")]


class _Order(NamedTuple):
    """A verb of the command line, its path, and what it says of itself."""

    verb: str
    says: str


ORDERS = (
    _Order("pause", "Go neither on nor, but for alarms, back."),
    _Order("resume", "Go on: after a pause, a cool-down, or a roll back."),
    _Order("approve", "Agree to the next stage, where one is asked for."),
    _Order("advance", "To the next step now, whatever the gates say; you answer for it."),
    _Order("back", "One stage back, to cool down."),
    _Order("rollback", "Everyone on the baseline, now, on every replica."),
)

_AFTERWARDS = {
    "approve": "the stage is entered when the judge looks next, unless a gate is no longer met",
    "rollback": "the candidate stays off until a person goes on; `segue rollout status` says with what",
}
"""What an order leaves to come, where its name does not say so."""

OF_CHARACTERS = (
    _Order("hold-back", "Take one character back to the baseline."),
    _Order("release", "Let a character that was held back use the candidate again."),
)


def register(app: typer.Typer) -> None:
    for order in ORDERS:
        app.command(order.verb, help=order.says)(_plain(order.verb))
    for order in OF_CHARACTERS:
        app.command(order.verb, help=order.says)(_of_character(order.verb))


def _plain(verb: str) -> Callable[..., None]:
    def command(
        *,
        why: Why = "",
        seen: Seen = None,
        url: Url = DEFAULT_URL,
        token: Token = "",
        actor: Actor = "",
        as_format: AsFormat = Format.TABLE,
    ) -> None:
        give(verb, {}, Caller(url, token, actor), Reason(why, seen), as_format)

    return command


def _of_character(verb: str) -> Callable[..., None]:
    def command(  # noqa: PLR0913 - an option is an argument
        character: Character,
        *,
        why: Why = "",
        seen: Seen = None,
        url: Url = DEFAULT_URL,
        token: Token = "",
        actor: Actor = "",
        as_format: AsFormat = Format.TABLE,
    ) -> None:
        give(verb, {"character": character}, Caller(url, token, actor), Reason(why, seen), as_format)

    return command


def give(verb: str, what: dict[str, Any], caller: Caller, reason: Reason, as_format: Format) -> None:
    """Sends the order and prints what came of it; the exit status is FAILED where a replica does not follow."""
    body = what | reason._asdict()
    with complaints():
        with control(caller) as service:
            answer = service.post(verb, body)
        done = understood(answer, Done)
    if as_format is Format.JSON:
        out().print_json(answer.decode())
    else:
        for line in told(verb, done):
            out().print(line, highlight=False)
    if late(done):
        raise typer.Exit(exits.FAILED)


def late(done: Done) -> list[str]:
    """The replicas that do not serve by the change yet."""
    return [one.replica for one in done.following if one.after_ms is None]


def told(verb: str, done: Done) -> list[str]:
    """The state after an order, and how fast each replica followed, slowest last."""
    state = done.state
    share = share_in_words(state.share_percent if state.enabled else 0.0)
    lines = [f"{verb}: revision {done.revision}, the rollout is {state.phase}, candidate share {share}"]
    if state.held_back:
        lines.append(f"held back: {escape(', '.join(state.held_back))}")
    followed = {one.replica: one.after_ms for one in done.following if one.after_ms is not None}
    for name, after_ms in sorted(followed.items(), key=lambda item: item[1]):
        lines.append(f"  {escape(name)} serves by it after {after_ms:.0f} ms")
    behind = late(done)
    lines += [f"  [red]{escape(name)} does not serve by it yet[/]" for name in behind]
    if not done.following:
        lines.append("  [yellow]no replica has been heard of lately[/]")
    elif not behind:
        lines.append(f"every replica serves by it; the slowest took {max(followed.values()):.0f} ms")
    if verb in _AFTERWARDS and not behind:
        lines.append(_AFTERWARDS[verb])
    return lines
