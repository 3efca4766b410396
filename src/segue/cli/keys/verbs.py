"""``segue keys create``, ``limit``, ``list`` and ``revoke``; each asks the service."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from segue.access.bodies import KeyBody, KeyLimitsBody, NewKeyBody
from segue.access.keys import ID_PATTERN
from segue.access.limits import Limit
from segue.access.roles import Api, Role
from segue.cli import exits
from segue.cli.rollout.client import control, understood
from segue.cli.rollout.options import DEFAULT_URL, AsFormat, Operator, OutputFormat, Token, Url
from segue.cli.terminal import CommandFailed, complaints, err, out
from segue.ops.words import moment
from segue.rollout.ports.store import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

PATH = "/api/v1/keys"
_UNITS_S = {"m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_WORDS = {
    Limit.REQUESTS_PER_MINUTE: "requests a minute",
    Limit.CHARS_PER_MINUTE: "characters a minute",
    Limit.CHARS_PER_MONTH: "characters a month",
    Limit.CONCURRENT_REQUESTS: "requests at the same time",
}
_SPAN = re.compile(r"(?P<count>[0-9]{1,6})(?P<unit>[mhdw])")

Name = Annotated[str, typer.Argument(help="What the history calls the key, such as the app that uses it.")]
RequestsPerMinute = Annotated[int | None, typer.Option(min=0, help="Most requests in any 60 s; 0: unlimited.")]
CharsPerMinute = Annotated[int | None, typer.Option(min=0, help="Most characters in any 60 s; 0: unlimited.")]
CharsPerMonth = Annotated[
    int | None, typer.Option(min=0, help="Most characters in a calendar month (UTC); 0: unlimited.")
]
ConcurrentRequests = Annotated[
    int | None, typer.Option(min=0, help="Most requests at the same time; 0: unlimited.")
]
KeyId = Annotated[str, typer.Argument(metavar="ID", help="The key's id; `segue keys list` shows it.")]


def create(  # noqa: PLR0913 - an option is an argument
    name: Name,
    role: Annotated[Role, typer.Option(help="What the key may do.")],
    *,
    character: Annotated[
        list[str] | None, typer.Option(help="A character that the key may use; repeat it. All by default.")
    ] = None,
    api: Annotated[
        list[Api] | None, typer.Option(help="An API that the key may be used with; repeat it. All by default.")
    ] = None,
    expires_in: Annotated[
        str, typer.Option(help="How long the key is valid, such as 12h, 90d or 52w. For ever by default.")
    ] = "",
    requests_per_minute: RequestsPerMinute = None,
    chars_per_minute: CharsPerMinute = None,
    chars_per_month: CharsPerMonth = None,
    concurrent_requests: ConcurrentRequests = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_format: AsFormat = OutputFormat.TABLE,
) -> None:
    """Create an API key and print its secret, which is shown only now."""
    with complaints():
        body: dict[str, Any] = {"name": name, "role": role.value}
        if character:
            body["characters"] = character
        if api:
            body["apis"] = [one.value for one in api]
        if expires_in:
            body["expires_at_s"] = time.time() + _span_s(expires_in)
        given = _given(requests_per_minute, chars_per_minute, chars_per_month, concurrent_requests)
        if any(given.values()):
            body["limits"] = {limit: size or None for limit, size in given.items()}
        with control(Operator(url, token), PATH) as service:
            answer = service.post("", body)
        created = understood(answer, NewKeyBody)
    if as_format is OutputFormat.JSON:
        out().print_json(answer.decode())
        return
    key = created.key
    err().print(
        f"created the key {key.id} ({key.name}, {key.role}); this is its secret, which is not kept anywhere:",
        markup=False,
        highlight=False,
    )
    out().print(created.secret, markup=False, highlight=False)


def limit(  # noqa: PLR0913 - an option is an argument
    key_id: KeyId,
    *,
    requests_per_minute: RequestsPerMinute = None,
    chars_per_minute: CharsPerMinute = None,
    chars_per_month: CharsPerMonth = None,
    concurrent_requests: ConcurrentRequests = None,
    url: Url = DEFAULT_URL,
    token: Token = "",
    as_format: AsFormat = OutputFormat.TABLE,
) -> None:
    """Change how much an API key may use. Limits that are not given stay as they are; 0 removes one."""
    with complaints():
        _check_id(key_id)
        given = _given(requests_per_minute, chars_per_minute, chars_per_month, concurrent_requests)
        if not given:
            raise CommandFailed("give at least one limit; see `segue keys limit --help`", exits.USAGE)
        with control(Operator(url, token), PATH) as service:
            keys = understood(service.get(), list[KeyBody])
            before = next((key.limits for key in keys if key.id == key_id), KeyLimitsBody())
            sizes = {str(limit): given.get(limit, getattr(before, limit)) or None for limit in Limit}
            answer = service.post(f"{key_id}/limits", sizes)
        key = understood(answer, KeyBody)
    if as_format is OutputFormat.JSON:
        out().print_json(answer.decode())
    else:
        out().print(
            f"limits of the key {key.id} ({key.name}): {_limits(key, ', ') or 'none'}",
            markup=False,
            highlight=False,
        )


def list_keys(url: Url = DEFAULT_URL, token: Token = "", as_format: AsFormat = OutputFormat.TABLE) -> None:
    """List the API keys, without their secrets."""
    with complaints():
        with control(Operator(url, token), PATH) as service:
            answer = service.get()
        found = understood(answer, list[KeyBody])
    if as_format is OutputFormat.JSON:
        out().print_json(answer.decode())
    else:
        out().print(_table(found))


def revoke(
    key_id: KeyId, url: Url = DEFAULT_URL, token: Token = "", as_format: AsFormat = OutputFormat.TABLE
) -> None:
    """Revoke an API key; it is refused everywhere within seconds."""
    with complaints():
        _check_id(key_id)
        with control(Operator(url, token), PATH) as service:
            answer = service.post(f"{key_id}/revoke", {})
        key = understood(answer, KeyBody)
    if as_format is OutputFormat.JSON:
        out().print_json(answer.decode())
    else:
        out().print(f"revoked the key {key.id} ({key.name})", markup=False, highlight=False)


def _check_id(key_id: str) -> None:
    if not re.fullmatch(ID_PATTERN, key_id):
        raise CommandFailed("a key's id has 12 hex digits; `segue keys list` shows it", exits.USAGE)


def _given(*sizes: int | None) -> dict[str, int]:
    """The limits that were given, in the order of ``Limit``."""
    return {str(limit): size for limit, size in zip(Limit, sizes, strict=True) if size is not None}


def _limits(key: KeyBody, between: str) -> str:
    """The key's limits in words; empty if it has none."""
    return between.join(
        f"{words}: {getattr(key.limits, limit):,}" for limit, words in _WORDS.items() if getattr(key.limits, limit)
    )


def _span_s(written: str) -> float:
    found = _SPAN.fullmatch(written)
    if found is None:
        raise CommandFailed(
            f"--expires-in {written!r}: write a number with m, h, d or w, such as 90d", exits.USAGE
        )
    return int(found["count"]) * _UNITS_S[found["unit"]]


def _table(keys: Iterable[KeyBody]) -> Table:
    table = Table(
        "id", "name", "role", "state", "characters", "APIs", "limits", "created (UTC)", "by", "expires (UTC)"
    )
    for key in keys:
        table.add_row(
            key.id,
            escape(key.name),
            key.role,
            key.state,
            escape("all" if key.characters is None else ", ".join(key.characters)),
            "all" if key.apis is None else ", ".join(key.apis),
            _limits(key, "\n") or "none",
            moment(key.created_at_s),
            escape(shown(key.created_by, key.created_by_source)),
            "never" if key.expires_at_s is None else moment(key.expires_at_s),
        )
    return table
