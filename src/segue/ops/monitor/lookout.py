"""Keeps the last scrape of each replica."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.ops.monitor.judgement import Endpoint, Observation
from segue.ops.monitor.scrape import Scrape
from segue.ops.monitor.window import between, since_boot, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.kernel.errors import Unavailable
    from segue.ops.monitor.window import Window


class Lookout:
    """Compares each scrape of the replicas with the one before.

    The first observation reports totals since boot. After that each replica is reported from its last scrape on. A
    replica that could not be reached for a while returns with everything that it counted in between. A new replica
    is reported from its second scrape on.
    """

    def __init__(self) -> None:
        self._before: dict[str, Scrape] = {}

    def seen(self, looks: Mapping[str, Scrape | Unavailable], at_s: float) -> Observation:
        """``looks`` are the results of scraping, by URL; ``at_s`` is Unix time."""
        found = {url: look for url, look in looks.items() if isinstance(look, Scrape)}
        windows = self._windows(found)
        self._before.update(found)
        replicas = tuple(Endpoint(url, "" if url in found else str(look)) for url, look in looks.items())
        return Observation(at_s, replicas, together(windows) if windows else None)

    def _windows(self, found: Mapping[str, Scrape]) -> list[Window]:
        if not self._before:
            return [since_boot(scrape) for scrape in found.values()]
        return [between(self._before[url], scrape) for url, scrape in found.items() if url in self._before]
