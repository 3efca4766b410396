"""The alerts: a warning if a gate misses its target, critical if it crosses its alarm level."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.ops.rules.measures import measures
from segue.rollout.core.rollout import Phase, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.rollout.core.gates import Gate, GateMetric
    from segue.rollout.core.plan import Plan


class Severity(StrEnum):
    """How soon a person must react: now, today, or when convenient."""

    CRITICAL = "critical"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Timing:
    """The window for rates, and how long a condition must last; in Prometheus's notation for durations."""

    window: str = "5m"
    critical_for: str = "2m"
    warning_for: str = "15m"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alerting rule. ``lasts`` is its ``for``; if it is empty, the rule fires immediately."""

    name: str
    expr: str
    lasts: str
    severity: Severity
    summary: str


@dataclass(frozen=True, slots=True)
class GateLevel:
    """A gate's level at which an alert fires."""

    gate: Gate
    level: float
    severity: Severity

    @property
    def name(self) -> str:
        words = "".join(word.capitalize() for word in self.gate.metric.split("_"))
        return f"Segue{words}{'Critical' if self.severity is Severity.CRITICAL else 'OffTarget'}"


def gate_levels(plan: Plan) -> Iterator[GateLevel]:
    """For each gate: its target as a warning, and as critical the level for a rollback or, if it has none, a step
    back.
    """
    for gate in plan.gates:
        if gate.target is not None:
            yield GateLevel(gate, gate.target, Severity.WARNING)
        alert = gate.step_back if gate.roll_back is None else gate.roll_back
        if alert is not None:
            yield GateLevel(gate, alert, Severity.CRITICAL)


def alerts(plan: Plan, timing: Timing, job: str) -> list[Alert]:
    """All alerts; ``job`` is the label under which Prometheus scrapes the service."""
    gates = [_gate_alert(found, plan, timing) for found in gate_levels(plan)]
    return [*gates, *_service_alerts(timing, job), *_rollout_alerts(timing)]


def _gate_alert(found: GateLevel, plan: Plan, timing: Timing) -> Alert:
    """Does not fire with fewer cases than the listeners that the judge requires: two failures of three are not a
    rate.
    """
    metric, by_name = found.gate.metric, measures(timing.window)
    measure = by_name[metric]
    cases = by_name[measure.cases].record(timing.window)
    sign = "<" if metric.higher_is_better else ">"
    least = f"{plan.statistics.least_listeners:g}"
    on = f"on ({measure.by})"
    critical = found.severity is Severity.CRITICAL
    return Alert(
        found.name,
        f"{measure.record(timing.window)} {sign} {found.level:g} and {on} {cases} >= {least}",
        timing.critical_for if critical else timing.warning_for,
        found.severity,
        _gate_summary(found, metric, measure.by),
    )


def _gate_summary(found: GateLevel, metric: GateMetric, by: str) -> str:
    whose = f"{{{{ $labels.{by} }}}}: " if by else ""
    value = "{{ $value | humanizeDuration }}" if metric.is_duration else "{{ $value | humanizePercentage }}"
    level = f"{found.level:g} s" if metric.is_duration else f"{found.level * 100:g} %"
    side = "below" if metric.higher_is_better else "above"
    what = "the alarm level" if found.severity is Severity.CRITICAL else "the target"
    return f"{whose}{metric.replace('_', ' ')} is {value}, {side} {what} of {level}"


def _service_alerts(timing: Timing, job: str) -> list[Alert]:
    up = f'up{{job="{job}"}}'
    failing = f'sum(rate({catalog.REQUESTS.name}{{outcome="failed"}}[{timing.window}])) > 0'
    spoken = f'(sum(rate({catalog.SYNTHESIS.name}{{status="success"}}[{timing.window}])) or vector(0)) == 0'
    return [
        Alert(
            "SegueScrapeGone",
            f"{up} == 0 or absent({up})",
            timing.critical_for,
            Severity.CRITICAL,
            "{{ if $labels.instance }}Prometheus cannot scrape {{ $labels.instance }}{{ else }}Prometheus has no "
            f"replica to scrape (job {job}){{{{ end }}}}",
        ),
        Alert(
            "SegueBothArmsDown",
            f"({failing}) and ({spoken})",
            timing.critical_for,
            Severity.CRITICAL,
            "requests fail and no engine of either arm has produced audio",
        ),
        Alert(
            "SegueBreakerOpen",
            f"max by (engine, family) ({catalog.BREAKER_OPEN.name}) == 1",
            timing.critical_for,
            Severity.WARNING,
            "{{ $labels.engine }}/{{ $labels.family }} failed repeatedly and is not called now (its breaker is "
            "open)",
        ),
        *_capacity_alerts(timing),
    ]


def _capacity_alerts(timing: Timing) -> list[Alert]:
    lasts, warning = timing.critical_for, Severity.WARNING
    return [
        Alert("SegueOverloaded", f"sum(rate({REFUSED}[{timing.window}])) > 0", lasts, warning, _OVERLOADED),
        Alert(
            "SegueDiskShort", f"max by (instance) ({catalog.DISK_SHORT.name}) == 1", lasts, warning, _DISK_SHORT
        ),
        Alert(
            "SegueDiskHangs",
            f"max by (instance) ({catalog.CACHE_LEFT_ALONE.name}) == 1",
            lasts,
            warning,
            _DISK_HANGS,
        ),
    ]


def _rollout_alerts(timing: Timing) -> list[Alert]:
    awaiting = f'max({catalog.PHASE.name}{{phase="{Phase.AWAITING_APPROVAL}"}}) == 1'
    back = f"{Verb.STEP_BACK}|{Verb.HOLD_BACK}|{Verb.ROLL_BACK}"
    went_back = f'increase({catalog.TRANSITIONS.name}{{kind=~"{back}"}}[{timing.window}])'
    later, soon = timing.warning_for, timing.critical_for
    warning, info = Severity.WARNING, Severity.INFO
    return [
        Alert("SegueRolloutWentBack", f"sum by (kind, trigger) ({went_back}) > 0", "", warning, _WENT_BACK),
        Alert("SegueRolloutStuck", f"max({catalog.STUCK.name}) == 1", soon, warning, _STUCK),
        Alert("SegueRolloutHoldOver", f"max({catalog.HOLD_OVER.name}) == 1", later, info, _HOLD_OVER),
        Alert("SegueApprovalWanted", awaiting, soon, info, _APPROVAL),
        Alert("SegueMetricsUnreadable", f"max({catalog.UNREADABLE.name}) == 1", soon, warning, _UNREADABLE),
        Alert("SegueNobodyActs", f"max({catalog.ACTING.name}) == 0", soon, warning, _NOBODY),
    ]


REFUSED = '{}{{door="{}",reason="{}"}}'.format(catalog.TURNED_AWAY.name, *catalog.OVERLOADED)
"""The series of requests for which neither arm had capacity."""

_OVERLOADED = (
    "requests are refused with 503 for lack of capacity: there are too many for both arms, or the engines are slow"
)
_DISK_SHORT = (
    "the data directory's disk of {{ $labels.instance }} is nearly full or does not respond: no audio is written "
    "to files, and no long texts are accepted"
)
_DISK_HANGS = "the cache disk of {{ $labels.instance }} does not respond: audio is synthesized again"
_WENT_BACK = (
    'the rollout went back: {{ $labels.kind }}{{ if ne $labels.trigger "none" }} (trigger {{ $labels.trigger '
    "}}){{ end }}; see `segue rollout history`"
)
_STUCK = (
    "a step of the rollout has lasted longer than the plan's progress deadline; `segue rollout status` says what "
    "it waits for"
)
_HOLD_OVER = "the hold of a step is over but the step does not end; `segue rollout status` says what it waits for"
_APPROVAL = "the rollout waits for an approval (`segue rollout approve`)"
_UNREADABLE = (
    "the judge cannot read its source of metrics: the rollout neither advances nor goes back automatically"
)
_NOBODY = "no replica controls the rollout: it does not advance, and no alarm is acted on"
