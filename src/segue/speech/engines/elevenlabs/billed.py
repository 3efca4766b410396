"""The costs of responses, from their headers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import httpx

_COST = "character-cost"
_NOW = "current-concurrent-requests"
_MOST = "maximum-concurrent-requests"


@dataclass(slots=True)
class Billed:
    """Totals since the engine was created.

    ``requests`` were answered with speech and billed with ``characters``; ``unpriced`` ones had no price.
    ``most_concurrent`` is the plan's limit, and ``concurrent`` the number of concurrent requests; both are from
    the latest response, or None.
    """

    requests: int = 0
    characters: float = 0.0
    unpriced: int = 0
    concurrent: int | None = None
    most_concurrent: int | None = None

    def add(self, headers: httpx.Headers) -> float | None:
        """Counts a response. Returns its cost in characters, or None if the response has no price."""
        self.requests += 1
        cost = _number(headers.get(_COST))
        if cost is None:
            self.unpriced += 1
        else:
            self.characters += cost
        self.concurrent = _whole(headers.get(_NOW), self.concurrent)
        self.most_concurrent = _whole(headers.get(_MOST), self.most_concurrent)
        return cost


def _number(said: str | None) -> float | None:
    try:
        found = float(said or "")
    except ValueError:
        return None
    return found if 0 <= found < float("inf") else None


def _whole(said: str | None, before: int | None) -> int | None:
    found = _number(said)
    return before if found is None else int(found)
