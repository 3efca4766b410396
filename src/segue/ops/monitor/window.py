"""What happened between two scrapes, across restarts of the service and across replicas."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.kernel.telemetry.counts import Counts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from segue.ops.monitor.scrape import Scrape, Series, Values


@dataclass(frozen=True, slots=True)
class Window:
    """The increase of counters, and the current values of gauges.

    ``length_s`` is None if the window began with each process. ``restarted`` says that a process started within
    the window: what its predecessor counted after the window's start is lost. ``share_ratios`` is the candidate's
    share on each replica.
    """

    length_s: float | None
    gained: Values
    restarted: bool = False
    requests_per_s: float | None = None
    share_ratios: tuple[float, ...] = ()
    gauges: Values = field(default_factory=dict)

    @property
    def counts(self) -> Counts:
        return counts_of(self.gained)

    @property
    def levels(self) -> Counts:
        """The gauges."""
        return counts_of(self.gauges)


def counts_of(values: Values) -> Counts:
    return Counts((series.name, dict(series.labels), value) for series, value in values.items())


def since_boot(scrape: Scrape) -> Window:
    return Window(None, scrape.counters, share_ratios=_shares(scrape), gauges=scrape.gauges)


def between(before: Scrape, after: Scrape) -> Window:
    """What one replica counted from one scrape to a later one.

    A counter that decreased, disappeared or was created again means that the process restarted. Then all its
    counts are from after the restart, including those that are now larger than their old values.
    """
    restarted = _restarted(before, after)
    old: Values = {} if restarted else before.counters
    gained = {series: value - old.get(series, 0.0) for series, value in after.counters.items()}
    length_s = after.at_s - before.at_s
    requests = counts_of(gained).total(catalog.REQUESTS.name)
    per_s = requests / length_s if length_s > 0 else None
    return Window(length_s, gained, restarted, per_s, _shares(after), after.gauges)


def together(windows: Sequence[Window]) -> Window:
    """The windows of several replicas as one; its length is the longest of theirs."""
    gained: dict[Series, float] = defaultdict(float)
    for window in windows:
        for series, value in window.gained.items():
            gained[series] += value
    lengths = [window.length_s for window in windows]
    known = [length_s for length_s in lengths if length_s is not None]
    rates = [window.requests_per_s for window in windows if window.requests_per_s is not None]
    return Window(
        max(known) if known and len(known) == len(lengths) else None,
        gained,
        any(window.restarted for window in windows),
        sum(rates) if rates else None,
        tuple(share for window in windows for share in window.share_ratios),
        _merged(window.gauges for window in windows),
    )


def _merged(gauges: Iterable[Values]) -> Values:
    """If several replicas have a gauge, the last one's value is used."""
    return {series: value for values in gauges for series, value in values.items()}


def _restarted(before: Scrape, after: Scrape) -> bool:
    fell = any(after.counters.get(series, -1.0) < value for series, value in before.counters.items())
    return fell or any(after.births.get(series, born_s) > born_s for series, born_s in before.births.items())


def _shares(scrape: Scrape) -> tuple[float, ...]:
    return tuple(value for series, value in scrape.gauges.items() if series.name == catalog.SHARE.name)
