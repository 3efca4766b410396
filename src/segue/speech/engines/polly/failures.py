"""Classifies Polly's refusals by the name of the error, which is in a header or in the body.

Names and statuses are from Amazon's description of the API (botocore 1.44.8) and
https://docs.aws.amazon.com/polly/latest/dg/CommonErrors.html, as of 2026-11. Polly throttles with status 400.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from segue.speech.engines.http.failures import Kind, Read, kind_of_status

if TYPE_CHECKING:
    from segue.speech.engines.http.failures import Refusal

_HEADER = "x-amzn-errortype"
_BY_NAME = {
    "TextLengthExceeded": Kind.TOO_LONG,
    "InvalidSsml": Kind.REFUSED,
    "InvalidSampleRate": Kind.REFUSED,
    "EngineNotSupported": Kind.REFUSED,
    "LanguageNotSupported": Kind.REFUSED,
    "LexiconNotFound": Kind.REFUSED,
    "ResourceNotFound": Kind.UNKNOWN_VOICE,
    "Validation": Kind.REFUSED,
    "Throttling": Kind.RATE,
    "Throttled": Kind.RATE,
    "TooManyRequests": Kind.RATE,
    "RequestLimitExceeded": Kind.RATE,
    "LimitExceeded": Kind.RATE,
    "ServiceQuotaExceeded": Kind.SPENT,
    "UnrecognizedClient": Kind.SIGNATURE,
    "InvalidSignature": Kind.SIGNATURE,
    "SignatureDoesNotMatch": Kind.SIGNATURE,
    "InvalidClientTokenId": Kind.SIGNATURE,
    "IncompleteSignature": Kind.SIGNATURE,
    "MissingAuthenticationToken": Kind.SIGNATURE,
    "ExpiredToken": Kind.SIGNATURE,
    "RequestExpired": Kind.SIGNATURE,
    "AccessDenied": Kind.SIGNATURE,
    "NotAuthorized": Kind.SIGNATURE,
    "OptInRequired": Kind.SIGNATURE,
    "Conflict": Kind.AWAY,
    "ServiceFailure": Kind.BROKEN,
    "InternalFailure": Kind.BROKEN,
    "ServiceUnavailable": Kind.AWAY,
}
_VOICE_FIELD = "voiceid"
_BY_STATUS = {401: Kind.SIGNATURE, 403: Kind.SIGNATURE}


def read(refusal: Refusal) -> Read:
    """The kind of the refusal, with the error's name and the service's words."""
    content = refusal.content if isinstance(refusal.content, Mapping) else {}
    name = _name(refusal, content)
    found = content.get("message", content.get("Message"))
    message = found if isinstance(found, str) else refusal.text if refusal.content is None else ""
    return Read(_kind(refusal.status, name, message), ": ".join(part for part in (name, message) if part))


def _kind(status: int, name: str, message: str) -> Kind:
    short = name.removesuffix("Exception").removesuffix("Error")
    if short == "Validation" and _VOICE_FIELD in message.lower():
        return Kind.UNKNOWN_VOICE
    return _BY_NAME.get(short) or _BY_STATUS.get(status) or kind_of_status(status)


def _name(refusal: Refusal, content: Mapping[str, object]) -> str:
    """The name, such as ``ThrottlingException``.

    Headers add a URL after a colon, bodies a namespace before a hash.
    """
    found = refusal.headers.get(_HEADER) or content.get("__type") or content.get("code") or ""
    return found.partition(":")[0].rpartition("#")[2] if isinstance(found, str) else ""
