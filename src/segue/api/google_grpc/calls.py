"""One call: who asks, how it ends. The edge where whatever goes wrong becomes a status."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import structlog

from segue.api.google.request import DIALECT, Caller
from segue.api.google.status import INTERNAL, Told, told
from segue.api.google_grpc.statuses import ending
from segue.core.errors import SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable

    from segue.api.asgi import Header
    from segue.api.context import Context


class Ended(Exception):  # noqa: N818 - an answer, not a fault
    """Raised anywhere in a call that has to end otherwise than by one of Segue's errors."""

    def __init__(self, said: Told) -> None:
        super().__init__(said.message)
        self.said = said


class Calls:
    """Attends to calls of the service."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._log = structlog.get_logger("segue.api")

    @asynccontextmanager
    async def attended(self, call: Any) -> AsyncIterator[Caller]:
        """The caller, and the call's end where the work within raises.

        Cancellation, when the caller has left or their time is over, passes through: it stops the work.
        """
        headers = _as_headers(call.invocation_metadata() or ())
        request_id = self._context.identity.request_id(headers)
        try:
            yield Caller(headers, request_id, call.time_remaining())
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await call.abort(*ending(told(error), request_id))
        except Ended as ended:
            await call.abort(*ending(ended.said, request_id))
        except Exception:  # noqa: BLE001 - the request's edge: it is answered whatever happens
            self._log.exception("request_failed", path="grpc")
            said = Told(INTERNAL, "an unexpected error; the service's log has it", "INTERNAL")
            await call.abort(*ending(said, request_id))


def trailers(headers: Iterable[Header]) -> tuple[tuple[str, str], ...]:
    """Headers of an answer as metadata of a call."""
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)


def _as_headers(metadata: Iterable[tuple[str, str | bytes]]) -> dict[bytes, bytes]:
    """Of repeated ones the last, as for REST."""
    return {
        name.encode("ascii", "replace"): value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        for name, value in metadata
    }
