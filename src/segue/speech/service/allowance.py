"""Keeps calls to one voice family within the vendor's quota, so that the vendor does not have to refuse them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from segue.kernel.errors import QuotaExhausted
from segue.speech.core.quota import TokenBucket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import BulkheadName, Recorder
    from segue.speech.core.catalogue import Quota


_KEPT_RATIO = 0.5
"""The part of a bucket that background calls leave for listeners."""


class Allowance:
    """Requests and characters per minute, and concurrent streams.

    With ``replicas`` processes on one quota, each takes an equal part.
    """

    def __init__(
        self, bulkhead: BulkheadName, quota: Quota, clock: Clock, recorder: Recorder, *, replicas: int = 1
    ) -> None:
        self._bulkhead = bulkhead
        self._clock = clock
        self._recorder = recorder
        now_s = clock.monotonic_s()
        self._requests = _bucket(quota.requests_per_minute, replicas, now_s)
        self._chars = _bucket(quota.chars_per_minute, replicas, now_s)
        self._refused_until_s = 0.0
        self._streams_left = quota.concurrent_streams and max(1, quota.concurrent_streams // replicas)

    def spend(self, chars: int, *, spare: bool = False) -> None:
        """Takes one request with this number of characters. ``spare``: see ``check_spare``.

        Raises:
            QuotaExhausted: the allowance is used up; nothing was taken.
        """
        if spare:
            self.check_spare(chars)
        now_s = self._clock.monotonic_s()
        for limit, bucket, amount in self._asked(chars):
            wait_s = bucket.wait_s(amount, now_s)
            if wait_s > 0:
                raise self._spent(limit, wait_s)
        for _, bucket, amount in self._asked(chars):
            bucket.take(amount, now_s)

    def check_spare(self, chars: int) -> None:
        """Raises QuotaExhausted if a background call would leave too little for listeners."""
        now_s = self._clock.monotonic_s()
        for limit, bucket, amount in self._asked(chars):
            wait_s = bucket.wait_s(amount + bucket.capacity * _KEPT_RATIO, now_s)
            if wait_s > 0:
                raise self._exhausted(limit, wait_s)
        if self._streams_left == 1:
            raise self._exhausted("streams", 1.0)

    @contextmanager
    def stream(self, *, spare: bool = False) -> Iterator[None]:
        """Holds one of the concurrent streams; ``spare``: not the last one."""
        if self._streams_left is None:
            yield
            return
        if self._streams_left == 0:
            raise self._spent("streams", 1.0)
        if spare and self._streams_left == 1:
            raise self._exhausted("streams", 1.0)
        self._streams_left -= 1
        try:
            yield
        finally:
            self._streams_left += 1

    def refused_upstream(self, retry_after_s: float) -> None:
        """The vendor refused a call although the allowance was not used up.

        No more calls are made until ``retry_after_s`` have passed.
        """
        self._recorder.quota_spent(self._bulkhead, "upstream")
        now_s = self._clock.monotonic_s()
        if self._requests is None:
            self._requests = TokenBucket(per_minute=600.0, filled_at_s=now_s)
        self._requests.drain(retry_after_s, now_s)
        self._refused_until_s = max(self._refused_until_s, now_s + retry_after_s)

    def _asked(self, chars: int) -> Iterator[tuple[str, TokenBucket, float]]:
        if self._requests is not None:
            yield "requests", self._requests, 1.0
        if self._chars is not None:
            yield "characters", self._chars, float(chars)

    def _spent(self, limit: str, wait_s: float) -> QuotaExhausted:
        self._recorder.quota_spent(self._bulkhead, limit)
        return self._exhausted(limit, wait_s)

    def _exhausted(self, limit: str, wait_s: float) -> QuotaExhausted:
        engine, family = self._bulkhead
        if limit == "requests" and self._refused_until_s > self._clock.monotonic_s():
            told = f"{engine} refused an earlier call for {family} because its own limit was reached"
        else:
            told = f"this worker's part of the catalogue's quota of {limit} for {engine}/{family} is used up"
        return QuotaExhausted(f"{told}; try again in {wait_s:.1f} s", retry_after_s=wait_s)


def _bucket(per_minute: float | None, replicas: int, now_s: float) -> TokenBucket | None:
    return None if per_minute is None else TokenBucket(per_minute / replicas, now_s)
