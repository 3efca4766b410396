"""The query of Google's REST calls: ``key``, ``$alt``, ``languageCode``."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from enum import IntEnum

    from segue.api.asgi import Scope

_KEY_HEADER = b"x-goog-api-key"
_ALTS = {
    "": False,
    "json": False,
    "json;enum-encoding=string": False,
    "json;enum-encoding=int": True,
}
_MOST_FIELDS = 32
_MOST_SAID_CHARS = 64


class GoogleQuery:
    """The query's parameters; raises InvalidRequest for an output format other than JSON, or an invalid query."""

    def __init__(self, scope: Scope) -> None:
        text: str = scope.get("query_string", b"").decode("latin-1")
        try:
            self._values = dict(parse_qsl(text, max_num_fields=_MOST_FIELDS, errors="replace"))
        except ValueError:
            raise InvalidRequest(f"the query has more than {_MOST_FIELDS} fields") from None
        alt = self._values.get("$alt") or self._values.get("alt", "")
        if alt not in _ALTS:
            raise InvalidRequest(
                f"alt {alt[:_MOST_SAID_CHARS]!r} is not supported; responses are always JSON", field="$alt"
            )
        self._numbers = _ALTS[alt]

    @property
    def language(self) -> str:
        return self._values.get("languageCode") or self._values.get("language_code", "")

    def enum(self, value: IntEnum) -> int | str:
        """The enum as a number or a name, as the query asks."""
        return int(value) if self._numbers else value.name

    def with_key(self, headers: dict[bytes, bytes]) -> dict[bytes, bytes]:
        """The headers, with the API key of the query added as a header."""
        key = self._values.get("key")
        return {_KEY_HEADER: key.encode(), **headers} if key else headers
