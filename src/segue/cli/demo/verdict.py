"""What each stage served, and whether the demo's expectations were met."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from segue.rollout.core.rollout import Phase, Verb
from segue.rollout.core.stats import binomial_bounds

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from segue.cli.demo.scenario import DemoProgress
    from segue.cli.demo.traffic import DemoAnswer

BOUNDS_ALPHA = 1e-6
"""Probability that a correct split lies outside its bounds."""

_SETTLES_S = 0.5
"""Much longer than a replica takes to apply a change: later requests are assigned by the new stage."""


_JUDGE = "judge"
"""The actor in the history for automatic decisions."""


class SharePeriod(NamedTuple):
    """A period with a constant share, and the requests that were sent and answered within it."""

    title: str
    share_ratio: float
    heard: Sequence[DemoAnswer]
    held_back: frozenset[str] = frozenset()

    def users(self) -> dict[str, set[str]]:
        """The arms that each user was assigned to; more than one is a fault.

        Without the requests for characters that were held back, which are not assigned by the share.
        """
        arms: dict[str, set[str]] = {}
        for one in self.heard:
            if one.assigned and one.character not in self.held_back:
                arms.setdefault(one.user, set()).add(one.assigned)
        return arms

    @property
    def on_candidate(self) -> int:
        return sum("candidate" in arms for arms in self.users().values())

    @property
    def bounds(self) -> tuple[int, int]:
        """The lowest and highest number of users on the candidate that chance explains."""
        return binomial_bounds(len(self.users()), self.share_ratio, BOUNDS_ALPHA)

    @property
    def models(self) -> Counter[str]:
        return Counter(one.model for one in self.heard if one.model)


@dataclass(frozen=True, slots=True)
class DemoOutcome:
    """The whole demo: its periods, all responses, and the rollout's status and history."""

    stays: Sequence[SharePeriod]
    heard: Sequence[DemoAnswer]
    told: DemoProgress

    @property
    def faults(self) -> list[str]:
        """The expectations that were not met; empty if all were."""
        return [*self._of_listeners(), *self._of_rollout()]

    def _of_listeners(self) -> Iterator[str]:
        failed = sum(one.failed for one in self.heard)
        if failed:
            yield f"{failed} of {len(self.heard)} requests failed"
        for stay in self.stays:
            torn = sum(len(arms) > 1 for arms in stay.users().values())
            if torn:
                yield f"{stay.title}: {torn} users were sent to both arms"
            low, high = stay.bounds
            if not low <= stay.on_candidate <= high:
                yield f"{stay.title}: {stay.on_candidate} users on the candidate; chance gives {low} to {high}"

    def _of_rollout(self) -> Iterator[str]:
        broken_at_s = self.told.broken_at_s
        if broken_at_s is None:
            yield "the stage in which the demo breaks the candidate was not reached in time"
        elif not any(_went_back(event.kind, event.actor, event.at_s - broken_at_s) for event in self.told.events):
            yield "the fault was not detected"
        status = self.told.status
        if status is None:
            yield "the plan did not finish in time; it has not begun"
        elif status.state.phase != Phase.FINISHED:
            why = "; ".join(status.judgement.reasons) if status.judgement else "nobody has judged it yet"
            yield f"the plan did not finish in time; it is {status.state.phase}: {why}"


def _went_back(kind: str, actor: str, after_s: float) -> bool:
    return kind == Verb.ROLL_BACK and actor == _JUDGE and after_s > 0


def outcome(told: DemoProgress, heard: Sequence[DemoAnswer]) -> DemoOutcome:
    return DemoOutcome([stay for stay in _stays(told, heard) if stay.heard], heard, told)


def _stays(told: DemoProgress, heard: Sequence[DemoAnswer]) -> Iterator[SharePeriod]:
    moments = [
        (event.at_s, _title(told, number), _share(told, number), frozenset(event.after.held_back))
        for number, event in enumerate(told.events)
    ]
    if told.broken_at_s is not None:
        _, title, share_ratio, held_back = [moment for moment in moments if moment[0] < told.broken_at_s][-1]
        broken = (told.broken_at_s, f"{title}, candidate broken", share_ratio, held_back)
        moments = sorted([*moments, broken], key=lambda moment: moment[0])
    ends_s = [at_s for at_s, *_ in moments[1:]] + [float("inf")]
    for (at_s, title, share_ratio, held_back), end_s in zip(moments, ends_s, strict=True):
        within = [one for one in heard if _within(one, at_s + _SETTLES_S, end_s)]
        yield SharePeriod(title, share_ratio, within, held_back)


def _within(one: DemoAnswer, from_s: float, to_s: float) -> bool:
    return from_s <= one.asked_at_s and one.answered_at_s < to_s


def _share(told: DemoProgress, number: int) -> float:
    state = told.events[number].after
    return state.share_percent / 100.0 if state.enabled else 0.0


def _title(told: DemoProgress, number: int) -> str:
    event = told.events[number]
    plan = told.status.plan if told.status else None
    if event.kind == Verb.ROLL_BACK:
        return "rolled back"
    if plan is None or event.kind == Verb.BOOT:
        return "before the plan"
    stage = plan.stages[event.after.stage].name
    return {Verb.RESUME: f"{stage}, resumed", Verb.FINISH: f"{stage}, finished"}.get(Verb(event.kind), stage)
