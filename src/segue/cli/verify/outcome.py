"""What a check may come to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue.core.errors import SegueError


class Status(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check. ``means`` and ``do`` are there where it failed: what that is a sign of, and what to do."""

    name: str
    status: Status
    detail: str
    means: str = ""
    do: str = ""
    took_s: float = 0.0


class CheckFailed(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """Something does not hold."""

    def __init__(self, detail: str, *, means: str, do: str) -> None:
        super().__init__(detail)
        self.means = means
        self.do = do


class CheckSkipped(SegueError):  # noqa: N818
    """A check could not be made, which is no fault; the message says why."""
