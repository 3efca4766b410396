"""Asks the candidate first and falls back to the baseline, both within the caller's time.

On each arm a voice may have backups. If the voice fails, they are tried in order, before the other arm.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Protocol, Self, TypeVar

from segue.kernel.assign import Diversion
from segue.kernel.errors import (
    AnswerTooLong,
    BreakerOpen,
    ErrorCode,
    InvalidRequest,
    Overloaded,
    QuotaExhausted,
    SegueError,
    Unavailable,
)
from segue.kernel.ports.recorder import OVERLOADED, Failed

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from segue.kernel.ports.clock import Clock
    from segue.kernel.ports.recorder import Recorder
    from segue.speech.service.router import Rendition, Route, Router
    from segue.speech.service.threads import Threads


class Diverted(Protocol):
    """A result that can be marked as made by another rendition than the first one."""

    def instead(self, diversion: Diversion, failure: ErrorCode) -> Self:
        """The result of the other arm, used because the first arm failed with this error."""
        ...

    def backing(self, failure: ErrorCode) -> Self:
        """The result of a backup on the same arm, used because the first voice failed with this error."""
        ...


Result = TypeVar("Result", bound=Diverted)


@dataclass(frozen=True, slots=True)
class Patience:
    """How the caller's time is divided.

    ``fallback_reserve_s`` is reserved for the baseline while the candidate is asked, and for the next backup while
    a voice is asked.
    """

    fallback_reserve_s: float = 5.0
    least_s: float = 0.05

    def first_s(self, allowed_s: float) -> float:
        """The part of the caller's time for the first attempt: all but the reserve, but at least half."""
        return max(allowed_s - self.fallback_reserve_s, allowed_s / 2)


class Failover:
    """Tries the renditions of a route in order. Returns which one answered, and why the first did not."""

    def __init__(
        self, router: Router, threads: Threads, patience: Patience, clock: Clock, recorder: Recorder
    ) -> None:
        self._router = router
        self._threads = threads
        self._patience = patience
        self._clock = clock
        self._recorder = recorder

    async def run(self, route: Route, make: Callable[[Rendition, float], Awaitable[Result]]) -> Result:
        """The result of ``make`` for the first rendition that succeeds.

        ``make`` is called with a rendition and the seconds allowed.

        Raises:
            SegueError: all failed: the last failure if there was no other rendition, else ``Unavailable``.
        """
        began_s = self._clock.monotonic_s()
        allowed_s = route.request.timeout_s
        other = await self._threads.run_if_long(len(route.request.text), self._router.fallback, route)
        first_s = allowed_s if other is None else self._patience.first_s(allowed_s)
        try:
            return await self._on_arm(route, route.rendition, make, first_s)
        except InvalidRequest:
            raise
        except SegueError as error:
            failure = error
        left_s = max(self._patience.least_s, allowed_s - (self._clock.monotonic_s() - began_s))
        if other is not None:
            return await self._fall_back(route, other, failure, make, left_s)
        if isinstance(failure, AnswerTooLong):
            raise _callers(failure) from failure
        once_more = _worth_a_retry(failure) and not route.rendition.render_plan.backups
        if not once_more or left_s < self._patience.fallback_reserve_s:
            raise failure
        return await make(route.rendition, left_s)

    async def _fall_back(
        self,
        route: Route,
        other: Rendition,
        failure: SegueError,
        make: Callable[[Rendition, float], Awaitable[Result]],
        left_s: float,
    ) -> Result:
        diversion = _why(failure)
        if diversion is not Diversion.QUOTA:
            self._recorder.fell_back(route.request, route.character.key, error_type(failure))
        try:
            found = await self._on_arm(route, other, make, left_s)
        except InvalidRequest:
            raise
        except SegueError as error:
            raise _neither(failure, error) from error
        return found.instead(diversion, failure.code)

    async def _on_arm(
        self,
        route: Route,
        first: Rendition,
        make: Callable[[Rendition, float], Awaitable[Result]],
        allowed_s: float,
    ) -> Result:
        """The result of the rendition or, if it fails, of the first of its backups that succeeds in time.

        Raises:
            SegueError: none succeeded; the first failure of a rendition that was called.
        """
        if not first.render_plan.backups:
            return await make(first, allowed_s)
        ends_s = self._clock.monotonic_s() + allowed_s
        try:
            return await make(first, self._patience.first_s(allowed_s))
        except InvalidRequest:
            raise
        except SegueError as error:
            failure = error
        behind = await self._threads.run_if_long(len(route.request.text), self._router.backups, route, first)
        return (await self._backed(route, (first, *behind), failure, make, ends_s)).backing(failure.code)

    async def _backed(
        self,
        route: Route,
        turns: Sequence[Rendition],
        failure: SegueError,
        make: Callable[[Rendition, float], Awaitable[Result]],
        ends_s: float,
    ) -> Result:
        """The result of the first of ``turns`` that succeeds by ``ends_s`` (monotonic). The rendition before them
        failed.
        """
        failures = [failure]
        for failed, backup in pairwise(turns):
            left_s = ends_s - self._clock.monotonic_s()
            if left_s < self._patience.least_s:
                break
            self._recorder.backed_up(_failed(route, failed, failures[-1]))
            try:
                return await make(backup, left_s if backup is turns[-1] else self._patience.first_s(left_s))
            except InvalidRequest:
                raise
            except SegueError as error:
                failures.append(error)
        raise next((one for one in failures if not isinstance(one, _NOT_ASKED)), failure)


_NOT_ASKED = (BreakerOpen, Overloaded, QuotaExhausted)


def _failed(route: Route, rendition: Rendition, failure: SegueError) -> Failed:
    render_plan = rendition.render_plan
    return Failed(
        route.request,
        render_plan.arm,
        render_plan.model,
        route.character.key,
        render_plan.bulkhead,
        error_type(failure),
    )


def _neither(first: SegueError, second: SegueError) -> SegueError:
    """The error for the caller after two failures, the candidate's and the baseline's."""
    if isinstance(first, AnswerTooLong) and isinstance(second, AnswerTooLong):
        return _callers(second)
    kind = Overloaded if isinstance(first, Overloaded) and isinstance(second, Overloaded) else Unavailable
    told = f"neither arm could answer: candidate {first.code}, baseline {second.code}"
    return kind(told, retry_after_s=second.retry_after_s)


def _callers(failure: AnswerTooLong) -> InvalidRequest:
    """The error if no arm is left: the caller must change the request."""
    return InvalidRequest(str(failure), field="text")


def _why(failure: SegueError) -> Diversion:
    if isinstance(failure, QuotaExhausted):
        return Diversion.QUOTA
    return Diversion.BREAKER_OPEN if isinstance(failure, BreakerOpen) else Diversion.FALLBACK


def error_type(failure: SegueError) -> str:
    """The label of the fallback counter: the error's code, except for calls that were never made."""
    if isinstance(failure, BreakerOpen):
        return "breaker_open"
    return OVERLOADED if isinstance(failure, Overloaded) else failure.code


def _worth_a_retry(failure: SegueError) -> bool:
    """Whether to ask the last rendition once more. Not if it is overloaded, out of quota, or known to be dead."""
    if isinstance(failure, BreakerOpen | Overloaded | QuotaExhausted):
        return False
    return failure.retryable and failure.code is not ErrorCode.DEADLINE
