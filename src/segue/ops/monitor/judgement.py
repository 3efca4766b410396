"""Measures held against a plan's gates: a verdict for each, and one for all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.core.gates import Gate
from segue.ops.monitor.measures import Whom, measures
from segue.ports.recorder import Outcome
from segue.telemetry import catalog
from segue.telemetry.counts import shares

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segue.core.gates import Metric
    from segue.core.plan import Plan
    from segue.ops.monitor.measures import Measure
    from segue.ops.monitor.window import Window


class Verdict(StrEnum):
    """How a measure stands to its levels. ``few``: fewer cases than the plan takes a verdict from."""

    MET = "met"
    WARNING = "warning"
    ALERT = "alert"
    FEW = "too few to tell"
    NO_DATA = "no data"
    NO_GATE = "no gate"


class Health(StrEnum):
    """The worst of all verdicts. ``few`` and ``no data``: none could be given; ``unreadable``: no metrics came."""

    HEALTHY = "healthy"
    WARNING = "warning"
    ALERT = "alert"
    FEW = "too few to tell"
    NO_DATA = "no data"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Line:
    """A measure with its levels: ratios, or seconds. ``alert`` is where a rollout goes back altogether."""

    whom: Whom
    metric: Metric
    value: float | None
    trials: float
    target: float | None
    step_back: float | None
    alert: float | None
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Replica:
    """An endpoint that was asked. ``trouble`` is empty where it answered."""

    url: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One look at all replicas; without a window where there is nothing yet to tell of."""

    at_s: float
    replicas: tuple[Replica, ...]
    window: Window | None


@dataclass(frozen=True, slots=True)
class Report:
    """What a look came to. ``window_s`` is None where totals since each process's start are reported.

    ``requests`` are by outcome; ``models`` are parts of what was heard.
    """

    at_s: float
    health: Health
    plan: str
    window_s: float | None
    since_boot: bool
    restarted: bool
    requests: Mapping[str, float]
    requests_per_s: float | None
    candidate_share_ratios: tuple[float, ...]
    models: Mapping[str, float | None]
    lines: tuple[Line, ...]
    replicas: tuple[Replica, ...]

    def of(self, whom: Whom) -> dict[Metric, Line]:
        return {line.metric: line for line in self.lines if line.whom == whom}


def reported(seen: Observation, plan: Plan) -> Report:
    """The observation held against the plan's gates."""
    window = seen.window
    lines: tuple[Line, ...] = ()
    heard: Mapping[str, float] = {}
    requests: Mapping[str, float] = {}
    if window is not None:
        gates = {gate.metric: gate for gate in plan.gates}
        lines = tuple(
            _line(one, gates.get(one.metric), plan.statistics.least_units)
            for one in measures(window)
            if one.trials or one.metric in gates or not one.metric.of_streams
        )
        heard = window.counts.by(catalog.REQUESTS_BY_CHARACTER.name, "voice_model")
        by_outcome = window.counts.by(catalog.REQUESTS.name, "outcome")
        requests = {str(outcome): by_outcome.get(outcome, 0.0) for outcome in Outcome} if by_outcome else {}
    return Report(
        seen.at_s,
        health(lines, seen.replicas),
        plan.name,
        window.length_s if window is not None else None,
        since_boot=window is not None and window.length_s is None,
        restarted=window is not None and window.restarted,
        requests=requests,
        requests_per_s=window.requests_per_s if window is not None else None,
        candidate_share_ratios=window.share_ratios if window is not None else (),
        models=shares(heard),
        lines=lines,
        replicas=seen.replicas,
    )


def health(lines: Iterable[Line], replicas: Sequence[Replica]) -> Health:
    """Alert before warning before healthy; a replica that cannot be read is a warning, none at all unreadable."""
    if all(replica.trouble for replica in replicas):
        return Health.UNREADABLE
    found = {line.verdict for line in lines}
    if Verdict.ALERT in found:
        return Health.ALERT
    if Verdict.WARNING in found or any(replica.trouble for replica in replicas):
        return Health.WARNING
    if Verdict.MET in found:
        return Health.HEALTHY
    return Health.FEW if Verdict.FEW in found else Health.NO_DATA


def _line(one: Measure, gate: Gate | None, least: float) -> Line:
    gate = gate or Gate(one.metric)
    verdict = judged(one, gate, least)
    return Line(one.whom, one.metric, one.value, one.trials, gate.target, gate.step_back, gate.roll_back, verdict)


def judged(one: Measure, gate: Gate, least: float) -> Verdict:
    """Beyond ``roll_back`` is an alert, beyond ``step_back`` or short of the target a warning.

    ``least`` is how many cases a verdict takes.
    """
    if one.value is None:
        return Verdict.NO_DATA
    levels = [level for level in (gate.target, gate.step_back, gate.roll_back) if level is not None]
    if not levels:
        return Verdict.NO_GATE
    if one.trials < least:
        return Verdict.FEW
    value, up = one.value, one.metric.higher_is_better
    if gate.roll_back is not None and _beyond(value, gate.roll_back, up=up):
        return Verdict.ALERT
    short = gate.target is not None and (value <= gate.target if up else value >= gate.target)
    worse = gate.step_back is not None and _beyond(value, gate.step_back, up=up)
    return Verdict.WARNING if short or worse else Verdict.MET


def _beyond(value: float, level: float, *, up: bool) -> bool:
    return value < level if up else value > level
