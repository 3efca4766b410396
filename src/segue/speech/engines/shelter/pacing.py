"""Decides how soon a process that has died is replaced."""

from __future__ import annotations

_FREE_CRASHES = 5
_FIRST_PAUSE_S = 0.05
_LONGEST_AFTER_CRASHES_S = 1.0
_LONGEST_AFTER_STARTS_S = 10.0
_STARTS_IN_VAIN = 3


class Pacing:
    """Immediately, until it happens repeatedly; then after a pause that doubles, up to 1 s.

    If a process does not even start, no text is the cause. Attempts are then made less and less often, up to every
    10 s.
    """

    def __init__(self) -> None:
        self._crashes = 0
        self._failed_starts = 0

    @property
    def is_failing(self) -> bool:
        """Whether processes die without completing an utterance in between."""
        return self._crashes >= _FREE_CRASHES

    @property
    def starts_in_vain(self) -> bool:
        """Whether requests should not wait for the next start."""
        return self._failed_starts >= _STARTS_IN_VAIN

    def started(self) -> None:
        """A process is ready."""
        self._failed_starts = 0

    def spoke(self) -> None:
        """A process has completed an utterance."""
        self._crashes = 0

    def crashed_s(self) -> float:
        """How long to wait after a process that was ready has died."""
        self._crashes += 1
        return _doubled_s(self._crashes - _FREE_CRASHES, _LONGEST_AFTER_CRASHES_S)

    def not_started_s(self) -> float:
        """How long to wait after a process has not become ready."""
        self._failed_starts += 1
        return _doubled_s(self._failed_starts, _LONGEST_AFTER_STARTS_S)


def _doubled_s(times: int, longest_s: float) -> float:
    return 0.0 if times <= 0 else min(longest_s, _FIRST_PAUSE_S * 2.0 ** min(times, 30))
