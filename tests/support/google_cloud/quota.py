"""Requests per minute, counted for each family."""

from __future__ import annotations

from collections import defaultdict, deque
from typing import TYPE_CHECKING

from support.google_cloud.status import Refusal, quota_spent

if TYPE_CHECKING:
    from collections.abc import Callable

    from support.google_cloud.service import Service
    from support.google_cloud.voices import Family

_MINUTE_S = 60.0


class QuotaCounter:
    """A sliding minute; families that share a quota share the count."""

    def __init__(self, service: Service, now_s: Callable[[], float]) -> None:
        self._service = service
        self._now_s = now_s
        self._taken_s: defaultdict[str, deque[float]] = defaultdict(deque)

    def take(self, family: Family) -> None:
        """Counts a request.

        Raises:
            Refusal: the minute's requests are spent; it says when the next will be taken.
        """
        allowed = self._service.requests_per_minute.get(family, family.value.requests_per_minute)
        taken_s, now_s = self._taken_s[family.value.quota], self._now_s()
        while taken_s and taken_s[0] <= now_s - _MINUTE_S:
            taken_s.popleft()
        if len(taken_s) >= allowed:
            wait_s = taken_s[-allowed] + _MINUTE_S - now_s if allowed else _MINUTE_S
            raise Refusal(quota_spent(family.value.quota, wait_s))
        taken_s.append(now_s)
