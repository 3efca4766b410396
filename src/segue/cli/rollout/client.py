"""The control API over HTTP; every refusal becomes a message that says what to do, and an exit status."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec

from segue.cli import exits
from segue.cli.terminal import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.cli.rollout.options import Caller

PATH = "/api/v1/rollout"
_TIMEOUT_S = 30.0

W = TypeVar("W")


class _Fault(msgspec.Struct):
    """The body of a refusal; ``detail`` is a list where the request did not fit its schema."""

    detail: Any = ""
    code: str = ""


class Control:
    """One service's control API. Every call may raise ``CommandFailed``."""

    def __init__(self, client: httpx.Client) -> None:
        self._client = client

    def get(self, path: str = "", **query: int | str) -> bytes:
        """The body of ``/api/v1/rollout{path}``."""
        return self._answer("GET", path, params=query)

    def post(self, verb: str, body: dict[str, Any]) -> bytes:
        return self._answer("POST", f"/{verb}", json=body)

    def _answer(self, method: str, path: str, **more: Any) -> bytes:
        with unreachable_told(str(self._client.base_url)):
            response = self._client.request(method, PATH + path, **more)
        if not response.is_success:
            raise refusal(response)
        return response.content


@contextmanager
def control(caller: Caller) -> Iterator[Control]:
    """A connection to the service.

    Raises:
        CommandFailed: the address is none.
    """
    with unreachable_told(caller.url):
        client = httpx.Client(base_url=caller.url, headers=headers(caller), timeout=_TIMEOUT_S)
    with client:
        yield Control(client)


def headers(caller: Caller) -> dict[bytes, bytes]:
    """Who asks. Names are sent as UTF-8."""
    named = {b"X-Segue-Actor": caller.name.encode()}
    return named | ({b"Authorization": f"Bearer {caller.token}".encode()} if caller.token else {})


def understood(body: bytes, kind: type[W]) -> W:
    """The body as a value.

    Raises:
        CommandFailed: it is something else's than a Segue service's.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise CommandFailed(f"the answer is not a Segue service's: {error}", exits.UNREACHABLE) from None


@contextmanager
def unreachable_told(url: str) -> Iterator[None]:
    """Says in words that nothing answers at ``url``, or that it is no address."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CommandFailed(f"{url!r} is no address of a service: {error}", exits.USAGE) from None
    except httpx.HTTPError as error:
        raise CommandFailed(
            f"no Segue service answers at {url} ({str(error) or type(error).__name__}); "
            "start one with `segue serve`, or name another with --url or SEGUE_URL",
            exits.UNREACHABLE,
        ) from None


def refusal(response: httpx.Response) -> CommandFailed:
    """What the service did not do, and why, as an error for the command line."""
    try:
        fault = msgspec.json.decode(response.content, type=_Fault)
    except msgspec.DecodeError:
        fault = _Fault(f"{response.status_code} {response.reason_phrase}")
    said = _in_words(fault.detail)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        sent = "authorization" in response.request.headers
        said = "the service does not accept this token" if sent else "the service asks for its admin token"
        return CommandFailed(f"{said}; give it with --token or SEGUE_ADMIN_TOKEN", exits.DENIED)
    if response.status_code == httpx.codes.NOT_FOUND:
        where = response.request.url
        return CommandFailed(f"there is no control API at {where}; is it a Segue service?", exits.UNREACHABLE)
    if response.status_code == httpx.codes.CONFLICT:
        return CommandFailed(said, exits.CONFLICT if fault.code == "conflict" else exits.NOT_NOW)
    return CommandFailed(said, _STATUSES.get(response.status_code, exits.FAILED))


_STATUSES: dict[int, int] = {
    httpx.codes.BAD_REQUEST: exits.USAGE,
    httpx.codes.UNPROCESSABLE_ENTITY: exits.USAGE,
    httpx.codes.FORBIDDEN: exits.DENIED,
    httpx.codes.BAD_GATEWAY: exits.UNREACHABLE,
    httpx.codes.SERVICE_UNAVAILABLE: exits.UNREACHABLE,
}


def _in_words(detail: Any) -> str:
    """A refusal's detail on one line each: a text, or a list of places and what is wrong there."""
    if not isinstance(detail, list):
        return str(detail)
    entries = [entry for entry in detail if isinstance(entry, dict)]
    return "\n".join(f"{'.'.join(map(str, entry.get('loc', [])))}: {entry.get('msg', '')}" for entry in entries)
