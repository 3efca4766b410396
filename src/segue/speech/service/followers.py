"""Limits the number of clients that follow jobs' events.

Each of them reads a record a few times per second.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from segue.kernel.errors import Overloaded

if TYPE_CHECKING:
    from collections.abc import Callable

_RETRY_AFTER_S = 5.0


class Followers:
    """Places for ``by_job`` followers of each job, and ``in_all`` followers in this worker."""

    def __init__(self, *, by_job: int, in_all: int) -> None:
        self._by_job = by_job
        self._in_all = in_all
        self._taken: Counter[str] = Counter()

    @property
    def count(self) -> int:
        return self._taken.total()

    def enter(self, job_id: str) -> Callable[[], None]:
        """Takes a place. Call the returned function once to give it back.

        Raises:
            Overloaded: all places are taken.
        """
        if self._taken[job_id] >= self._by_job or self.count >= self._in_all:
            raise Overloaded(
                f"too many clients follow events: {self._taken[job_id]} for this job, {self.count} for all jobs "
                "of this worker; poll the job's status instead",
                retry_after_s=_RETRY_AFTER_S,
            )
        self._taken[job_id] += 1
        return lambda: self._left(job_id)

    def _left(self, job_id: str) -> None:
        self._taken[job_id] -= 1
        self._taken += Counter()  # removes jobs without followers
