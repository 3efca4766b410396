"""The page about metrics, from the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.telemetry.catalog import METRICS, Kind

if TYPE_CHECKING:
    from segue.telemetry.catalog import Metric

FILE = "metrics.md"

_HEAD = """\
# Metrics

<!-- Written by `segue metrics` from src/segue/telemetry/catalog.py; change the catalogue and run it again. -->

`GET /api/v1/monitoring/metrics/prometheus` is what Prometheus scrapes; `GET /api/v1/monitoring/metrics` has the
totals as JSON. Any worker answers for all workers of its replica; counters of several replicas are added up by
whoever reads them.

- `voice_model` is the model that was asked or heard, by the profile's label; `segue_arm_info` has its arm.
- Attempts (`tts_synthesis_total`) are counted before a fallback, what listeners got (`tts_requests_total`) after.
- The rollout's gauges are the word of the replica that acts and 0 on all others: read them with `max`, and those
  that can be negative with `sum`.
- No label holds a listener, a session or a text.

The dashboard (`deploy/grafana/segue.json`, by `segue dashboards`) and the rules
(`deploy/prometheus/segue.rules.yml`, by `segue rules`) are made from this list and the plan; the
[runbook](runbook.md) has a paragraph for each alert.
"""

_GROUPS = (
    ("Speech", "tts_", "What engines did and what listeners got."),
    ("The rollout", "segue_rollout_", "Where it stands; the share in force is `segue_candidate_share_ratio`."),
    ("Gates", "segue_gate_", "What the judge reads, on both arms."),
    ("The rest", "segue_", "Assignments, evidence, limits, engines, the process."),
)


def metrics_page() -> str:
    """All of it, as Markdown."""
    left, parts = list(METRICS), [_HEAD]
    for title, prefix, about in _GROUPS:
        group = [metric for metric in left if metric.name.startswith(prefix)]
        left = [metric for metric in left if metric not in group]
        parts.append("\n".join([f"## {title}\n", about, "", *map(_entry, group), ""]))
    return "\n".join(parts).rstrip("\n") + "\n"


def _entry(metric: Metric) -> str:
    labels = f"{{{','.join(metric.labels)}}}" if metric.labels else ""
    edges = (
        f" Edges: {', '.join(f'{edge:g}' for edge in metric.buckets)}." if metric.kind is Kind.HISTOGRAM else ""
    )
    return f"- `{metric.name}{labels}` ({metric.kind}): {metric.help}{edges}"
