"""Errors as ``{"error": google.rpc.Status}``, with the details that Google's clients decode."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from segue.api.asgi import Response
from segue.api.google.status import told
from segue.api.google.wire import GoogleError, RpcStatus
from segue.api.headers import error_headers

if TYPE_CHECKING:
    from segue.api.google.status import GoogleRefusal
    from segue.kernel.errors import SegueError

_TYPE = "type.googleapis.com/google.rpc."


def refused(error: SegueError, request_id: str) -> Response:
    """The error response in the format of Google's REST API."""
    said = told(error)
    headers = error_headers(error, b"application/json; charset=UTF-8", request_id)
    status = RpcStatus(said.kind.http, said.message, said.kind.name, _details(said))
    return Response(said.kind.http, headers, msgspec.json.encode(GoogleError(status)))


def _details(said: GoogleRefusal) -> list[dict[str, Any]]:
    details: list[dict[str, Any]] = [
        {"@type": f"{_TYPE}ErrorInfo", "reason": said.reason, "domain": said.domain},
    ]
    if said.field is not None:
        violation = {"field": said.field, "description": said.message}
        details.append({"@type": f"{_TYPE}BadRequest", "fieldViolations": [violation]})
    if said.retry_after_s is not None:
        details.append({"@type": f"{_TYPE}RetryInfo", "retryDelay": f"{said.retry_after_s:.3f}s"})
    return details
