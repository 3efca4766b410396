"""What is remembered of each replica from look to look."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.ops.monitor.judgement import Observation, Replica
from segue.ops.monitor.scrape import Scrape
from segue.ops.monitor.window import between, since_boot, together

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.core.errors import Unavailable
    from segue.ops.monitor.window import Window


class Lookout:
    """Puts each look at the replicas beside the one before.

    The first look tells totals since boot. After that a replica is told of from its last scrape on: one that was
    away comes back with all that it counted meanwhile, one that is new waits for its second scrape.
    """

    def __init__(self) -> None:
        self._before: dict[str, Scrape] = {}

    def seen(self, looks: Mapping[str, Scrape | Unavailable], at_s: float) -> Observation:
        """``looks`` are by URL; ``at_s`` is Unix time."""
        found = {url: look for url, look in looks.items() if isinstance(look, Scrape)}
        windows = self._windows(found)
        self._before.update(found)
        replicas = tuple(Replica(url, "" if url in found else str(look)) for url, look in looks.items())
        return Observation(at_s, replicas, together(windows) if windows else None)

    def _windows(self, found: Mapping[str, Scrape]) -> list[Window]:
        if not self._before:
            return [since_boot(scrape) for scrape in found.values()]
        return [between(self._before[url], scrape) for url, scrape in found.items() if url in self._before]
