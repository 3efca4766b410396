"""Who says the rest of a text, when an arm breaks off in the middle of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.core.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.core.errors import SegueError
    from segue.service.router import Leg, Route, Router

_AGAIN_AFTER_S = (0.5, 6.0, 1.0)
"""A line of a file is asked for again after such waits: a slip is over after the first, a breaker has cooled down
after the second and lets pass after the third."""

_LONGEST_WAIT_S = 60.0


class Backup(NamedTuple):
    """The leg that goes on after ``wait_s``. ``anew``: it says all of the text, from the first word."""

    leg: Leg
    wait_s: float = 0.0
    anew: bool = False


class Backups:
    """For listeners: the baseline behind a candidate; behind the baseline, once, itself.

    For files, which nobody waits for and which have one voice: the same again and again, for every line; then the
    baseline behind a candidate, anew.
    """

    def __init__(self, router: Router, route: Route, leg: Leg, *, go_on: bool) -> None:
        self._router = router
        self._route = route
        self._leg = leg
        self._go_on = go_on
        self._failed_at = -1
        self._times = 0

    def after(self, failure: SegueError, start: int) -> Backup | None:
        """Who goes on after a failure in the line at ``start``; None: nobody can."""
        if isinstance(failure, InvalidRequest):
            return None
        if self._route.request.background:
            return self._again(failure, start) or self._other(anew=True)
        if not self._go_on:
            return None
        return self._other() or self._once_more()

    def _again(self, failure: SegueError, start: int) -> Backup | None:
        if start != self._failed_at:
            self._failed_at, self._times = start, 0
        if self._times == len(_AGAIN_AFTER_S) or not failure.retryable:
            return None
        wait_s = max(_AGAIN_AFTER_S[self._times], failure.retry_after_s or 0.0)
        self._times += 1
        return Backup(self._leg, min(wait_s, _LONGEST_WAIT_S))

    def _other(self, *, anew: bool = False) -> Backup | None:
        fallback = self._router.fallback(self._route) if self._leg is self._route.leg else None
        if fallback is None:
            return None
        self._leg, self._failed_at = fallback, -1
        return Backup(fallback, anew=anew)

    def _once_more(self) -> Backup | None:
        self._times += 1
        return Backup(self._leg) if self._times == 1 else None
