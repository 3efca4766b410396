"""The status of a failed call: a code, a message, and ``google.rpc`` details in a trailer."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from google.rpc.status_pb2 import Status

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from segue.api.google.status import GoogleRefusal

_DETAILS_TRAILER = "grpc-status-details-bin"
_MOST_MESSAGE_CHARS = 1000
"""The message is in the trailers twice, once percent-encoded; clients accept 8 KB of trailers."""
_NANOS_PER_S = 1e9

_CODES = {code.value[0]: code for code in grpc.StatusCode}


class AbortStatus(NamedTuple):
    """The arguments of ``ServicerContext.abort``."""

    code: grpc.StatusCode
    message: str
    trailers: tuple[tuple[str, str | bytes], ...]


def ending(said: GoogleRefusal, request_id: str) -> AbortStatus:
    """The status with which Google's gRPC API would end the call."""
    message = said.message[:_MOST_MESSAGE_CHARS]
    details = [_packed(detail) for detail in _details(said, message)]
    status = Status(code=said.kind.number, message=message, details=details)
    trailers = ((_DETAILS_TRAILER, status.SerializeToString()), ("x-request-id", request_id))
    return AbortStatus(_CODES[said.kind.number], message, trailers)


def _details(said: GoogleRefusal, message: str) -> list[Message]:
    details: list[Message] = [ErrorInfo(reason=said.reason, domain=said.domain)]
    if said.field is not None:
        violation = BadRequest.FieldViolation(field=said.field, description=message)
        details.append(BadRequest(field_violations=[violation]))
    if said.retry_after_s is not None:
        delay = Duration()
        delay.FromNanoseconds(int(said.retry_after_s * _NANOS_PER_S))
        details.append(RetryInfo(retry_delay=delay))
    return details


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed
