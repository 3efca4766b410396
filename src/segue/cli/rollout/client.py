"""A client of the control API. Every error becomes a message that says what to do, and an exit status."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import httpx
import msgspec

from segue.cli import exits
from segue.cli.terminal import CommandFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.cli.rollout.options import Operator

PATH = "/api/v1/rollout"
_TIMEOUT_S = 30.0

W = TypeVar("W")


class _Fault(msgspec.Struct):
    """The body of an error response; ``detail`` is a list if the request did not match its schema."""

    detail: Any = ""
    code: str = ""


class Control:
    """One service's control API below ``prefix``. Every call may raise ``CommandFailed``."""

    def __init__(self, client: httpx.Client, prefix: str = PATH) -> None:
        self._client = client
        self._prefix = prefix

    def get(self, path: str = "", **query: int | str) -> bytes:
        """The body of ``path`` below the prefix."""
        return self._answer("GET", path, params=query)

    def post(self, verb: str, body: dict[str, Any]) -> bytes:
        return self._answer("POST", f"/{verb}" if verb else "", json=body)

    def _answer(self, method: str, path: str, **more: Any) -> bytes:
        with unreachable_told(str(self._client.base_url)):
            response = self._client.request(method, self._prefix + path, **more)
        if not response.is_success:
            raise refusal(response)
        return response.content


@contextmanager
def control(caller: Operator, prefix: str = PATH) -> Iterator[Control]:
    """A connection to the service's control API below ``prefix``.

    Raises:
        CommandFailed: the address is not a valid URL.
    """
    with unreachable_told(caller.url):
        is_plain = httpx.URL(caller.url).scheme == "http"  # saves 10 MB for certificates
        client = httpx.Client(
            base_url=caller.url, headers=headers(caller), timeout=_TIMEOUT_S, verify=not is_plain
        )
    with client:
        yield Control(client, prefix)


def headers(caller: Operator) -> dict[bytes, bytes]:
    """The headers that name and authenticate the caller. Names are sent as UTF-8."""
    named = {b"X-Segue-Actor": caller.name.encode()}
    return named | ({b"Authorization": f"Bearer {caller.token}".encode()} if caller.token else {})


def understood(body: bytes, kind: type[W]) -> W:
    """The decoded body.

    Raises:
        CommandFailed: the body is not that of a Segue service.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError as error:
        raise CommandFailed(
            f"the answer is not from a Segue service of this version: {error}", exits.UNREACHABLE
        ) from None


@contextmanager
def unreachable_told(url: str) -> Iterator[None]:
    """Turns connection errors, missing responses and an invalid ``url`` into ``CommandFailed``."""
    try:
        yield
    except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
        raise CommandFailed(f"invalid service URL {url!r}: {error}", exits.USAGE) from None
    except (httpx.ReadTimeout, httpx.ReadError, httpx.RemoteProtocolError) as error:
        raise CommandFailed(
            f"the service at {url} got the request but did not answer it ({str(error) or type(error).__name__}), "
            "so it is unknown whether a command was carried out; check `segue rollout status`, or the service's "
            "log",
            exits.UNREACHABLE,
        ) from None
    except httpx.HTTPError as error:
        raise CommandFailed(
            f"no Segue service answers at {url} ({str(error) or type(error).__name__}); "
            "start one with `segue serve`, or give another address with --url or SEGUE_URL",
            exits.UNREACHABLE,
        ) from None


def refusal(response: httpx.Response) -> CommandFailed:
    """The service's error response as an error for the command line."""
    try:
        fault = msgspec.json.decode(response.content, type=_Fault)
    except msgspec.DecodeError:
        fault = _Fault(f"{response.status_code} {response.reason_phrase}")
    said = _in_words(fault.detail)
    if response.status_code == httpx.codes.UNAUTHORIZED:
        sent = "authorization" in response.request.headers
        said = "the service rejected this token" if sent else "the service requires its admin token or an API key"
        return CommandFailed(f"{said}; give a valid one with --token or SEGUE_ADMIN_TOKEN", exits.DENIED)
    if response.status_code == httpx.codes.NOT_FOUND and fault.code != "not_found":
        where = response.request.url
        return CommandFailed(
            f"there is no control API at {where}; check that this is the address of a Segue service",
            exits.UNREACHABLE,
        )
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
    """An error's detail as text; a list of faults becomes a line for each, with its place."""
    if not isinstance(detail, list):
        return str(detail)
    entries = [entry for entry in detail if isinstance(entry, dict)]
    return "\n".join(f"{'.'.join(map(str, entry.get('loc', [])))}: {entry.get('msg', '')}" for entry in entries)
