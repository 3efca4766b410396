"""How Google says no: a code, a sentence and details, the latter in a trailer of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status as RichStatus

if TYPE_CHECKING:
    from google.protobuf.message import Message

_DOMAIN = "googleapis.com"
_DETAILS_TRAILER = "grpc-status-details-bin"


@dataclass(frozen=True, slots=True)
class Status:
    """The end of a call that failed."""

    code: grpc.StatusCode
    message: str
    details: tuple[Message, ...] = ()

    def trailers(self) -> tuple[tuple[str, bytes], ...]:
        if not self.details:
            return ()
        packed = []
        for detail in self.details:
            packed.append(AnyMessage())
            packed[-1].Pack(detail)
        rich = RichStatus(code=self.code.value[0], message=self.message, details=packed)
        return ((_DETAILS_TRAILER, rich.SerializeToString()),)


class Refusal(Exception):  # noqa: N818 - an answer, not a fault
    """Raised anywhere in the server; ends the call with ``status``."""

    def __init__(self, status: Status) -> None:
        super().__init__(status.message)
        self.status = status


def invalid(message: str) -> Refusal:
    """What most refusals are."""
    return Refusal(Status(grpc.StatusCode.INVALID_ARGUMENT, message))


def quota_spent(metric: str, retry_after_s: float) -> Status:
    """A quota per minute is spent; ``metric`` as in ``Chirp3 requests``."""
    said = (
        f"Quota exceeded for quota metric '{metric}' and limit '{metric} per minute' of service "
        "'texttospeech.googleapis.com' for consumer 'project_number:0'."
    )
    delay = Duration()
    delay.FromNanoseconds(int(retry_after_s * 1e9))
    details = (
        ErrorInfo(reason="RATE_LIMIT_EXCEEDED", domain=_DOMAIN),
        QuotaFailure(violations=[QuotaFailure.Violation(subject="project_number:0", description=said)]),
        RetryInfo(retry_delay=delay),
    )
    return Status(grpc.StatusCode.RESOURCE_EXHAUSTED, said, details)


UNAVAILABLE = Status(grpc.StatusCode.UNAVAILABLE, "The service is currently unavailable.")
INTERNAL = Status(grpc.StatusCode.INTERNAL, "Internal error encountered.")
CREDENTIALS_MISSING = Status(
    grpc.StatusCode.UNAUTHENTICATED,
    "Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or "
    "other valid authentication credential.",
    (ErrorInfo(reason="CREDENTIALS_MISSING", domain=_DOMAIN),),
)
SERVICE_DISABLED = Status(
    grpc.StatusCode.PERMISSION_DENIED,
    "Cloud Text-to-Speech API has not been used in project 0 before or it is disabled.",
    (ErrorInfo(reason="SERVICE_DISABLED", domain=_DOMAIN),),
)
API_KEY_INVALID = Status(
    grpc.StatusCode.INVALID_ARGUMENT,
    "API key not valid. Please pass a valid API key.",
    (ErrorInfo(reason="API_KEY_INVALID", domain=_DOMAIN),),
)
