"""Evidence made by hand: a gate that has rung, on a run and a comparison of the test's own."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from segue.kernel.arms import Arm
from segue.rollout.core.compare import WORSE_ODDS, Comparison, Rates
from segue.rollout.core.detect import Detector, Watch
from segue.rollout.core.evidence import OVERALL, nothing_yet
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.windows import Slot, Tally
from support.rollouts import NOON_S, SEVERAL

if TYPE_CHECKING:
    from segue.rollout.core.detect import EvidenceRun
    from segue.rollout.core.evidence import Evidence

BELIEVED = math.log(WORSE_ODDS)
"""The evidence at which a comparison accuses."""

ERRORS = Gate(GateMetric.ERROR_RATE, step_back=0.05, roll_back=0.1)

_RATES = Rates(1.0, 1.0, 1.0, 19.0)


def certain(gate: Gate, run: EvidenceRun, scope: str = OVERALL, *, log_e: float = 20.0) -> Evidence:
    """As if one way of being worse had gathered so much on this run, and the candidate alone been so."""
    way = Detector(log_e, run, Comparison(_RATES, BELIEVED, 100.0), log_e, NOON_S)
    heard = {(Arm.CANDIDATE, name): Tally() for name in SEVERAL}
    total = Slot(NOON_S, 0.0, heard)
    return replace(nothing_yet(NOON_S), total=total, watches={(gate.metric, scope): Watch((way,))})


def told(evidence: Evidence, *, log_e: float, other_trials: float) -> Evidence:
    """The same, compared with this result."""
    comparison = Comparison(_RATES, log_e, other_trials)
    watches = {
        key: Watch(tuple(replace(way, comparison=comparison) for way in watch.ways))
        for key, watch in evidence.watches.items()
    }
    return replace(evidence, watches=watches)
