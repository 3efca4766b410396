"""The request's id, and the unit that its assignment belongs to.

The unit is the first of these that a request has; the operator may reorder or shorten the list:

* ``user``: the user that a field of the body names, or ``X-User-ID``;
** ``end_user``: the end user in a field of the vendor's API (OpenAI's ``safety_identifier`` and ``user``), or in a
  header;
* ``session``: the session that a field of the body names, or ``X-Session-ID``;
* ``cookie``: a cookie;
** ``key``: a hash of the client's API key, so that all listeners of one app change arm together.

A request that has none of them is its own unit, with a random name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING

from segue.api.client import client_address
from segue.kernel.arms import Unit, UnitSource
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from segue.kernel.ports.clock import Entropy

    _Headers: TypeAlias = Mapping[bytes, bytes]
    _Reader: TypeAlias = tuple[int, tuple[bytes, ...], Callable[[_Headers], str]]
    """Which field of the body names the unit, which headers do, and how they are read."""

_USER_HEADER = b"x-user-id"
_SESSION_HEADER = b"x-session-id"
_REQUEST_ID_HEADER = b"x-request-id"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}")
_BEARER = re.compile(rb"bearer +(.+)", re.IGNORECASE | re.DOTALL)
_KEY_HEADERS = (b"xi-api-key", b"x-goog-api-key", b"x-api-key")
_KEY_DIGEST_BYTES = 16
_MAX_CHARS = 256
_UNNAMED = -1
"""The place of a source that is not a field of a body."""


@dataclass(frozen=True, slots=True)
class UnitRules:
    """The sources of units in order, and the names of their header and cookie.

    ``salt`` (64 bytes at most) keys the hash of API keys, so that the hash is useless elsewhere.
    """

    sources: tuple[UnitSource, ...] = tuple(source for source in UnitSource if source is not UnitSource.RANDOM)
    end_user_header: str = "X-End-User"
    cookie: str = "segue_unit"
    salt: str = ""


class Identity:
    """Assigns request ids and units. A request id is a random name of this process and a number."""

    def __init__(self, entropy: Entropy, rules: UnitRules | None = None) -> None:
        rules = rules or UnitRules()
        self._process = entropy.token()[:16]
        self._count = 0
        self._unnamed = entropy.token()
        self._unnamed_count = 0
        self._cookie = rules.cookie.encode()
        self._salt = rules.salt.encode()
        end_user_header = rules.end_user_header.lower().encode()
        readers: dict[UnitSource, _Reader] = {
            UnitSource.USER: (0, (_USER_HEADER,), _by_header(_USER_HEADER)),
            UnitSource.SESSION: (1, (_SESSION_HEADER,), _by_header(_SESSION_HEADER)),
            UnitSource.END_USER: (2, (end_user_header,), _by_header(end_user_header)),
            UnitSource.COOKIE: (_UNNAMED, (b"cookie",), self._by_cookie),
            UnitSource.KEY: (_UNNAMED, (b"authorization", *_KEY_HEADERS), self._hashed_key),
        }
        self._sources = [(source, *readers[source]) for source in rules.sources]
        self._headers_read = frozenset(name for _, _, names, _ in self._sources for name in names)

    def request_id(self, headers: _Headers) -> str:
        """The client's ``X-Request-ID`` if it is valid, otherwise a new id."""
        given = headers.get(_REQUEST_ID_HEADER)
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        self._count += 1
        return f"{self._process}{self._count:08x}"

    def unit(
        self,
        headers: _Headers,
        user: str | None,
        session: str | None,
        *,
        end_user: str | None = None,
    ) -> Unit:
        """The unit to assign; the three names come from the body.

        Raises:
            InvalidRequest: the name is longer than 256 characters.
        """
        named = (user, session, end_user, None)
        in_headers = not self._headers_read.isdisjoint(headers)
        if in_headers or any(named):
            for source, place, _, read in self._sources:
                name = named[place] or (in_headers and read(headers))
                if name:
                    return Unit(_checked(source, name), source, client_address())
        self._unnamed_count += 1  # drawing a new token for each would take a third of the time of a cache hit
        return Unit(f"{self._unnamed}{self._unnamed_count:x}", UnitSource.RANDOM, client_address())

    def _by_cookie(self, headers: _Headers) -> str:
        return _text(_cookie(headers.get(b"cookie"), self._cookie))

    def _hashed_key(self, headers: _Headers) -> str:
        key = _key(headers)
        if not key:
            return ""
        digest = blake2b(key, digest_size=_KEY_DIGEST_BYTES, key=self._salt)
        return f"key:{digest.hexdigest()}"


_FIELDS = {UnitSource.USER: "user_id", UnitSource.SESSION: "session_id", UnitSource.END_USER: "user"}


def _checked(source: UnitSource, name: str) -> str:
    if len(name) > _MAX_CHARS:
        field = _FIELDS.get(source, source)
        raise InvalidRequest(f"{field} has {len(name)} characters; the limit is {_MAX_CHARS}", field=field)
    return name


def _text(raw: bytes | None) -> str:
    """A header's text: UTF-8, so that a name is the same unit in a header and in a body; otherwise Latin-1."""
    if not raw:
        return ""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _by_header(name: bytes) -> Callable[[_Headers], str]:
    return lambda headers: _text(headers.get(name))


def _cookie(header: bytes | None, name: bytes) -> bytes:
    if header is None:
        return b""
    for pair in header.split(b";"):
        key, _, value = pair.strip().partition(b"=")
        if key == name:
            return value.strip(b'"')
    return b""


def _key(headers: _Headers) -> bytes:
    """The client's API key, from the header that its vendor uses."""
    bearer = _BEARER.fullmatch(headers.get(b"authorization", b""))
    if bearer is not None:
        return bearer[1].strip()
    return next((headers[name] for name in _KEY_HEADERS if headers.get(name)), b"")
