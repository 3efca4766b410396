"""The deployment under check, over HTTP; what it answers is understood or is a failure."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import httpx
import msgspec

from segue.cli.verify.outcome import CheckFailed, CheckSkipped
from segue.cli.verify.wire import Configuration, Spoken

if TYPE_CHECKING:
    from collections.abc import Mapping

W = TypeVar("W")

SYNTHESIZE = "/api/v1/audio/synthesize"
_TOLD_CHARS = 300
_DO = "check that --url is the service's base address and that its version is this one"


class Asked(NamedTuple):
    """What the operator asked for. ``text`` gets a number, so that no cache has heard it."""

    character: str
    text: str
    token: str

    def fresh_text(self) -> str:
        return f"{self.text} {1000 + secrets.randbelow(9000)}."


class Deployment:
    """One service. Every call may raise ``CheckFailed``, or ``httpx.HTTPError`` where nothing answers."""

    def __init__(self, client: httpx.Client, asked: Asked) -> None:
        self.client = client
        self.asked = asked
        self._configuration: Configuration | None = None

    @property
    def configuration_seen(self) -> Configuration | None:
        """What the server said of its configuration, where a check asked it."""
        return self._configuration

    def configuration(self) -> Configuration:
        """The server's own, asked for once.

        Raises:
            CheckSkipped: there is no token to ask with.
        """
        if self._configuration is None:
            self._configuration = understood(self.as_operator("GET", "/api/v1/config"), Configuration)
        return self._configuration

    def as_operator(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """An authenticated call.

        Raises:
            CheckSkipped: there is no token.
        """
        if not self.asked.token:
            raise CheckSkipped("needs the admin token: give it with --token or SEGUE_ADMIN_TOKEN")
        headers = {"Authorization": f"Bearer {self.asked.token}", "X-Segue-Actor": "verify"}
        answer = self.client.request(method, path, json=body, headers=headers)
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise CheckFailed(
                f"the control API refuses the token ({answer.status_code}: {_said(answer)})",
                means="this token is not the one that the service was started with, or it was started without",
                do="give the token of this deployment; set SEGUE_ADMIN_TOKEN for the service where it has none",
            )
        return answer

    def synthesize(self, text: str, **more: Any) -> Spoken:
        body = {"text": text, "character_key": self.asked.character} | more
        answer = self.client.post(SYNTHESIZE, json=body)
        if answer.is_client_error:
            raise CheckFailed(
                f"the service refuses the request ({answer.status_code}: {_said(answer)})",
                means="the character or the text is none that this service's catalogue can speak",
                do="name a character of GET /api/v1/voices with --character, or a text with --text",
            )
        if answer.is_error:
            raise CheckFailed(
                f"no arm could answer ({answer.status_code}: {_said(answer)})",
                means="a listener who asks now hears nothing",
                do="look at /api/v1/monitoring/health and the service's log; send it no traffic until this passes",
            )
        return understood(answer, Spoken)


def succeeded(answer: httpx.Response) -> httpx.Response:
    """The answer itself.

    Raises:
        CheckFailed: it is a refusal.
    """
    if not answer.is_success:
        raise CheckFailed(
            f"{answer.request.url.path} answers {answer.status_code}: {_said(answer)}",
            means="the service has no such route, or something between here and it answers instead",
            do=_DO,
        )
    return answer


def understood(answer: httpx.Response, kind: type[W]) -> W:
    """The answer's body as a value.

    Raises:
        CheckFailed: it is something else's than a Segue service's.
    """
    try:
        return msgspec.json.decode(succeeded(answer).content, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise CheckFailed(
            f"{answer.request.url.path} does not answer as Segue does: {error}",
            means="something else listens at this address, or a version that speaks otherwise",
            do=_DO,
        ) from None


def _said(answer: httpx.Response) -> str:
    """What a refusal says of itself."""
    try:
        detail = msgspec.json.decode(answer.content, type=dict[str, Any]).get("detail", "")
    except (msgspec.DecodeError, UnicodeDecodeError):
        detail = answer.reason_phrase
    return str(detail)[:_TOLD_CHARS]
