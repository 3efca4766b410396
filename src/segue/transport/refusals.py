"""Counts refused connections and requests, and logs them at most once a second for each reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_EVERY_S = 1.0


class Refusals:
    """Refusals of one server. ``count`` is called for each with the server's name and the reason."""

    def __init__(self, door: str, count: Callable[[str, str], None], now_s: Callable[[], float]) -> None:
        self._door = door
        self._count = count
        self._now_s = now_s
        self._last_s: dict[str, float] = {}
        self._unsaid: dict[str, int] = {}
        self._log = structlog.get_logger("segue.transport")

    def note(self, reason: str, client: str, caller: str = "") -> None:
        """Counts a refusal, and logs it if allowed; ``since_last`` is the number of refusals not logged before.

        ``caller`` is the name of the client's key, if that is known.
        """
        self._count(self._door, reason)
        now_s = self._now_s()
        if now_s - self._last_s.get(reason, -_EVERY_S) < _EVERY_S:
            self._unsaid[reason] = self._unsaid.get(reason, 0) + 1
            return
        self._last_s[reason] = now_s
        since_last, named = self._unsaid.pop(reason, 0), {"caller": caller} if caller else {}
        self._log.warning(
            "turned_away", door=self._door, reason=reason, client=client, since_last=since_last, **named
        )
