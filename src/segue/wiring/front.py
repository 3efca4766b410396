"""Builds what handles a request before the APIs do: host names, trusted proxies and CORS."""

from __future__ import annotations

import time
from ipaddress import ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from starlette.middleware.cors import CORSMiddleware

from segue.api.front import Front, Hosts
from segue.kernel.errors import ConfigurationError
from segue.transport.refusals import Refusals
from segue.wiring.transport import proxies_of

if TYPE_CHECKING:
    from segue.api.asgi import App
    from segue.config.schema import Settings
    from segue.kernel.ports.recorder import Recorder

_LOOPBACK_NAMES = ("localhost", "*.localhost", "127.0.0.1", "::1")
_ANY = "*"
_EXPOSED = (
    "x-request-id",
    "x-segue",
    "x-segue-warnings",
    "x-should-retry",
    "request-id",
    "character-cost",
    "accept-encoding",
    "accept-ranges",
    "allow",
    "content-disposition",
    "content-range",
    "etag",
    "location",
    "retry-after",
    "www-authenticate",
)
"""The response headers that scripts may read, besides those that browsers always expose, such as ``Content-Type``.
"""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_PORTS = {"http": 80, "https": 443}


def fronted(app: App, settings: Settings, recorder: Recorder) -> App:
    """The application with host check, proxy handling and CORS, as it is served at a port."""
    refusals = Refusals("http", recorder.turned_away, time.monotonic)
    front: App = Front(app, Hosts(allowed_hosts(settings)), proxies_of(settings), refusals.note)
    if not settings.cors_origins:
        return front
    named = _ANY not in settings.cors_origins  # only named origins may send cookies or reach a private network
    return CORSMiddleware(  # outermost, so that a page can read refusals as well
        front,
        allow_origins=[_as_browsers_write(origin) for origin in settings.cors_origins],
        allow_methods=_METHODS,
        allow_headers=("*",),
        allow_credentials=named,
        expose_headers=_EXPOSED,
        allow_private_network=named,
    )


def allowed_hosts(settings: Settings) -> tuple[str, ...]:
    """The host names that requests may use for the service, in lower case; ``*`` for any.

    If the service listens on loopback only, the default is restricted: otherwise a web page opened on the same
    machine could reach the service under the page's own host name (DNS rebinding). If trusted proxies are set,
    checking host names is left to them.
    """
    if settings.allowed_hosts:
        return tuple(name.lower() for name in settings.allowed_hosts)
    proxies_named = "trusted_proxies" in settings.model_fields_set and settings.trusted_proxies != ("none",)
    if proxies_named or not is_loopback(settings.host):
        return (_ANY,)
    public = urlsplit(settings.public_url).hostname
    return (*_LOOPBACK_NAMES, settings.host.lower(), *((public,) if public else ()))


def is_loopback(host: str) -> bool:
    """Whether this address or name can be reached from the same machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def check_front(settings: Settings) -> None:
    """Raises ConfigurationError for an invalid host name or origin."""
    faults = [
        f"SEGUE_ALLOWED_HOSTS: invalid host name {name!r}; write names without scheme and port, such as "
        "tts.example.com or *.example.com"
        for name in settings.allowed_hosts
        if not name.isascii() or "/" in name or "*" in name.removeprefix("*.").removeprefix(_ANY)
    ]
    faults += [
        f"SEGUE_CORS_ORIGINS: invalid origin {origin!r}; write scheme and host, and the port if it is not the "
        "default, such as https://app.example.com; or write * alone for any origin"
        for origin in settings.cors_origins
        if origin != _ANY and not _is_origin(origin)
    ]
    if faults:
        raise ConfigurationError(faults)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        _ = parts.port, _as_browsers_write(text)  # raise ValueError for an invalid port or host name
    except ValueError:
        return False
    named = parts.scheme and parts.netloc and not any(sign in parts.netloc for sign in "*@")
    return bool(named) and not (parts.path or parts.query or parts.fragment)


def _as_browsers_write(origin: str) -> str:
    """The origin as browsers send it: in lower case, without the scheme's default port, and in ASCII."""
    if origin == _ANY:
        return origin
    parts = urlsplit(origin.lower())
    name = parts.netloc.removesuffix(f":{_PORTS.get(parts.scheme)}")
    return f"{parts.scheme}://{name if name.isascii() else name.encode('idna').decode()}"
