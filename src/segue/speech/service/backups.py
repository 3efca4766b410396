"""Decides what continues a stream after an arm has failed in the middle of the text.

These are not the ``backups`` of the catalogue, which are tried before any of a stream has been heard.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from segue.kernel.errors import SegueError
    from segue.speech.service.router import Rendition, Route, Router

_AGAIN_AFTER_S = (0.5, 6.0, 1.0)
"""The waits before a line of a file is requested again.

A short failure is over after the first wait. After the second a breaker has cooled down, and after the third it
lets calls through.
"""

_LONGEST_WAIT_S = 60.0


class Backup(NamedTuple):
    """The rendition that continues after ``wait_s``. ``anew``: it repeats the whole text from the first word."""

    rendition: Rendition
    wait_s: float = 0.0
    anew: bool = False


class Backups:
    """Chooses the backups of one stream.

    For listeners: after the candidate the baseline, and after the baseline the baseline once more. For files,
    which have one voice throughout and which no listener waits for: the same rendition several times for each
    line, then after the candidate the baseline, which repeats the whole text.
    """

    def __init__(self, router: Router, route: Route, rendition: Rendition, *, go_on: bool) -> None:
        self._router = router
        self._route = route
        self._rendition = rendition
        self._go_on = go_on
        self._failed_at = -1
        self._times = 0

    def after(self, failure: SegueError, start: int) -> Backup | None:
        """The backup after a failure in the line at ``start``; None if there is none."""
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
        return Backup(self._rendition, min(wait_s, _LONGEST_WAIT_S))

    def _other(self, *, anew: bool = False) -> Backup | None:
        asked_first = self._rendition.render_plan.arm is self._route.rendition.render_plan.arm
        fallback = self._router.fallback(self._route) if asked_first else None
        if fallback is None:
            return None
        self._rendition, self._failed_at = fallback, -1
        return Backup(fallback, anew=anew)

    def _once_more(self) -> Backup | None:
        self._times += 1
        return Backup(self._rendition) if self._times == 1 else None
