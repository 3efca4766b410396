"""Options of engines that call a server."""

from __future__ import annotations

import json
from dataclasses import dataclass, fields
from hashlib import blake2s

import httpx

FEWEST_INPUT_CHARS = 40
"""A lower limit would cut within words."""

_DIGEST_BYTES = 4
_HIGHEST_PORT = 65_535
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpOptions:
    """Where a server is, how it is reached, and with which key.

    ``base_url`` is the beginning of every URL. The key is in the environment variable ``key_env`` or in
    ``key_file``, which is read again when it changes; without either, no key is sent. ``connect_timeout_s`` limits
    the time to connect, ``timeout_s`` the wait for each piece of a response. ``max_connections`` limits the open
    connections. ``concurrency`` is the number of concurrent requests that the plan allows, 0: no limit.
    ``max_answer_bytes`` limits the size of a response. ``root_certificates_file`` (PEM) replaces the usual roots.
    ``revision`` is any text. Change it when the vendor has changed its voices, and cached audio is made again.
    """

    base_url: str
    key_env: str = ""
    key_file: str = ""
    timeout_s: float = 30.0
    connect_timeout_s: float = 5.0
    max_connections: int = 100
    concurrency: int = 0
    max_answer_bytes: int = 128 * 2**20
    root_certificates_file: str = ""
    revision: str = ""

    def __post_init__(self) -> None:
        _check_url(self.base_url)
        if self.key_env and self.key_file:
            raise ValueError("set either key_env or key_file, not both")
        for name in ("timeout_s", "connect_timeout_s", "max_connections", "max_answer_bytes"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be positive, not {getattr(self, name):g}")
        if self.concurrency < 0:
            raise ValueError(f"concurrency must be 0 or more, not {self.concurrency}")

    @property
    def is_encrypted(self) -> bool:
        return httpx.URL(self.base_url).scheme == "https"

    @property
    def sends_key_in_clear(self) -> bool:
        """Whether a key leaves this machine unencrypted."""
        return bool(self.key_env or self.key_file) and not self.is_encrypted and not self.is_near

    @property
    def is_near(self) -> bool:
        """Whether the server is on this machine."""
        return httpx.URL(self.base_url).host in _LOOPBACK

    @property
    def host(self) -> str:
        """The server's name in messages."""
        return httpx.URL(self.base_url).netloc.decode()


def _check_url(base_url: str) -> None:
    """Raises ValueError unless it is an HTTP URL without a secret, because messages and logs contain it."""
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url is not a URL: {error}") from error
    if url.scheme not in {"http", "https"} or not url.host or any(sign.isspace() for sign in base_url):
        raise ValueError("base_url must begin with http:// or https:// and a host, and must not contain spaces")
    if url.userinfo or url.query or url.fragment:
        raise ValueError("base_url must not contain a user, password, query or fragment: set key_env or key_file")
    if url.port is not None and not 0 < url.port <= _HIGHEST_PORT:
        raise ValueError(f"base_url names a port that does not exist: {url.port}")


_UNHEARD = frozenset(field.name for field in fields(HttpOptions)) - {"base_url", "revision"}
"""Options that do not change the sound."""


def digest_of(options: HttpOptions) -> str:
    """Changes when any option changes that can change the sound."""
    heard = {field.name: getattr(options, field.name) for field in fields(options) if field.name not in _UNHEARD}
    return blake2s(json.dumps(heard, sort_keys=True).encode(), digest_size=_DIGEST_BYTES).hexdigest()
