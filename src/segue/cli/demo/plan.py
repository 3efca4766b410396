"""The demo's plan."""

from __future__ import annotations

from segue.config.plans import shipped_path


def plan_text() -> str:
    """``plans/demo.yaml``, wherever Segue is installed."""
    return shipped_path("demo.yaml").read_text(encoding="utf-8")
