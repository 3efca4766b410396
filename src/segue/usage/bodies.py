"""The response of ``/api/v1/usage``: the API serves these values, and the command decodes them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from segue.kernel.ports.usage import UsageField, Used
from segue.kernel.units import DAY_S

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.kernel.ports.usage import UsageTotal


@dataclass(frozen=True, slots=True)
class UsageEntry:
    """The usage of one group. Fields by which it is not grouped are None; the amounts are as in ``Used``."""

    requests: int
    characters: int
    synthesized_characters: int
    shadow_characters: int
    unpriced_characters: int
    cost_usd: float
    day: str | None = None
    key: str | None = None
    arm: str | None = None
    voice: str | None = None
    character: str | None = None


@dataclass(frozen=True, slots=True)
class UsageBody:
    """The usage of whole days (UTC), first and last included, by the fields of ``by`` and in total.

    ``is_complete`` false: the store could not be written, so the latest usage is missing.
    """

    first_day: str
    last_day: str
    by: tuple[str, ...]
    entries: tuple[UsageEntry, ...]
    total: UsageEntry
    is_complete: bool = True


def usage_body(
    first_day: int,
    last_day: int,
    by: Sequence[UsageField],
    totals: Sequence[UsageTotal],
    *,
    is_complete: bool = True,
) -> UsageBody:
    """Days are numbers of days since 1970."""
    total = Used()
    for one in totals:
        total = total.plus(one.used)
    return UsageBody(
        date_of(first_day),
        date_of(last_day),
        tuple(by),
        tuple(_entry(by, one) for one in totals),
        UsageEntry(**asdict(total)),
        is_complete,
    )


def _entry(by: Sequence[UsageField], one: UsageTotal) -> UsageEntry:
    fields: dict[str, Any] = {field: _shown(field, value) for field, value in zip(by, one.by, strict=True)}
    return UsageEntry(**asdict(one.used), **fields)


def date_of(day: int) -> str:
    """The date, such as 2026-11-29."""
    return datetime.fromtimestamp(day * DAY_S, UTC).date().isoformat()


def _shown(field: UsageField, value: str) -> str:
    return date_of(int(value)) if field is UsageField.DAY else value
