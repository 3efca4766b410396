"""The deployment under test, over HTTP. Each response is decoded or raises a check failure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import httpx
import msgspec

from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.cli.verify.wire import SpokenAnswer
from segue.rollout.ports.control import ConfigBody

if TYPE_CHECKING:
    from collections.abc import Mapping

W = TypeVar("W")

SYNTHESIZE = "/api/v1/audio/synthesize"
_TOLD_CHARS = 300
_UNSPEAKABLE = (
    "the service has no such character, or cannot speak the text",
    "choose a character of GET /api/v1/voices with --character, or another text with --text",
)
_MISDIRECTED = 421
_OTHER_NAME = (
    "the service, or a proxy in between, does not answer under the host name of --url",
    "use a name that is allowed, or add this one to SEGUE_ALLOWED_HOSTS, or the proxy to SEGUE_TRUSTED_PROXIES",
)
_REFUSED = {
    400: _UNSPEAKABLE,
    413: _UNSPEAKABLE,
    422: _UNSPEAKABLE,
    429: (
        "it refuses requests from this address or key for a while",
        "for a limit of the key, raise it (`segue keys limit`) or use another key; else check the token, and wait",
    ),
    _MISDIRECTED: _OTHER_NAME,
}
_REFUSED_BY_OTHERS = (
    "this is not the address of the service, or the service or a proxy in between refuses such a request",
    "correct what the reason in brackets names; without one, check that --url is the service's base address",
)
_DO = "check that --url is the service's base address and that the service has the version of this command"


class CheckOptions(NamedTuple):
    """The operator's options. A number is added to ``text`` so that no cache holds it."""

    character: str
    text: str
    token: str

    def fresh_text(self) -> str:
        return f"{self.text} {1000 + secrets.randbelow(9000)}."


class Deployment:
    """One service. Every call may raise ``CheckFailed``, or ``httpx.HTTPError`` if nothing answers."""

    def __init__(self, client: httpx.Client, asked: CheckOptions) -> None:
        self.client = client
        self.asked = asked
        self._configuration: ConfigBody | None = None

    @property
    def configuration_seen(self) -> ConfigBody | None:
        """The server's configuration, if a check has fetched it."""
        return self._configuration

    def configuration(self) -> ConfigBody:
        """The server's configuration, fetched once.

        Raises:
            CheckSkipped: no token was given.
        """
        if self._configuration is None:
            self._configuration = understood(self.as_operator("GET", "/api/v1/config"), ConfigBody)
        return self._configuration

    def as_operator(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Sends an authenticated request.

        Raises:
            CheckSkipped: no token was given.
        """
        if not self.asked.token:
            raise CheckSkipped("needs the admin token; give it with --token or SEGUE_ADMIN_TOKEN")
        headers = self.key_headers() | {"X-Segue-Actor": "verify"}
        answer = self.client.request(method, path, json=body, headers=headers)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise CheckFailed(
                f"the control API refuses the token ({answer.status_code}: {_said(answer)})",
                means="the token is not this service's admin token, or the service has none; or it is an API "
                "key that is revoked, expired or not allowed to do this",
                do="give this deployment's admin token, or a key that may do this; if the service has no admin "
                "token, set SEGUE_ADMIN_TOKEN for it",
            )
        return answer

    def key_headers(self) -> dict[str, str]:
        """The token or key of the caller, if there is one."""
        return {"Authorization": f"Bearer {self.asked.token}"} if self.asked.token else {}

    def synthesize(self, text: str, **more: Any) -> SpokenAnswer:
        body = {"text": text, "character_key": self.asked.character} | more
        answer = self.client.post(SYNTHESIZE, json=body, headers=self.key_headers())
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise CheckFailed(
                f"the service refuses the caller ({answer.status_code}: {_said(answer)})",
                means="it requires an API key, and this one is missing, wrong, or not allowed to do this",
                do="give the admin token, or a key with the role operate, with --token or SEGUE_ADMIN_TOKEN",
            )
        if answer.is_client_error:
            means, do = _REFUSED.get(answer.status_code, _REFUSED_BY_OTHERS)
            raise CheckFailed(
                f"the service refuses the request ({answer.status_code}: {_said(answer)})", means=means, do=do
            )
        if answer.is_error:
            raise CheckFailed(
                f"the request failed ({answer.status_code}: {_said(answer)})",
                means="requests like this one fail now, or a proxy in between cannot reach the service",
                do="see /api/v1/monitoring/health and the service's log; send it no traffic until this passes",
            )
        return understood(answer, SpokenAnswer)


def succeeded(answer: httpx.Response) -> httpx.Response:
    """The response, if it is a success.

    Raises:
        CheckFailed: the response is an error.
    """
    if not answer.is_success:
        means, do = "the service has no such route, or a proxy in between answered", _DO
        if answer.status_code == _MISDIRECTED:
            means, do = _OTHER_NAME
        raise CheckFailed(
            f"{answer.request.url.path} answers {answer.status_code}: {_said(answer)}", means=means, do=do
        )
    return answer


def understood(answer: httpx.Response, kind: type[W]) -> W:
    """The decoded body of the response.

    Raises:
        CheckFailed: the body is not that of a Segue service.
    """
    try:
        return msgspec.json.decode(succeeded(answer).content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CheckFailed(
            f"{answer.request.url.path} does not answer like Segue: {error}",
            means="another program listens at this address, or an incompatible version of Segue",
            do=_DO,
        ) from None


def _said(answer: httpx.Response) -> str:
    """The detail of an error response."""
    try:
        detail = msgspec.json.decode(answer.content, type=dict[str, Any]).get("detail", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        detail = answer.reason_phrase
    return str(detail)[:_TOLD_CHARS]
