"""The rollout's own metrics: said by the replica that moves it, silent (0) on all others.

So the sum over all replicas is right for each of them, and so is the greatest for all that cannot be negative.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

from segue.core.decide import Trigger
from segue.core.rollout import Phase, Verb
from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.core.standing import Standing
    from segue.telemetry.catalog import Metric
    from segue.telemetry.prometheus import PrometheusRecorder

    _Sample = tuple[tuple[Metric, tuple[str, ...]], float]

NO_TRIGGER = "none"
"""The trigger of what was not decided for trouble."""

_GOING_BACK = (Verb.STEP_BACK, Verb.HOLD_BACK, Verb.ROLL_BACK)


class RolloutExporter:
    """Implements ``segue.ports.onlooker.Onlooker``, and is told of every entry that this replica writes."""

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
        """An entry was written, by whomever, through this replica."""
        self._recorder.counts(catalog.TRANSITIONS, (kind, trigger or NO_TRIGGER))

    def notified(self, target_kind: str, outcome: str) -> None:
        """What became of a notice."""
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
