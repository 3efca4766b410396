"""The rollout's own metrics: set by the replica that moves it, and 0 on all others.

Therefore the sum over all replicas is right for each metric, and so is the maximum for all that cannot be
negative.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.rollout.core.decide import Trigger
from segue.rollout.core.rollout import Phase, Verb

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.kernel.telemetry.catalog import Metric
    from segue.kernel.telemetry.prometheus import PrometheusRecorder
    from segue.rollout.core.standing import Standing

    _Sample = tuple[tuple[Metric, tuple[str, ...]], float]

NO_TRIGGER = "none"
"""The trigger of entries that were not caused by an alarm."""

_GOING_BACK = (Verb.STEP_BACK, Verb.HOLD_BACK, Verb.ROLL_BACK)


class RolloutExporter:
    """Implements ``segue.rollout.ports.status_listener.StatusListener``, and counts every entry that this replica
    writes.
    """

    def __init__(self, recorder: PrometheusRecorder) -> None:
        self._recorder = recorder
        self._shown: set[tuple[Metric, tuple[str, ...]]] = set()
        for verb in Verb:
            recorder.counts(catalog.TRANSITIONS, (verb, NO_TRIGGER), 0)
            for trigger in Trigger if verb in _GOING_BACK else ():
                recorder.counts(catalog.TRANSITIONS, (verb, trigger), 0)
        for kind, outcome in product(("webhook", "chat"), ("sent", "refused", "given_up")):
            recorder.counts(catalog.NOTICES, (kind, outcome), 0)
        self.standing_by()

    def acting(self, standing: Standing) -> None:
        said = dict(_samples(standing))
        for key in self._shown - said.keys():
            self._recorder.shows(*key, 0.0)
        for key, value in said.items():
            self._recorder.shows(*key, value)
        self._shown |= said.keys()

    def standing_by(self) -> None:
        self._recorder.shows(catalog.ACTING, (), 0.0)
        for key in self._shown:
            self._recorder.shows(*key, 0.0)

    def moved(self, kind: str, trigger: str) -> None:
        """Counts an entry that was written through this replica, by any actor."""
        self._recorder.counts(catalog.TRANSITIONS, (kind, trigger or NO_TRIGGER))

    def notified(self, target_kind: str, outcome: str) -> None:
        """Counts the result of a notice."""
        self._recorder.counts(catalog.NOTICES, (target_kind, outcome))


def _samples(standing: Standing) -> Iterator[_Sample]:
    plain = (
        (catalog.ACTING, 1.0),
        (catalog.STAGE, standing.stage),
        (catalog.STEP, standing.step),
        (catalog.HELD, standing.held_s),
        (catalog.HOLD, standing.hold_s),
        (catalog.HOLD_OVER, standing.hold_over),
        (catalog.STUCK, standing.stuck),
        (catalog.UNREADABLE, bool(standing.trouble)),
        (catalog.LOOKED, standing.looked_at_s),
    )
    for metric, value in plain:
        yield (metric, ()), float(value)
    for phase in Phase:
        yield (catalog.PHASE, (phase,)), float(phase is standing.phase)
    yield from _gate_samples(standing)


def _gate_samples(standing: Standing) -> Iterator[_Sample]:
    for seen in standing.gates:
        yield (catalog.GATE_BOUNDARY, (seen.gate,)), seen.boundary
        for bound in ("estimate", "low", "high"):
            yield (catalog.GATE, (seen.gate, seen.arm, bound)), getattr(seen, bound)
    for difference in standing.differences:
        for bound in ("estimate", "low", "high"):
            yield (catalog.GATE_DIFFERENCE, (difference.gate, bound)), getattr(difference, bound)
