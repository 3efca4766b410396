"""Converts a server's refusals, by their kind, into errors of ``segue.kernel.errors``.

The vendor's engine determines the kind.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import msgspec

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
"""Used if the server gives no delay."""

_LONGEST_WAIT_S = 3600.0
_MOST_WORDS_BYTES = 1000
_UNTRUSTED = "CERTIFICATE_VERIFY_FAILED"
_SPENT_WAIT_S = 300.0
"""For an account without credit. An earlier attempt would change nothing."""


class FailureKind(Enum):
    """What a refusal is about, which determines what can be done."""

    RATE = "rate"
    SPENT = "spent"
    TOO_LONG = "too_long"
    UNKNOWN_VOICE = "unknown_voice"
    REFUSED = "refused"
    CREDENTIALS = "credentials"
    SIGNATURE = "signature"
    AWAY = "away"
    LATE = "late"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class VendorRefusal:
    """A response that is not a success.

    ``content`` is its JSON, or None. If there is no JSON, ``text`` is the body if it is plain text, else the
    reason phrase of the status.
    """

    status: int
    headers: httpx.Headers
    content: Any
    text: str = ""


class Read(NamedTuple):
    """A refusal as classified by the vendor's engine. ``said`` contains the server's own words, not yet safe to
    show.
    """

    kind: FailureKind
    said: str = ""


def refusal_of(response: httpx.Response, body: bytes) -> VendorRefusal:
    try:
        content = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        content = None
    return VendorRefusal(response.status_code, response.headers, content, _words(response, body))


def _words(response: httpx.Response, body: bytes) -> str:
    said = body[:_MOST_WORDS_BYTES].decode("utf-8", "replace").strip()
    return response.reason_phrase if not said or said.startswith("<") else said


_BY_STATUS: dict[int, FailureKind] = {
    httpx.codes.UNAUTHORIZED: FailureKind.CREDENTIALS,
    httpx.codes.PAYMENT_REQUIRED: FailureKind.SPENT,
    httpx.codes.FORBIDDEN: FailureKind.CREDENTIALS,
    httpx.codes.REQUEST_TIMEOUT: FailureKind.LATE,
    httpx.codes.CONFLICT: FailureKind.AWAY,
    httpx.codes.REQUEST_ENTITY_TOO_LARGE: FailureKind.TOO_LONG,
    httpx.codes.TOO_EARLY: FailureKind.AWAY,
    httpx.codes.TOO_MANY_REQUESTS: FailureKind.RATE,
    httpx.codes.BAD_GATEWAY: FailureKind.AWAY,
    httpx.codes.SERVICE_UNAVAILABLE: FailureKind.AWAY,
    httpx.codes.GATEWAY_TIMEOUT: FailureKind.LATE,
    529: FailureKind.AWAY,  # overloaded, as some proxies say
}


def kind_of_status(status: int) -> FailureKind:
    """The kind by the HTTP status alone, if nothing better is known."""
    other = FailureKind.BROKEN if status >= httpx.codes.INTERNAL_SERVER_ERROR else FailureKind.REFUSED
    return _BY_STATUS.get(status, other)


def failure_of(refusal: VendorRefusal, kind: FailureKind, server: str, said: str) -> SegueError:
    """The refusal as one of our errors. ``said`` must be safe to show."""
    told = f"{server} answered {refusal.status}" + (f" ({said})" if said else "")
    wait_s = retry_after_s(refusal.headers)
    if kind is FailureKind.RATE:
        return QuotaExhausted(
            f"{told}: its rate or concurrency limit is reached", retry_after_s=wait_s or _QUOTA_WAIT_S
        )
    if kind is FailureKind.SPENT:
        return QuotaExhausted(
            f"{told}: the account has nothing left to spend; raise its limit there",
            retry_after_s=wait_s or _SPENT_WAIT_S,
        )
    return _MAKE[kind](told, wait_s)


def _too_long(told: str, _: float | None) -> SegueError:
    return SentenceTooLong(f"{told}: the text is longer than this model takes")


def _unknown_voice(told: str, _: float | None) -> SegueError:
    return Unsupported(f"{told}: it has no such voice; `segue check --online` lists those it has")


def _refused(told: str, _: float | None) -> SegueError:
    return Unsupported(
        f"{told}: it refused the request; if it refuses every text, check base_url, model, format and options in "
        "the catalogue"
    )


def _credentials(told: str, wait_s: float | None) -> SegueError:
    return Unavailable(
        f"{told}: it refused the key, or requires one; check the key and its permissions (the key is read from "
        "key_env or key_file of the catalogue; without them, for a vendor's own service, from its usual variable, "
        "such as OPENAI_API_KEY)",
        retry_after_s=wait_s,
    )


def _signature(told: str, wait_s: float | None) -> SegueError:
    return Unavailable(
        f"{told}: it refused the credentials; check them, their permissions, and this machine's clock",
        retry_after_s=wait_s,
    )


def _away(told: str, wait_s: float | None) -> SegueError:
    return Unavailable(f"{told}: it is not available", retry_after_s=wait_s)


def _late(told: str, wait_s: float | None) -> SegueError:
    return DeadlineExceeded(f"{told}: it did not finish in time", retry_after_s=wait_s)


def _broken(told: str, _: float | None) -> SegueError:
    return InternalFailure(f"{told}: it had an internal error")


_MAKE: dict[FailureKind, Callable[[str, float | None], SegueError]] = {
    FailureKind.TOO_LONG: _too_long,
    FailureKind.UNKNOWN_VOICE: _unknown_voice,
    FailureKind.REFUSED: _refused,
    FailureKind.CREDENTIALS: _credentials,
    FailureKind.SIGNATURE: _signature,
    FailureKind.AWAY: _away,
    FailureKind.LATE: _late,
    FailureKind.BROKEN: _broken,
}


def retry_after_s(headers: httpx.Headers) -> float | None:
    """How long the server asks to wait.

    From ``retry-after-ms``, or from ``retry-after`` in seconds or as a date. At most an hour; None if there is no
    valid value.
    """
    in_ms = _number(headers.get("retry-after-ms"))
    if in_ms is not None:
        return _bounded(in_ms / 1000)
    said = headers.get("retry-after")
    in_s = _number(said)
    return _until(said or "") if in_s is None else _bounded(in_s)


def _number(said: str | None) -> float | None:
    try:
        return float(said or "")
    except ValueError:
        return None


def _until(said: str) -> float | None:
    try:
        at = parsedate_to_datetime(said)
    except (ValueError, OverflowError):
        return None
    if at.tzinfo is None:
        at = at.replace(tzinfo=dt.UTC)
    return _bounded((at - dt.datetime.now(dt.UTC)).total_seconds())


def _bounded(wait_s: float) -> float | None:
    return min(wait_s, _LONGEST_WAIT_S) if wait_s > 0 else None


def translated(error: Exception, server: str) -> SegueError:
    """A connection failure as one of our errors, in our words, because the library's may contain addresses."""
    if isinstance(error, SegueError):
        return error
    if isinstance(error, httpx.ConnectError) and _UNTRUSTED in str(error):
        return Unavailable(
            f"the certificate of {server} was rejected (unknown issuer, expired, or for another host name): check "
            "it, this machine's clock, and root_certificates_file if the issuer is private"
        )
    for kind, make in _BY_ERROR:
        if isinstance(error, kind):
            return make(server)
    return InternalFailure(f"the call to {server} failed: {type(error).__name__}")


_BY_ERROR: tuple[tuple[type[Exception], Callable[[str], SegueError]], ...] = (
    (httpx.PoolTimeout, lambda server: Unavailable(f"all connections to {server} are in use (max_connections)")),
    (httpx.ConnectTimeout, lambda server: Unavailable(f"{server} took no connection in time (connect_timeout_s)")),
    (httpx.TimeoutException, lambda server: DeadlineExceeded(f"{server} sent nothing in time (timeout_s)")),
    (TimeoutError, lambda server: DeadlineExceeded(f"{server} sent nothing in time (timeout_s)")),
    (
        httpx.ConnectError,
        lambda server: Unavailable(
            f"{server} cannot be reached: check base_url, that it runs, and that this machine can reach it"
        ),
    ),
    (httpx.ProxyError, lambda server: Unavailable(f"the proxy on the way to {server} refused the connection")),
    (
        httpx.RemoteProtocolError,
        lambda server: Unavailable(
            f"{server} closed the connection during the call, or its answer is not valid HTTP"
        ),
    ),
    (httpx.LocalProtocolError, lambda server: InternalFailure(f"the request to {server} is not valid HTTP")),
    (httpx.TransportError, lambda server: Unavailable(f"the connection to {server} was lost during the call")),
    (httpx.StreamError, lambda server: Unavailable(f"the connection to {server} was closed during the call")),
    (OSError, lambda server: Unavailable(f"the connection to {server} was lost during the call")),
)
