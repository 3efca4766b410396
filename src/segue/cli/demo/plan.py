"""The demo's plan."""

from __future__ import annotations

from segue.cli import shipped


def plan_text() -> str:
    """``plans/demo.yaml``."""
    return shipped.plan_text("demo.yaml")
