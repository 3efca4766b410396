"""What a vendor lets one voice family do, spent before the vendor has to refuse."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from segue.core.errors import QuotaExhausted
from segue.core.quota import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.core.catalogue import Quota
    from segue.ports.clock import Clock
    from segue.ports.recorder import LaneName, Recorder


class Allowance:
    """Requests and characters by the minute, and streams at once.

    With ``replicas`` processes on one quota each takes an equal part.
    """

    def __init__(
        self, lane: LaneName, quota: Quota, clock: Clock, recorder: Recorder, *, replicas: int = 1
    ) -> None:
        self._lane = lane
        self._clock = clock
        self._recorder = recorder
        now_s = clock.monotonic_s()
        self._requests = _bucket(quota.requests_per_minute, replicas, now_s)
        self._chars = _bucket(quota.chars_per_minute, replicas, now_s)
        self._streams_left = quota.concurrent_streams and max(1, quota.concurrent_streams // replicas)

    def spend(self, chars: int) -> None:
        """Takes one request of so many characters from the allowance.

        Raises:
            QuotaExhausted: it is spent; nothing was taken.
        """
        now_s = self._clock.monotonic_s()
        asked = (("requests", self._requests, 1.0), ("characters", self._chars, float(chars)))
        for limit, bucket, amount in asked:
            wait_s = bucket.wait_s(amount, now_s) if bucket is not None else 0.0
            if wait_s > 0:
                raise self._spent(limit, wait_s)
        for _, bucket, amount in asked:
            if bucket is not None:
                bucket.take(amount, now_s)

    @contextmanager
    def stream(self) -> Iterator[None]:
        """Holds one of the streams that may be open at once."""
        if self._streams_left is None:
            yield
            return
        if self._streams_left == 0:
            raise self._spent("streams", 1.0)
        self._streams_left -= 1
        try:
            yield
        finally:
            self._streams_left += 1

    def refused_upstream(self, retry_after_s: float) -> None:
        """The vendor said no before we did: nothing more is asked until it may say yes."""
        self._recorder.quota_spent(self._lane, "upstream")
        now_s = self._clock.monotonic_s()
        if self._requests is None:
            self._requests = TokenBucket(per_minute=600.0, filled_at_s=now_s)
        self._requests.drain(retry_after_s, now_s)

    def _spent(self, limit: str, wait_s: float) -> QuotaExhausted:
        self._recorder.quota_spent(self._lane, limit)
        engine, family = self._lane
        return QuotaExhausted(
            f"the quota of {limit} for {engine}/{family} is spent for {wait_s:.1f} s", retry_after_s=wait_s
        )


def _bucket(per_minute: float | None, replicas: int, now_s: float) -> TokenBucket | None:
    return None if per_minute is None else TokenBucket(per_minute / replicas, now_s)
