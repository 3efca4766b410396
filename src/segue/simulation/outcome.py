"""How one run of a plan went."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.core.decide import Trigger
    from segue.core.rollout import Verb


class Ending(StrEnum):
    """How a run ended."""

    FINISHED = "finished"
    ROLLED_BACK = "rolled_back"
    STEPPED_BACK = "stepped_back"
    HELD_BACK = "held_back"
    PAUSED = "paused"
    STUCK = "stuck"


@dataclass(frozen=True, slots=True)
class Back:
    """The first time that a run went back.

    ``after_s``, ``after_requests`` (to the candidate) and ``bad_answers`` count from the fault's beginning; NaN
    where no fault had begun. ``bad_answers`` are listeners whose candidate failed, or took longer than the gravest
    level of the plan's gates.
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
class Outcome:
    """One run, in virtual seconds. ``stage`` is the one it ended in; ``back`` is None where it never went back."""

    ending: Ending
    took_s: float
    stage: int
    why: str
    back: Back | None = None
