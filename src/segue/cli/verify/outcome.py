"""The possible outcomes of a check."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from segue.kernel.errors import SegueError


class CheckStatus(StrEnum):
    PASSED = "passed"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class CheckOutcome:
    """The outcome of one check. If it failed, ``means`` says what that indicates and ``do`` what to do."""

    name: str
    status: CheckStatus
    detail: str
    means: str = ""
    do: str = ""
    took_s: float = 0.0


class CheckFailed(SegueError):  # noqa: N818 - a condition, as the rest of the tree
    """A check found a fault."""

    def __init__(self, detail: str, *, means: str, do: str) -> None:
        super().__init__(detail)
        self.means = means
        self.do = do


class CheckSkipped(SegueError):  # noqa: N818
    """A check was not made, which is not a fault; the message says why."""
