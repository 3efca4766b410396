"""Compares measures with a plan's gates: a verdict for each measure, and one for all."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.kernel.ports.recorder import Outcome
from segue.kernel.telemetry import catalog
from segue.kernel.telemetry.counts import shares
from segue.ops.monitor.measures import Whom, measures
from segue.rollout.core.gates import Gate

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from segue.ops.monitor.measures import MeasuredValue
    from segue.ops.monitor.window import Window
    from segue.rollout.core.gates import GateMetric
    from segue.rollout.core.plan import Plan


class MeasureVerdict(StrEnum):
    """How a measure compares with its levels. ``few``: fewer cases than the plan requires for a verdict."""

    MET = "met"
    WARNING = "warning"
    ALERT = "alert"
    FEW = "too few to tell"
    NO_DATA = "no data"
    NO_GATE = "no gate"


class MonitorHealth(StrEnum):
    """The worst of all verdicts.

    ``few`` and ``no data``: there is no verdict. ``unreadable``: no metrics could be read.
    """

    HEALTHY = "healthy"
    WARNING = "warning"
    ALERT = "alert"
    FEW = "too few to tell"
    NO_DATA = "no data"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class MeasureLimits:
    """A measure with its levels, as ratios or seconds. ``alert`` is the level of a rollback."""

    whom: Whom
    metric: GateMetric
    value: float | None
    trials: float
    target: float | None
    step_back: float | None
    alert: float | None
    verdict: MeasureVerdict


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint that was scraped. ``trouble`` is the reason why it could not be read; empty if it could."""

    url: str
    trouble: str = ""


@dataclass(frozen=True, slots=True)
class Observation:
    """One observation of all replicas; ``window`` is None if there is nothing to report yet."""

    at_s: float
    replicas: tuple[Endpoint, ...]
    window: Window | None


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """The result of one observation. ``window_s`` is None for totals since each process's start.

    ``requests`` are by outcome; ``models`` are each model's part of the requests answered.
    """

    at_s: float
    health: MonitorHealth
    plan: str
    window_s: float | None
    since_boot: bool
    restarted: bool
    requests: Mapping[str, float]
    requests_per_s: float | None
    candidate_share_ratios: tuple[float, ...]
    models: Mapping[str, float | None]
    lines: tuple[MeasureLimits, ...]
    replicas: tuple[Endpoint, ...]

    def of(self, whom: Whom) -> dict[GateMetric, MeasureLimits]:
        return {line.metric: line for line in self.lines if line.whom == whom}


def reported(seen: Observation, plan: Plan) -> MonitorReport:
    """Compares the observation with the plan's gates."""
    window = seen.window
    lines: tuple[MeasureLimits, ...] = ()
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
    return MonitorReport(
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


def health(lines: Iterable[MeasureLimits], replicas: Sequence[Endpoint]) -> MonitorHealth:
    """Alert comes before warning, warning before healthy.

    One unreadable replica is a warning; if all are, ``unreadable``.
    """
    if all(replica.trouble for replica in replicas):
        return MonitorHealth.UNREADABLE
    found = {line.verdict for line in lines}
    if MeasureVerdict.ALERT in found:
        return MonitorHealth.ALERT
    if MeasureVerdict.WARNING in found or any(replica.trouble for replica in replicas):
        return MonitorHealth.WARNING
    if MeasureVerdict.MET in found:
        return MonitorHealth.HEALTHY
    return MonitorHealth.FEW if MeasureVerdict.FEW in found else MonitorHealth.NO_DATA


def _line(one: MeasuredValue, gate: Gate | None, least: float) -> MeasureLimits:
    gate = gate or Gate(one.metric)
    verdict = judged(one, gate, least)
    return MeasureLimits(
        one.whom, one.metric, one.value, one.trials, gate.target, gate.step_back, gate.roll_back, verdict
    )


def judged(one: MeasuredValue, gate: Gate, least: float) -> MeasureVerdict:
    """Beyond ``roll_back`` is an alert; beyond ``step_back`` or off the target is a warning.

    ``least`` is the number of cases that a verdict requires.
    """
    if one.value is None:
        return MeasureVerdict.NO_DATA
    levels = [level for level in (gate.target, gate.step_back, gate.roll_back) if level is not None]
    if not levels:
        return MeasureVerdict.NO_GATE
    if one.trials < least:
        return MeasureVerdict.FEW
    value, up = one.value, one.metric.higher_is_better
    if gate.roll_back is not None and _beyond(value, gate.roll_back, up=up):
        return MeasureVerdict.ALERT
    short = gate.target is not None and (value <= gate.target if up else value >= gate.target)
    worse = gate.step_back is not None and _beyond(value, gate.step_back, up=up)
    return MeasureVerdict.WARNING if short or worse else MeasureVerdict.MET


def _beyond(value: float, level: float, *, up: bool) -> bool:
    return value < level if up else value > level
