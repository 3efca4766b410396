"""Handles a call: identifies its caller, and turns every error into a status."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import structlog

from segue.access.roles import Api, Caller, Permission
from segue.api.caller import called_by, counting
from segue.api.client import came_from
from segue.api.credentials import of_google
from segue.api.google.request import DIALECT, GoogleCaller
from segue.api.google.status import INTERNAL, GoogleRefusal, told
from segue.api.google_grpc.statuses import ending
from segue.kernel.errors import QuotaExhausted, SegueError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Iterator, Mapping

    from segue.api.asgi import Header
    from segue.api.context import Context
    from segue.kernel.connections import Connections


class Ended(Exception):  # noqa: N818 - an answer, not a fault
    """Ends a call with a status that is not one of Segue's errors."""

    def __init__(self, said: GoogleRefusal) -> None:
        super().__init__(said.message)
        self.said = said


class GrpcCalls:
    """Handles the service's calls."""

    def __init__(self, context: Context, places: Connections) -> None:
        self._context = context
        self._places = places
        self._log = structlog.get_logger("segue.api")

    @asynccontextmanager
    async def attended(
        self, call: Any, permission: Permission = Permission.SYNTHESIZE
    ) -> AsyncIterator[GoogleCaller]:
        """Yields the caller, if it has this permission, and ends the call with a status if the work inside raises.

        Cancellation, because the client disconnected or its time limit passed, is not caught and stops the work.
        """
        headers = _as_headers(call.invocation_metadata() or ())
        request_id = self._context.identity.request_id(headers)
        try:
            address = peer_address(call.peer())
            with self._place(address):
                caller = await self._admit(headers, permission, address)
                with counting(self._context.limiter, caller):
                    yield GoogleCaller(headers, request_id, call.time_remaining())
        except SegueError as error:
            self._context.note_refusal(DIALECT, error)
            await call.abort(*ending(told(error), request_id))
        except Ended as ended:
            await call.abort(*ending(ended.said, request_id))
        except Exception:  # noqa: BLE001 - the request's edge: every request gets a response
            self._log.exception("request_failed", path="grpc")
            said = GoogleRefusal(INTERNAL, "unexpected error; the service's log has the details", "INTERNAL")
            await call.abort(*ending(said, request_id))

    async def _admit(self, headers: Mapping[bytes, bytes], permission: Permission, address: str) -> Caller | None:
        """The caller; None if no keys are required."""
        callers = self._context.callers
        if callers is None:
            return None
        caller = await callers.admit(of_google(headers), Api.GOOGLE, permission, address)
        called_by(caller)
        return caller

    @contextmanager
    def _place(self, address: str) -> Iterator[None]:
        """Counts a call of this address; raises QuotaExhausted if the address has too many."""
        refusal = self._places.enter(address)
        if refusal is not None:
            self._context.recorder.turned_away("google_grpc", refusal.value)
            raise QuotaExhausted(
                "too many open calls from this address; end some of them first", retry_after_s=1.0
            )
        came_from(address)
        try:
            yield
        finally:
            self._places.leave(address)


def peer_address(peer: str) -> str:
    """The address in gRPC's name of a peer: ``ipv4:192.0.2.1:4711``, ``ipv6:%5B2001:db8::1%5D:4711``."""
    kind, _, rest = unquote(peer).partition(":")
    if kind not in ("ipv4", "ipv6"):
        return ""
    return rest.rpartition(":")[0].strip("[]")


def trailers(headers: Iterable[Header]) -> tuple[tuple[str, str], ...]:
    """Headers of a response as metadata of a call."""
    return tuple((name.decode("ascii"), value.decode("latin-1")) for name, value in headers)


def _as_headers(metadata: Iterable[tuple[str, str | bytes]]) -> dict[bytes, bytes]:
    """Metadata as headers; for a repeated name, the last value, as in REST."""
    return {
        name.encode("ascii", "replace"): value if isinstance(value, bytes) else value.encode("latin-1", "replace")
        for name, value in metadata
    }
