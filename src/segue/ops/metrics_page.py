"""Generates the metrics page from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.kernel.telemetry.catalog import METRICS, MetricKind

if TYPE_CHECKING:
    from segue.kernel.telemetry.catalog import Metric

FILE = "metrics.md"

_HEAD = """\
# Metrics

<!-- Written by `segue metrics` from src/segue/kernel/telemetry/catalog.py: edit that, then run the command. -->

Prometheus scrapes `GET /api/v1/monitoring/metrics/prometheus`. `GET /api/v1/monitoring/metrics` returns the totals
as JSON. Each worker answers for all workers of its replica. Sum the counters of several replicas in your queries.

- `voice_model` is the label of the model's profile. `segue_arm_info` shows which arm a model belongs to.
- Calls to engines (`tts_synthesis_total`) are counted before any fallback, requests (`tts_requests_total`) by
  their final outcome, after it.
- Only the acting replica sets the gauges of the rollout; on all other replicas they are 0. Read them with `max`,
  or with `sum` if they can be negative.
- No label contains a listener, a session or a text.

The dashboard (`deploy/grafana/segue.json`, written by `segue dashboards`) and the alert rules
(`deploy/prometheus/segue.rules.yml`, written by `segue rules`) are generated from this catalogue and the plan. The
[runbook](runbook.md) has a section for each alert.
"""

_GROUPS = (
    ("Speech", "tts_", "Calls to engines, and requests by outcome."),
    (
        "The rollout",
        "segue_rollout_",
        "The state of the rollout. The share in force is `segue_candidate_share_ratio`.",
    ),
    ("Gates", "segue_gate_", "The gates as the judge reads them, on both arms."),
    (
        "Shadow",
        "segue_shadow_",
        "Shadow requests: copies of requests that are also sent to the candidate ([shadow](shadow.md)).",
    ),
    ("Other metrics", "segue_", "Assignments, evidence, limits, engines and the process."),
)


def metrics_page() -> str:
    """The whole page as Markdown."""
    left, parts = list(METRICS), [_HEAD]
    for title, prefix, about in _GROUPS:
        group = [metric for metric in left if metric.name.startswith(prefix)]
        left = [metric for metric in left if metric not in group]
        parts.append("\n".join([f"## {title}\n", about, "", *map(_entry, group), ""]))
    return "\n".join(parts).rstrip("\n") + "\n"


def _entry(metric: Metric) -> str:
    labels = f"{{{','.join(metric.labels)}}}" if metric.labels else ""
    edges = (
        f" Edges: {', '.join(f'{edge:g}' for edge in metric.buckets)}."
        if metric.kind is MetricKind.HISTOGRAM
        else ""
    )
    return f"- `{metric.name}{labels}` ({metric.kind}): {metric.help}{edges}"
