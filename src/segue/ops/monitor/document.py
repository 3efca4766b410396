"""A report as JSON on one line, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from segue.ops.monitor.judgement import MeasureLimits, MonitorReport


def document(report: MonitorReport) -> str:
    """Rates are ratios from 0 to 1, times are seconds, and values that were not measured are null."""
    replicas = [{"url": one.url, "readable": not one.trouble, "trouble": one.trouble} for one in report.replicas]
    content: dict[str, Any] = {
        "at_s": report.at_s,
        "health": report.health,
        "plan": report.plan,
        "since_boot": report.since_boot,
        "window_s": report.window_s,
        "restarted": report.restarted,
        "requests": report.requests,
        "requests_per_s": report.requests_per_s,
        "candidate_share_ratios": report.candidate_share_ratios,
        "models": report.models,
        "measures": [_measure(line) for line in report.lines],
        "replicas": replicas,
    }
    return msgspec.json.encode(content).decode()


def _measure(line: MeasureLimits) -> dict[str, Any]:
    return {
        "model": line.whom.model,
        "arm": line.whom.arm,
        "character": line.whom.character,
        "metric": line.metric,
        "value": line.value,
        "cases": line.trials,
        "target": line.target,
        "step_back": line.step_back,
        "alert": line.alert,
        "verdict": line.verdict,
    }
