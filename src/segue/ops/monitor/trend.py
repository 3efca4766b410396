"""How the measures went from look to look."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from segue.core.gates import Metric
    from segue.ops.monitor.judgement import Report
    from segue.ops.monitor.measures import Whom

_LOOKS = 30
_BARS = "▁▂▃▄▅▆▇█"
_GAP = "·"
_NO_CHANGE = 1e-6
"""Of the largest value: a difference that is only in the last digits of the arithmetic."""


class History:
    """The values of the latest looks, by whom and what they are of; looks since boot are none of them."""

    def __init__(self, looks: int = _LOOKS) -> None:
        self._looks: deque[dict[tuple[Whom, Metric], float | None]] = deque(maxlen=looks)

    def add(self, report: Report) -> None:
        if not report.since_boot:
            self._looks.append({(line.whom, line.metric): line.value for line in report.lines})

    def trend(self, whom: Whom, metric: Metric) -> str:
        return bars([look.get((whom, metric)) for look in self._looks])


def bars(values: Sequence[float | None]) -> str:
    """A bar for each value, oldest first, between the least and the largest; a dot where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return _GAP * len(values)
    least, largest = min(known), max(known)
    spread = largest - least if largest - least > _NO_CHANGE * largest else 0.0
    step = spread / (len(_BARS) - 1)
    return "".join(_GAP if value is None else _bar(value - least, step) for value in values)


def _bar(above: float, step: float) -> str:
    return _BARS[round(above / step)] if step else _BARS[len(_BARS) // 2]
