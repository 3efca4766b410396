"""How much a key may use, and the error when that is reached."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import msgspec

from segue.kernel.errors import QuotaExhausted

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_LIMIT = 10**10


class Limit(StrEnum):
    """The limits that a key may have. A minute is any 60 seconds; a month is one of the calendar, in UTC."""

    REQUESTS_PER_MINUTE = "requests_per_minute"
    CHARS_PER_MINUTE = "chars_per_minute"
    CHARS_PER_MONTH = "chars_per_month"
    CONCURRENT_REQUESTS = "concurrent_requests"


class KeyLimits(msgspec.Struct, frozen=True, kw_only=True):
    """The limits of one key, each from 1 to ``LARGEST_LIMIT``; None: unlimited."""

    requests_per_minute: int | None = None
    chars_per_minute: int | None = None
    chars_per_month: int | None = None
    concurrent_requests: int | None = None

    def sizes(self) -> Iterator[tuple[Limit, int]]:
        """The limits that are set, in the order in which they are checked."""
        for limit in Limit:
            size = getattr(self, limit)
            if size is not None:
                yield limit, size


class LimitReached(QuotaExhausted):
    """A limit of the caller's key is reached. Nothing was counted.

    ``retry_after_s`` is the time until it frees, as far as this machine knows; None: never for this text.
    """

    def __init__(self, limit: Limit, message: str, retry_after_s: float | None) -> None:
        super().__init__(message, retry_after_s=retry_after_s)
        self.limit = limit


def reached(limit: Limit, size: int, retry_after_s: float, now_s: float) -> LimitReached:
    """The error for a limit of this size, which frees after this time; ``now_s`` is Unix time."""
    return LimitReached(
        limit,
        _TOLD[limit].format(
            size=size,
            after_s=max(1, round(retry_after_s + 0.5)),
            month=datetime.fromtimestamp(now_s, UTC).strftime("%Y-%m"),
            next=datetime.fromtimestamp(now_s + retry_after_s, UTC).strftime("%Y-%m-%d %H:%M UTC"),
        ),
        retry_after_s,
    )


def too_large(limit: Limit, size: int, chars: int) -> LimitReached:
    """The error for a text that is longer than its key may ever use within a minute or a month."""
    if limit is Limit.CHARS_PER_MONTH:
        told = "month, so not even a whole month's allowance suffices; ask an admin for a higher limit"
    else:
        told = "minute; split the text, or ask an admin for a higher limit"
    return LimitReached(
        limit,
        f"the text has {chars:,} characters, and this API key is limited to {size:,} characters a {told}",
        None,
    )


_TOLD = {
    Limit.REQUESTS_PER_MINUTE: "this API key is limited to {size:,} requests a minute, and has reached that; "
    "try again in {after_s} s",
    Limit.CHARS_PER_MINUTE: "this API key is limited to {size:,} characters a minute, and has too few left for "
    "this text; try again in {after_s} s",
    Limit.CHARS_PER_MONTH: "this API key is limited to {size:,} characters a month, and has too few left in "
    "{month} for this text; the next month begins at {next}; before that, only an admin can raise the limit",
    Limit.CONCURRENT_REQUESTS: "this API key is limited to {size:,} requests at the same time, and has reached "
    "that; try again when one has ended",
}


def month_of(now_s: float) -> int:
    """The number of the month (UTC) in the calendar."""
    day = datetime.fromtimestamp(now_s, UTC)
    return day.year * 12 + day.month - 1


def month_ends_in_s(now_s: float) -> float:
    """Seconds until the month (UTC) ends."""
    year, month = divmod(month_of(now_s) + 1, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC).timestamp() - now_s
