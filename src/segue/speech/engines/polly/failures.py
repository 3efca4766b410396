"""Classifies Polly's refusals by the name of the error, which is in a header or in the body.

Names and statuses are from Amazon's description of the API (botocore 1.44.8) and
https://docs.aws.amazon.com/polly/latest/dg/CommonErrors.html, as of 2026-11. Polly throttles with status 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segue.speech.engines.http.failures import FailureKind, Read, kind_of_status

if TYPE_CHECKING:
    from segue.speech.engines.http.failures import VendorRefusal

_HEADER = "x-amzn-errortype"
_BY_NAME = {
    "TextLengthExceeded": FailureKind.TOO_LONG,
    "InvalidSsml": FailureKind.REFUSED,
    "InvalidSampleRate": FailureKind.REFUSED,
    "EngineNotSupported": FailureKind.REFUSED,
    "LanguageNotSupported": FailureKind.REFUSED,
    "LexiconNotFound": FailureKind.REFUSED,
    "ResourceNotFound": FailureKind.UNKNOWN_VOICE,
    "Validation": FailureKind.REFUSED,
    "Throttling": FailureKind.RATE,
    "Throttled": FailureKind.RATE,
    "TooManyRequests": FailureKind.RATE,
    "RequestLimitExceeded": FailureKind.RATE,
    "LimitExceeded": FailureKind.RATE,
    "ServiceQuotaExceeded": FailureKind.SPENT,
    "UnrecognizedClient": FailureKind.SIGNATURE,
    "InvalidSignature": FailureKind.SIGNATURE,
    "SignatureDoesNotMatch": FailureKind.SIGNATURE,
    "InvalidClientTokenId": FailureKind.SIGNATURE,
    "IncompleteSignature": FailureKind.SIGNATURE,
    "MissingAuthenticationToken": FailureKind.SIGNATURE,
    "ExpiredToken": FailureKind.SIGNATURE,
    "RequestExpired": FailureKind.SIGNATURE,
    "AccessDenied": FailureKind.SIGNATURE,
    "NotAuthorized": FailureKind.SIGNATURE,
    "OptInRequired": FailureKind.SIGNATURE,
    "Conflict": FailureKind.AWAY,
    "ServiceFailure": FailureKind.BROKEN,
    "InternalFailure": FailureKind.BROKEN,
    "ServiceUnavailable": FailureKind.AWAY,
}
_VOICE_FIELD = "voiceid"
_BY_STATUS = {401: FailureKind.SIGNATURE, 403: FailureKind.SIGNATURE}


def read(refusal: VendorRefusal) -> Read:
    """The kind of the refusal, with the error's name and the service's words."""
    content = refusal.content if isinstance(refusal.content, Mapping) else {}
    name = _name(refusal, content)
    found = content.get("message", content.get("Message"))
    message = found if isinstance(found, str) else refusal.text if refusal.content is None else ""
    return Read(_kind(refusal.status, name, message), ": ".join(part for part in (name, message) if part))


def _kind(status: int, name: str, message: str) -> FailureKind:
    short = name.removesuffix("Exception").removesuffix("Error")
    if short == "Validation" and _VOICE_FIELD in message.lower():
        return FailureKind.UNKNOWN_VOICE
    return _BY_NAME.get(short) or _BY_STATUS.get(status) or kind_of_status(status)


def _name(refusal: VendorRefusal, content: Mapping[str, object]) -> str:
    """The name, such as ``ThrottlingException``.

    Headers add a URL after a colon, bodies a namespace before a hash.
    """
    found = refusal.headers.get(_HEADER) or content.get("__type") or content.get("code") or ""
    return found.partition(":")[0].rpartition("#")[2] if isinstance(found, str) else ""
