"""A rollout in the middle of everything, for whoever watches it from outside."""

from __future__ import annotations

from segue.rollout.core.rollout import Phase
from segue.rollout.core.standing import GateDifference, GateSeen, Standing

STANDING = Standing(
    revision=7,
    phase=Phase.RUNNING,
    looked_at_s=1_200_000.0,
    stage=3,
    step=1,
    held_s=7300.0,
    hold_s=7200.0,
    hold_over=True,
    stuck=True,
    trouble="Prometheus does not respond",
    gates=(
        GateSeen("error_rate", "candidate", 0.02, 0.01, 0.05, 0.01),
        GateSeen("error_rate", "baseline", 0.01, 0.005, 0.02, 0.01),
    ),
    differences=(GateDifference("error_rate", 0.01, -0.01, 0.045),),
)
