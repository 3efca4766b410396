"""The trend of each measure over the latest observations."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.ops.monitor.judgement import MonitorReport
    from segue.ops.monitor.measures import Whom
    from segue.rollout.core.gates import GateMetric

_LOOKS = 30
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_NO_CHANGE = 1e-6
"""As a part of the largest value: smaller differences are rounding errors."""


class History:
    """The values of the latest observations, by subject and metric; observations since boot are left out."""

    def __init__(self, looks: int = _LOOKS) -> None:
        self._looks: deque[dict[tuple[Whom, GateMetric], float | None]] = deque(maxlen=looks)

    def add(self, report: MonitorReport) -> None:
        if not report.since_boot:
            self._looks.append({(line.whom, line.metric): line.value for line in report.lines})

    def trend(self, whom: Whom, metric: GateMetric) -> str:
        return bars([look.get((whom, metric)) for look in self._looks])


def bars(values: Sequence[float | None]) -> str:
    """A bar for each value, oldest first, scaled from the smallest to the largest; a dot for None."""
    known = [value for value in values if value is not None]
    if not known:
        return _GAP * len(values)
    least, largest = min(known), max(known)
    spread = largest - least if largest - least > _NO_CHANGE * largest else 0.0
    step = spread / (len(_BARS) - 1)
    return "".join(_GAP if value is None else _bar(value - least, step) for value in values)


def _bar(above: float, step: float) -> str:
    return _BARS[round(above / step)] if step else _BARS[len(_BARS) // 2]
