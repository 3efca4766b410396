"""The outcome of one run of a plan."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.rollout.core.decide import Trigger
    from segue.rollout.core.rollout import Verb


class RunEnding(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    ROLLED_BACK = "rolled_back"
    STEPPED_BACK = "stepped_back"
    HELD_BACK = "held_back"
    PAUSED = "paused"
    STUCK = "stuck"
    GOING_ON = "going_on"


@dataclass(frozen=True, slots=True)
class Back:
    """The first time that a run went back.

    ``after_s``, ``after_requests`` (to the candidate) and ``bad_answers`` count from the start of the fault; NaN
    if no fault had begun. ``bad_answers`` are listeners for whom the candidate failed, or took longer than the
    most severe level of the plan's gates.
    """

    verb: Verb
    trigger: Trigger | None
    stage: int
    at_s: float
    why: str
    after_s: float = math.nan
    after_requests: float = math.nan
    bad_answers: float = math.nan

    @property
    def before_fault(self) -> bool:
        return math.isnan(self.after_s)


@dataclass(frozen=True, slots=True)
class RunOutcome:
    """One run, in virtual seconds.

    ``stage`` is the one in which it ended; ``back`` is None if it never went back.
    """

    ending: RunEnding
    took_s: float
    stage: int
    why: str
    back: Back | None = None
