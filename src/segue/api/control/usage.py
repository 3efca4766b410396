"""``/api/v1/usage``: what was used, by key, arm, voice, character and day, and at what price."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Query, Response

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.bodies import ERRORS
from segue.kernel.errors import InvalidRequest
from segue.kernel.ports.usage import MOST_TOTALS, UsageField
from segue.usage.bodies import UsageBody, usage_body
from segue.usage.table import usage_csv

if TYPE_CHECKING:
    from segue.api.auth import Operators
    from segue.kernel.ports.clock import Clock
    from segue.usage.book import UsageBook

_EPOCH = date(1970, 1, 1)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
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
        first_day: Annotated[
            str, Query(description="Such as 2026-11-01; by default, the 1st", max_length=32)
        ] = "",
        last_day: Annotated[str, Query(description="Included; today by default", max_length=32)] = "",
        by: Annotated[str, Query(description="Fields to group by, separated by commas", max_length=64)] = "key",
        key: Annotated[str | None, Query(description="Only the key of this name", max_length=256)] = None,
        form: Annotated[UsageForm, Query(alias="format", description="json or csv")] = UsageForm.JSON,
        _: Actor = viewer,
    ) -> Response:
        last = _date("last_day", last_day) or datetime.fromtimestamp(clock.now_s(), UTC).date()
        first = _date("first_day", first_day) or last.replace(day=1)
        if first > last:
            raise InvalidRequest(f"first_day {first} is after last_day {last}", field="first_day")
        fields = _fields(by)
        since_day, until_day = (first - _EPOCH).days, (last - _EPOCH).days
        totals, is_complete = await book.totals(since_day, until_day + 1, fields, key)
        if len(totals) > MOST_TOTALS:
            raise InvalidRequest(f"there are more than {MOST_TOTALS:,} entries: ask for fewer days or fields")

        def written() -> Response:
            body = usage_body(since_day, until_day, fields, totals, is_complete=is_complete)
            if form is UsageForm.JSON:
                return Response(msgspec.json.encode(body), media_type="application/json")
            name = f'attachment; filename="usage-{first}-{last}.csv"'
            return Response(usage_csv(body), media_type="text/csv", headers={"Content-Disposition": name})

        return await asyncio.to_thread(written)  # there may be thousands of entries

    return routes


def _date(field: str, written: str) -> date | None:
    if not written:
        return None
    try:
        return date.fromisoformat(written if _DATE.fullmatch(written) else "")
    except ValueError:
        raise InvalidRequest(f"{field}: {written!r} is not a date such as 2026-11-01", field=field) from None


def _fields(written: str) -> tuple[UsageField, ...]:
    names = tuple(dict.fromkeys(name.strip() for name in written.split(",") if name.strip()))
    unknown = sorted(set(names) - set(UsageField))
    if unknown:
        raise InvalidRequest(
            f"cannot group by {', '.join(map(repr, unknown))}; possible: {', '.join(UsageField)}", field="by"
        )
    return tuple(UsageField(name) for name in names)
