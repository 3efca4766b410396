"""``/api/v1/rollout/events``: the rollout's history and the judge's decisions as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from fastapi import APIRouter, Depends, Header, HTTPException, Request
from fastapi.responses import StreamingResponse

from segue.access.roles import Permission
from segue.api.auth import Actor
from segue.api.control.answers import event_body, judgement_body
from segue.api.control.bodies import ERRORS
from segue.api.control.languages import Wanted
from segue.kernel.errors import Unavailable
from segue.rollout.controller.ledger import entry_of
from segue.rollout.wording import MessageLanguage

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.api.auth import Operators
    from segue.kernel.ports.clock import Clock
    from segue.rollout.controller.ledger import Ledger
    from segue.rollout.controller.overview import StatusReader
    from segue.rollout.ports.control import EventBody, JudgementBody

_LOOK_EVERY_S = 0.25
_ALIVE_EVERY_LOOKS = 40
_MOST_LISTENERS = 32
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


class RolloutFeed:
    """Follows the history and the judge for a limited number of clients."""

    def __init__(self, ledger: Ledger, status_reader: StatusReader, clock: Clock) -> None:
        self._ledger = ledger
        self._status_reader = status_reader
        self._clock = clock
        self._listeners = 0
        self._stopping = False

    def stop(self) -> None:
        """Ends all streams at their next check, so that the service can stop without waiting for clients."""
        self._stopping = True

    def admit(self) -> None:
        """Raises HTTPException 503 if too many clients are connected."""
        if self._listeners >= _MOST_LISTENERS:
            raise HTTPException(
                503, f"{_MOST_LISTENERS} clients are already following the events; try again later"
            )

    async def events(
        self,
        after: int,
        language: MessageLanguage = MessageLanguage.ENGLISH,
        still_admitted: Callable[[], bool] = lambda: True,
    ) -> AsyncIterator[str]:
        """Yields ``transition`` for each history entry after a revision, and ``judgement`` for each new decision.

        If the store is unreachable, the stream stays open and reports it in comments. It ends when its client is
        no longer admitted.
        """
        self._listeners += 1
        judged_at_s, looks = 0.0, 0
        try:
            while not self._stopping and still_admitted():
                try:
                    for event in await self._ledger.history(after=after):
                        after = event.revision
                        yield _framed("transition", _json(event_body(event, entry_of(event), language)), after)
                    judgement = (await self._status_reader.now()).judgement
                    if judgement is not None and judgement.at_s > judged_at_s:
                        judged_at_s = judgement.at_s
                        yield _framed("judgement", _json(judgement_body(judgement, language)))
                except Unavailable as error:
                    yield f": {error}\n\n"
                looks += 1
                if looks % _ALIVE_EVERY_LOOKS == 0:
                    yield ": still here\n\n"
                await self._clock.sleep(_LOOK_EVERY_S)
        finally:
            self._listeners -= 1


def _json(body: EventBody | JudgementBody) -> str:
    return msgspec.json.encode(body).decode()


def _framed(name: str, data: str, number: int | None = None) -> str:
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {name}\ndata: {data}\n\n"


def stream_routes(feed: RolloutFeed, operators: Operators) -> APIRouter:
    """The route, for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    viewer: Any = Depends(operators.may(Permission.VIEW))

    @routes.get(
        "/events",
        summary="Follow the history and the judge's decisions",
        response_class=StreamingResponse,
        responses=_CONTENT,
    )
    async def get_events(
        request: Request,
        language: Wanted,
        last_event_id: Annotated[str, Header(pattern=r"^[0-9]{0,9}$")] = "",
        _: Actor = viewer,
    ) -> StreamingResponse:
        feed.admit()
        events = feed.events(int(last_event_id or 0), language, operators.still_admits(request))
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    return routes
