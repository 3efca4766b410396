"""What a rollout waits for before it enters its next stage, as codes with numbers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.rollout.core.gates import Verdict
from segue.rollout.core.rollout import Phase, coming_place

if TYPE_CHECKING:
    from segue.rollout.core.decide import Decision
    from segue.rollout.core.plan import Place, Plan
    from segue.rollout.core.reasons import Reason
    from segue.rollout.core.rollout import RolloutState


class Awaited(StrEnum):
    """What is missing.

    ``approval``: a person's. ``hours``: the stage's. ``gates``: some are not met. ``traffic``: some gates need
    more of it. ``judge``: the judge holds for another reason.
    """

    APPROVAL = "approval"
    HOURS = "hours"
    GATES = "gates"
    TRAFFIC = "traffic"
    JUDGE = "judge"


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that the rollout waits for. ``from_s`` (Unix time) is when the stage's hours begin, otherwise 0.

    ``names`` are gates; ``reasons`` are the judge's.
    """

    what: Awaited
    from_s: float = 0.0
    names: tuple[str, ...] = ()
    reasons: tuple[Reason | str, ...] = ()


def waits(plan: Plan, state: RolloutState, decision: Decision | None, now_s: float) -> list[Wait]:
    """What the rollout waits for at ``now_s`` if it waits for an approval or for hours; otherwise nothing.

    ``decision`` is the judge's decision about this state; None if there is none yet.
    """
    target = coming_place(state, plan)
    if target is None or state.phase not in (Phase.AWAITING_APPROVAL, Phase.AWAITING_HOURS):
        return []
    found = _guards(plan, state, target, now_s)
    if state.entering is None and decision is not None and decision.verb is None:
        found += _evidence(decision, alone=not found)
    return found


def _guards(plan: Plan, state: RolloutState, target: Place, now_s: float) -> list[Wait]:
    stage = plan.stage(target)
    found = []
    if stage.approval and state.approved != target:
        found.append(Wait(Awaited.APPROVAL))
    if stage.hours is not None and not stage.is_open(now_s):
        found.append(Wait(Awaited.HOURS, stage.hours.opens(now_s).timestamp()))
    return found


def _evidence(decision: Decision, *, alone: bool) -> list[Wait]:
    unsure = tuple(one.gate for one in decision.readings if one.verdict is Verdict.INCONCLUSIVE)
    missed = tuple(one.gate for one in decision.readings if one.verdict in (Verdict.FAIL, Verdict.ERROR))
    found = [
        Wait(what, names=gates) for what, gates in ((Awaited.GATES, missed), (Awaited.TRAFFIC, unsure)) if gates
    ]
    if not found and (alone or not decision.readings):
        return [Wait(Awaited.JUDGE, reasons=decision.reasons)]
    return found
