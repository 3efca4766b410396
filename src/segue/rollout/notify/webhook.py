"""Sends a notice as signed JSON to a URL."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
from typing import TYPE_CHECKING

import httpx
import msgspec

from segue.kernel.errors import Unavailable
from segue.rollout.notify.names import name_of
from segue.rollout.ports.notice import Refused

if TYPE_CHECKING:
    from segue.kernel.ports.clock import Clock
    from segue.rollout.ports.notice import Notice

ID_HEADER = "X-Segue-Notice"
TIMESTAMP_HEADER = "X-Segue-Timestamp"
SIGNATURE_HEADER = "X-Segue-Signature"

_TRY_LATER = (408, 425, 429)
_SERVER_FAULTS = 500


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 over the timestamp, a full stop and the body, as lower-case hexadecimal digits after ``v1=``."""
    signed = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()


class WebhookTarget:
    """Implements ``segue.rollout.ports.notice.Target``: one POST without redirects.

    Only the response's status is used. Without a ``secret`` there is no signature. The URL itself can contain a
    secret, so no message repeats it; messages name the target by ``place``, its place among the settings.
    """

    kind = "webhook"

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        secret: str,
        clock: Clock,
        *,
        place: str = "the webhook",
        timeout_s: float = 10.0,
    ) -> None:
        self.name = name_of(self.kind, url)
        self._told = f"{place} ({self.name})"
        self._client = client
        self._url = url
        self._secret = secret
        self._clock = clock
        self._timeout_s = timeout_s

    async def send(self, notice: Notice) -> None:
        body = msgspec.json.encode(notice)
        headers = self._headers(notice, body)
        try:
            async with (
                asyncio.timeout(self._timeout_s),
                self._client.stream("POST", self._url, content=body, headers=headers, timeout=None) as answer,
            ):
                status = answer.status_code
                retry_after = answer.headers.get("retry-after", "")
        except TimeoutError as error:
            raise Unavailable(f"{self._told} did not answer within {self._timeout_s:g} s") from error
        except Refused as refusal:
            raise Refused(f"{self._told}: {refusal}") from None
        except httpx.HTTPError as error:
            raise Unavailable(f"{self._told} cannot be reached ({type(error).__name__})") from error
        if status in _TRY_LATER or status >= _SERVER_FAULTS:
            retry_after_s = float(retry_after) if retry_after.isdecimal() else None
            raise Unavailable(f"{self._told} answered {status}", retry_after_s=retry_after_s)
        if not httpx.codes.is_success(status):
            raise Refused(f"{self._told} answered {status}")

    def _headers(self, notice: Notice, body: bytes) -> dict[str, str]:
        timestamp = f"{self._clock.now_s():.0f}"
        headers = {"Content-Type": "application/json", ID_HEADER: notice.id, TIMESTAMP_HEADER: timestamp}
        if self._secret:
            headers[SIGNATURE_HEADER] = signature(self._secret, timestamp, body)
        return headers
