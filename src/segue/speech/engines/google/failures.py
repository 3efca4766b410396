"""Converts Google's errors into errors of ``segue.kernel.errors``.

They are classified by class, then by the message. The messages are those that users report (2026-11).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import grpc
from google.api_core import exceptions as google_errors
from google.auth.exceptions import GoogleAuthError
from google.rpc.error_details_pb2 import RetryInfo

from segue.kernel.errors import (
    DeadlineExceeded,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    SentenceTooLong,
    Unavailable,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Callable

_QUOTA_WAIT_S = 5.0
"""Used if the service gives no delay."""

_MOST_SAID_CHARS = 200
_QUOTED_TEXT = re.compile(r'"[^"]*"?')
"""Google quotes names in single quotes, and the text that it was sent in double quotes."""

_REMEDY = {
    "does not exist": "the catalogue names a voice that Google does not serve: `segue check --online` lists them",
    "pitch": "this voice does not support pitch",
    "sentences that are too long": "a sentence is longer than this voice family accepts",
    "longer than the limit": "the text is longer than 5,000 bytes",
}
_NO_REMEDY = "the cause is unknown; check that this voice supports the text and settings of the request"
_SHORTER_WOULD_DO = ("sentences that are too long", "longer than the limit")
_BAD_KEY = "API_KEY_INVALID"
_OVERSIZED = "larger than max"
_LOST = "Internal error from Core"


class ReasonLost(InternalFailure):
    """The service ended a stream while the text was being sent, and gRPC's client lost the reason.

    https://github.com/grpc/grpc/issues/36066, as of grpcio 1.85.
    """


def translated(error: Exception) -> SegueError:
    """The error as one of ours, with the service's own words if they help."""
    if isinstance(error, SegueError):
        return error
    if isinstance(error, grpc.RpcError):
        error = google_errors.from_grpc_error(error)  # type: ignore[no-untyped-call]  # left untyped there
    for kind, make in _BY_KIND:
        if isinstance(error, kind):
            return make(error)
    return InternalFailure(f"Google's client failed: {type(error).__name__}")


def _quota(error: Exception) -> SegueError:
    """The error for this status, which is also gRPC's own for a response that is too large for it."""
    if _OVERSIZED in _said(error):
        return InternalFailure("Google's answer is larger than the channel takes")
    return QuotaExhausted("Google's quota is spent", retry_after_s=_retry_delay_s(error) or _QUOTA_WAIT_S)


def _refused(error: Exception) -> SegueError:
    if getattr(error, "reason", None) == _BAD_KEY:
        return _forbidden(error)
    said = _said(error)
    sign, remedy = next(((sign, text) for sign, text in _REMEDY.items() if sign in said), ("", _NO_REMEDY))
    kind = SentenceTooLong if sign in _SHORTER_WOULD_DO else Unsupported
    return kind(f"Google refused the request ({said}): {remedy}")


def _forbidden(error: Exception) -> SegueError:
    return Unavailable(
        f"Google refused the credentials or the project ({_said(error)}): check the credentials, and that the "
        "API and billing are enabled for the project"
    )


def _late(_: Exception) -> SegueError:
    return DeadlineExceeded("Google did not answer in time")


def _away(error: Exception) -> SegueError:
    return Unavailable(f"Google is unavailable or cannot be reached from this machine ({_said(error)})")


def _closed(_: Exception) -> SegueError:
    return Unavailable("the channel to Google is closed")


def _broken(error: Exception) -> SegueError:
    if _said(error) == _LOST:
        return ReasonLost("Google ended the stream before it had the text")
    return InternalFailure("Google's service had an internal error")


_BY_KIND: tuple[tuple[type[Exception], Callable[[Exception], SegueError]], ...] = (
    (google_errors.TooManyRequests, _quota),
    (google_errors.Unauthorized, _forbidden),
    (google_errors.Forbidden, _forbidden),
    (GoogleAuthError, _forbidden),
    (google_errors.GatewayTimeout, _late),
    (google_errors.RetryError, _late),
    (TimeoutError, _late),
    (google_errors.ServiceUnavailable, _away),
    (google_errors.Cancelled, _away),
    (google_errors.Conflict, _away),
    (google_errors.BadRequest, _refused),
    (google_errors.NotFound, _refused),
    (google_errors.MethodNotImplemented, _refused),
    (google_errors.ServerError, _broken),
    (grpc.aio.UsageError, _closed),
)


def _said(error: Exception) -> str:
    """The service's words, without those of the request."""
    return _QUOTED_TEXT.sub('"…"', str(getattr(error, "message", None) or error))[:_MOST_SAID_CHARS]


def _retry_delay_s(error: Exception) -> float | None:
    for detail in getattr(error, "details", ()):
        if isinstance(detail, RetryInfo):
            return float(detail.retry_delay.seconds + detail.retry_delay.nanos / 1e9)
    return None
