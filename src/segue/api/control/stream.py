"""``/api/v1/rollout/events``: what happens to the rollout, as it happens, as server-sent events."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Header, HTTPException
from fastapi.responses import StreamingResponse

from segue.api.control.bodies import ERRORS, EventBody, JudgementBody
from segue.controller.ledger import entry_of
from segue.core.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from segue.controller.ledger import Ledger
    from segue.controller.overview import Overlook
    from segue.ports.clock import Clock

_LOOK_EVERY_S = 0.25
_ALIVE_EVERY_LOOKS = 40
_MOST_LISTENERS = 32
_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_CONTENT: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}
}


class RolloutFeed:
    """Follows the history and the judge on behalf of a few listeners."""

    def __init__(self, ledger: Ledger, overlook: Overlook, clock: Clock) -> None:
        self._ledger = ledger
        self._overlook = overlook
        self._clock = clock
        self._listeners = 0
        self._stopping = False

    def stop(self) -> None:
        """Streams end at their next look, so that a service that stops need not wait for who listens."""
        self._stopping = True

    def admit(self) -> None:
        """Raises HTTPException 503 where too many listen already."""
        if self._listeners >= _MOST_LISTENERS:
            raise HTTPException(503, f"{_MOST_LISTENERS} listen already; try again later")

    async def events(self, after: int) -> AsyncIterator[str]:
        """``transition`` for every entry of the history after a revision, ``judgement`` for every new look.

        While the store is out of reach there is nothing to tell, and the stream goes on.
        """
        self._listeners += 1
        judged_at_s, looks = 0.0, 0
        try:
            while not self._stopping:
                try:
                    for event in await self._ledger.history(after=after):
                        after = event.revision
                        yield _framed("transition", EventBody.of(event, entry_of(event)).model_dump_json(), after)
                    judgement = (await self._overlook.now()).judgement
                    if judgement is not None and judgement.at_s > judged_at_s:
                        judged_at_s = judgement.at_s
                        yield _framed("judgement", JudgementBody.of(judgement).model_dump_json())
                except Unavailable as error:
                    yield f": {error}\n\n"
                looks += 1
                if looks % _ALIVE_EVERY_LOOKS == 0:
                    yield ": still here\n\n"
                await self._clock.sleep(_LOOK_EVERY_S)
        finally:
            self._listeners -= 1


def _framed(name: str, data: str, number: int | None = None) -> str:
    identity = "" if number is None else f"id: {number}\n"
    return f"{identity}event: {name}\ndata: {data}\n\n"


def stream_routes(feed: RolloutFeed, check: Callable[..., str]) -> APIRouter:
    """The route; for operators."""
    routes = APIRouter(prefix="/api/v1/rollout", tags=["rollout"], responses=ERRORS)
    operator: Any = Depends(check)

    @routes.get(
        "/events", summary="The history and the judge, live", response_class=StreamingResponse, responses=_CONTENT
    )
    async def get_events(
        last_event_id: Annotated[str, Header(pattern=r"^[0-9]{0,9}$")] = "", _: str = operator
    ) -> StreamingResponse:
        feed.admit()
        events = feed.events(int(last_event_id or 0))
        return StreamingResponse(events, media_type="text/event-stream", headers=_HEADERS)

    return routes
