"""Checks before the endpoints: the client's address, the Host header, and web pages of other origins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.api.client import came_from
from segue.api.native import errors
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from segue.api.asgi import App, Receive, Response, Scope, Send
    from segue.kernel.connections import Proxies

_ANY = "*"
_JSON = b"application/json"
_SCHEMES = (b"https", b"http")
_SENT_BY_BROWSERS = (b"origin", b"referer", b"sec-fetch-site")
_MOST_KNOWN = 256
_MISDIRECTED = 421
_UNSUPPORTED_MEDIA = 415
_OF_PAGES = (b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain")
"""Content types that a web page may send to another origin without a CORS preflight."""


class Hosts:
    """The allowed Host names. ``*.example.com`` matches all subdomains, ``*`` any name."""

    def __init__(self, names: Iterable[str]) -> None:
        names = tuple(names)
        self._any = _ANY in names
        self._exact = {name for name in names if not name.startswith("*.")}
        self._below = tuple(name[1:] for name in names if name.startswith("*."))

        self._known: set[bytes] = {b""}

    def has(self, host: bytes) -> bool:
        """Whether ``host``, the header's value with or without a port, is allowed."""
        return self._any or host in self._known or self._finds(host)

    def _finds(self, host: bytes) -> bool:
        name = _without_port(host.decode("latin-1")).lower().rstrip(".")
        found = name in self._exact or name.endswith(self._below)
        if found and len(self._known) < _MOST_KNOWN:
            self._known.add(host)
        return found


class Front:
    """Refuses requests that are not meant for this service; forwards others with the client's address."""

    def __init__(self, app: App, hosts: Hosts, proxies: Proxies, note: Callable[[str, str], None]) -> None:
        self._app = app
        self._hosts = hosts
        self._proxies = proxies
        self._note = note

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        found = dict(scope["headers"])
        peer = scope["client"]
        client = peer[0] if peer else ""
        if client in self._proxies:
            client = self._told_by_proxy(scope, found, client)
        came_from(client)
        refusal = self._refusal(scope["method"], found)
        if refusal is None:
            await self._app(scope, receive, send)
        else:
            reason, answer = refusal
            self._note(reason, client)
            await answer(send)

    def _told_by_proxy(self, scope: Scope, found: Mapping[bytes, bytes], peer: str) -> str:
        proto = found.get(b"x-forwarded-proto")
        if proto is not None and proto.strip().lower() in _SCHEMES:
            scope["scheme"] = proto.strip().lower().decode("ascii")
        if b"x-forwarded-for" not in found:
            return peer
        # Several headers of this name form one list.
        forwarded_for = b",".join(value for name, value in scope["headers"] if name == b"x-forwarded-for")
        client = self._proxies.client(peer, forwarded_for.decode("latin-1"))
        if client != peer:
            scope["client"] = (client, 0)
        return client

    def _refusal(self, method: str, found: Mapping[bytes, bytes]) -> tuple[str, Response] | None:
        if not self._hosts.has(found.get(b"host", b"")):
            return "host", _refused(
                _MISDIRECTED,
                "the name in the Host header is not allowed for this service; to allow it, add it to "
                "SEGUE_ALLOWED_HOSTS (or add the proxy in front of the service to SEGUE_TRUSTED_PROXIES)",
            )
        if method == "POST" and found.get(b"content-type") != _JSON and _could_be_a_page(found):
            return "content_type", _refused(
                _UNSUPPORTED_MEDIA, "send the body as JSON, with the header 'Content-Type: application/json'"
            )
        return None


def _could_be_a_page(found: Mapping[bytes, bytes]) -> bool:
    """Whether a page of another origin could have sent the request without a CORS preflight.

    Pages can also omit the content type, but then their browser sends one of ``_SENT_BY_BROWSERS``.
    """
    if found.get(b"content-length", b"0") == b"0" and b"transfer-encoding" not in found:
        return False
    kind = found.get(b"content-type")
    if kind is None:
        return any(name in found for name in _SENT_BY_BROWSERS)
    return kind.partition(b";")[0].strip().lower() in _OF_PAGES


def _refused(status: int, why: str) -> Response:
    return errors.refused(InvalidRequest(why), "")._replace(status=status)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]
