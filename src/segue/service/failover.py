"""The candidate asked first, the baseline ready behind it, both inside the caller's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from segue.core.assign import Diversion
from segue.core.errors import (
    BreakerOpen,
    ErrorCode,
    InvalidRequest,
    Overloaded,
    QuotaExhausted,
    SegueError,
    Unavailable,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from segue.ports.clock import Clock
    from segue.ports.recorder import Recorder
    from segue.service.router import Leg, Route, Router


class Diverted(Protocol):
    """Something made for a request, that can say that another leg than the first one made it."""

    def instead(self, diversion: Diversion, failure: ErrorCode) -> Self: ...


Result = TypeVar("Result", bound=Diverted)


@dataclass(frozen=True, slots=True)
class Patience:
    """``fallback_reserve_s``: what of the caller's time is kept for the baseline while the candidate is asked."""

    fallback_reserve_s: float = 5.0
    least_s: float = 0.05


class Failover:
    """Tries the legs of a route in order; says which answered, and why not the first."""

    def __init__(self, router: Router, patience: Patience, clock: Clock, recorder: Recorder) -> None:
        self._router = router
        self._patience = patience
        self._clock = clock
        self._recorder = recorder

    async def run(self, route: Route, make: Callable[[Leg, float], Awaitable[Result]]) -> Result:
        """What ``make`` (of a leg, in the seconds allowed) gives, from the first leg that gives it.

        Raises:
            SegueError: none did; the last failure where there was no other leg, else ``Unavailable``.
        """
        began_s = self._clock.monotonic_s()
        allowed_s = route.request.timeout_s
        backup = self._router.fallback(route)
        first_s = allowed_s if backup is None else self._share_of_first(allowed_s)
        try:
            return await make(route.leg, first_s)
        except InvalidRequest:
            raise
        except SegueError as error:
            failure = error
        left_s = max(self._patience.least_s, allowed_s - (self._clock.monotonic_s() - began_s))
        if backup is not None:
            return await self._fall_back(route, backup, failure, make, left_s)
        if not _worth_a_retry(failure) or left_s < self._patience.fallback_reserve_s:
            raise failure
        return await make(route.leg, left_s)

    def _share_of_first(self, allowed_s: float) -> float:
        """All but the reserve; half, where the caller's time is shorter than two reserves."""
        return max(allowed_s - self._patience.fallback_reserve_s, allowed_s / 2)

    async def _fall_back(
        self,
        route: Route,
        backup: Leg,
        failure: SegueError,
        make: Callable[[Leg, float], Awaitable[Result]],
        left_s: float,
    ) -> Result:
        diversion = _why(failure)
        if diversion is not Diversion.QUOTA:
            self._recorder.fell_back(route.request, route.character.key, error_type(failure))
        try:
            found = await make(backup, left_s)
        except InvalidRequest:
            raise
        except SegueError as error:
            raise Unavailable(
                f"neither arm could answer: candidate {failure.code}, baseline {error.code}",
                retry_after_s=error.retry_after_s,
            ) from error
        return found.instead(diversion, failure.code)


def _why(failure: SegueError) -> Diversion:
    if isinstance(failure, QuotaExhausted):
        return Diversion.QUOTA
    return Diversion.BREAKER_OPEN if isinstance(failure, BreakerOpen) else Diversion.FALLBACK


def error_type(failure: SegueError) -> str:
    """The label of the fallback counter: the error's code, but for calls that were never made."""
    if isinstance(failure, BreakerOpen):
        return "breaker_open"
    return "overloaded" if isinstance(failure, Overloaded) else failure.code


def _worth_a_retry(failure: SegueError) -> bool:
    """The last leg is asked once more, but not when it is overloaded, out of quota, or known to be dead."""
    if isinstance(failure, BreakerOpen | Overloaded | QuotaExhausted):
        return False
    return failure.retryable and failure.code is not ErrorCode.DEADLINE
