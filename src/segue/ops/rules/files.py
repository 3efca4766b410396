"""Writes the rules, and the tests that each rule fires and stays silent when it should, as files."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from ruamel.yaml import YAML

from segue.ops.rules.alerts import Timing, alerts
from segue.ops.rules.measures import measures
from segue.ops.rules.proof import cases

if TYPE_CHECKING:
    from segue.ops.rules.alerts import Alert
    from segue.ops.rules.proof import Case
    from segue.rollout.core.plan import Plan

JOB = "segue"
"""The name of the Prometheus job that scrapes the service, as in deploy/prometheus/prometheus.yml."""

RULES = "segue.rules.yml"
PROOF = "segue.rules.test.yml"
RUNBOOK = "https://github.com/segue-tts/segue/blob/main/docs/runbook.md"
_EVERY = "1m"
_MADE_BY = (
    "# Written by `segue rules` from the plan {plan}. To change it, edit the plan and run the command again.\n"
)


def rule_files(plan: Plan, timing: Timing | None = None) -> dict[str, str]:
    """Both files by name."""
    head = _MADE_BY.format(plan=plan.name)
    return {RULES: head + _yaml(_rules(plan, timing or Timing())), PROOF: head + _yaml(_proof(plan))}


def _rules(plan: Plan, timing: Timing) -> dict[str, Any]:
    recorded = [
        {"record": measure.record(timing.window), "expr": measure.expr}
        for measure in measures(timing.window).values()
    ]
    alerting = [_alert(alert) for alert in alerts(plan, timing, JOB)]
    return {"groups": [{"name": "segue-measures", "rules": recorded}, {"name": "segue-alerts", "rules": alerting}]}


def _alert(alert: Alert) -> dict[str, Any]:
    lasts = {"for": alert.lasts} if alert.lasts else {}
    return {
        "alert": alert.name,
        "expr": alert.expr,
        **lasts,
        "labels": {"severity": str(alert.severity)},
        "annotations": {"summary": alert.summary, "runbook_url": f"{RUNBOOK}#{alert.name.lower()}"},
    }


def _proof(plan: Plan) -> dict[str, Any]:
    return {
        "rule_files": [RULES],
        "evaluation_interval": _EVERY,
        "tests": [_test(case) for case in cases(plan, JOB)],
    }


def _test(case: Case) -> dict[str, Any]:
    firing = f'ALERTS{{alertname=~"{case.alert}",alertstate="firing"}}'
    expected = [{"labels": "{}", "value": 1}] if case.fires else []
    return {
        "name": case.name,
        "interval": _EVERY,
        "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
        "promql_expr_test": [{"expr": f"count({firing})", "eval_time": case.at, "exp_samples": expected}],
    }


def _yaml(tree: dict[str, Any]) -> str:
    writer, text = YAML(), io.StringIO()
    writer.width = 10_000
    writer.indent(mapping=2, sequence=4, offset=2)
    writer.dump(tree, text)
    return text.getvalue()
