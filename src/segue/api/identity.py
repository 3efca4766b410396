"""Whose request this is: the caller's own name for a request, and the unit that its assignment sticks to.

In order: the user named in the body, ``X-User-ID``, the session named in the body, ``X-Session-ID``; a request
that names none is a unit of its own, drawn afresh.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from segue.core.errors import InvalidRequest
from segue.core.speech import Unit, UnitSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.ports.clock import Entropy

_USER_HEADER = b"x-user-id"
_SESSION_HEADER = b"x-session-id"
_REQUEST_ID_HEADER = b"x-request-id"
_REQUEST_ID = re.compile(rb"[A-Za-z0-9._:@/+=-]{1,128}")
_MAX_CHARS = 256


class Identity:
    """Names requests and units. Request ids are a random name of this process and a number."""

    def __init__(self, entropy: Entropy) -> None:
        self._entropy = entropy
        self._process = entropy.token()[:16]
        self._count = 0

    def request_id(self, headers: Mapping[bytes, bytes]) -> str:
        """The caller's ``X-Request-ID`` where it is usable, else a fresh one."""
        given = headers.get(_REQUEST_ID_HEADER)
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given.decode("ascii")
        self._count += 1
        return f"{self._process}{self._count:08x}"

    def unit(self, headers: Mapping[bytes, bytes], user: str | None, session: str | None) -> Unit:
        """Whom to assign.

        Raises:
            InvalidRequest: the name is longer than 256 characters.
        """
        user = user or headers.get(_USER_HEADER, b"").decode("latin-1")
        if user:
            return Unit(_checked("user_id", user), UnitSource.USER)
        session = session or headers.get(_SESSION_HEADER, b"").decode("latin-1")
        if session:
            return Unit(_checked("session_id", session), UnitSource.SESSION)
        return Unit(self._entropy.token(), UnitSource.RANDOM)


def _checked(field: str, name: str) -> str:
    if len(name) > _MAX_CHARS:
        raise InvalidRequest(f"{field} has {len(name)} characters; the limit is {_MAX_CHARS}", field=field)
    return name
