"""``/api/v1/usage``: what was used, by key, arm, voice, character and day, and at what price."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query, Response

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS
from segue.kernel.errors import InvalidRequest
from segue.kernel.ports.usage import UsageField
from segue.usage.bodies import UsageBody, usage_body
from segue.usage.table import usage_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.api.auth import Operators
    from segue.kernel.ports.clock import Clock
    from segue.usage.book import UsageBook

_EPOCH = date(1970, 1, 1)
_MOST_ENTRIES = 50_000
_CSV: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {}}}}


class UsageForm(StrEnum):
    """The form of the response."""

    JSON = "json"
    CSV = "csv"


def usage_routes(book: UsageBook, clock: Clock, operators: Operators) -> APIRouter:
    """The routes, for viewers."""
    routes = APIRouter(prefix="/api/v1/usage", tags=["usage"], responses=ERRORS)
    viewer: Any = Depends(operators.may(Permission.VIEW))

    @routes.get(
        "",
        summary="Get what was used on whole days (UTC), by key, arm, voice, character or day",
        response_model=UsageBody,
        responses=_CSV,
    )
    async def get_usage(
        first_day: Annotated[date | None, Query(description="By default, the first of this month")] = None,
        last_day: Annotated[date | None, Query(description="Included; today by default")] = None,
        by: Annotated[str, Query(description="Fields to group by, separated by commas", max_length=64)] = "key",
        key: Annotated[str | None, Query(description="Only the key of this name", max_length=256)] = None,
        form: Annotated[UsageForm, Query(alias="format", description="json or csv")] = UsageForm.JSON,
        _: Actor = viewer,
    ) -> UsageBody | Response:
        last = last_day or datetime.fromtimestamp(clock.now_s(), UTC).date()
        first = first_day or last.replace(day=1)
        if first > last:
            raise InvalidRequest(f"first_day {first} is after last_day {last}", field="first_day")
        body = await _usage(book, first, last, _fields(by), key)
        if form is UsageForm.JSON:
            return body
        name = f'attachment; filename="usage-{first}-{last}.csv"'
        return Response(usage_csv(body), media_type="text/csv", headers={"Content-Disposition": name})

    return routes


async def _usage(book: UsageBook, first: date, last: date, by: Sequence[UsageField], key: str | None) -> UsageBody:
    first_day, last_day = (one - _EPOCH for one in (first, last))
    totals = await book.totals(first_day.days, (last_day + timedelta(days=1)).days, by, key)
    if len(totals) > _MOST_ENTRIES:
        raise InvalidRequest(
            f"these are {len(totals):,} entries, but the limit is {_MOST_ENTRIES:,}: ask for fewer days or fields"
        )
    return usage_body(first_day.days, last_day.days, by, totals)


def _fields(written: str) -> tuple[UsageField, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip()))
    unknown = sorted(set(names) - set(UsageField))
    if unknown:
        raise InvalidRequest(
            f"cannot group by {', '.join(map(repr, unknown))}; possible: {', '.join(UsageField)}", field="by"
        )
    return tuple(UsageField(name) for name in names)
