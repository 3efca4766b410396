"""The judge's evidence from a Prometheus server, where a team has one that scrapes every replica.

It reads the counts of units (``segue_units_total``), so it is the same evidence as ``segue.telemetry.gather``
gives, but for two things that a counter cannot tell: a unit that reached several replicas counts on each of them,
and the split of units is not tested. A slot should hold four scrapes or more.
"""

from __future__ import annotations

import math
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx

from segue.core.errors import Unavailable
from segue.core.speech import Arm
from segue.core.windows import EDGES_S, FIRST_AUDIO_EDGES_S, Slot, Tally
from segue.ports.recorder import Fate
from segue.ports.signals import Seen
from segue.telemetry import catalog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.core.windows import ArmCharacter

_SETTLE_S = 3.0
_TIMEOUT_S = 10.0
_MOST_SLOTS = 2_000
"""Slots asked for at once; a server gives at most 11,000 points of a series."""

_FIELDS = {
    Fate.ASKED: "units",
    Fate.ERROR: "errors",
    Fate.BAD_AUDIO: "bad_audio",
    Fate.REFUSED: "refused",
    Fate.FALLBACK: "fallbacks",
    Fate.UNSERVED: "unserved",
}
_WITHIN, _SOON = "within ", "soon "
"""What is written before an edge: calls that took no longer, streams that were heard no later."""

_Span = tuple[float, float]
"""The ends of the first and of the last slot."""


class _Point(NamedTuple):
    """One value of one series."""

    at_s: float
    labels: dict[str, str]
    value: float


class PrometheusSignals:
    """Implements ``segue.ports.signals.Signals``. ``selector`` narrows the series, as in ``job="segue"``."""

    def __init__(self, client: httpx.AsyncClient, url: str, selector: str = "") -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/api/v1/query_range"
        self._selector = selector

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> Seen:
        first_s = math.ceil(since_s / slot_s) * slot_s
        last_s = (now_s - _SETTLE_S) // slot_s * slot_s
        count = min(round((last_s - first_s) / slot_s), _MOST_SLOTS)
        if count < 1:
            return Seen((), since_s)
        ends = (first_s + slot_s, first_s + count * slot_s)
        tallies = await self._tallies(ends, slot_s)
        hits = await self._totals(catalog.CACHE_HITS.name, ends, slot_s)
        misses = await self._totals(catalog.CACHE_MISSES.name, ends, slot_s)
        times = sorted({*tallies, *hits, *misses})
        found = [
            Slot(end_s - slot_s, slot_s, tallies.get(end_s, {}), hit, hit + misses.get(end_s, 0.0))
            for end_s in times
            for hit in [hits.get(end_s, 0.0)]
        ]
        return Seen(tuple(found), ends[1])

    def begin_step(self, window_s: float) -> None:
        """Nothing is remembered from one question to the next."""

    async def _tallies(self, ends: _Span, slot_s: float) -> dict[float, dict[ArmCharacter, Tally]]:
        counts: dict[tuple[float, ArmCharacter], dict[str, float]] = defaultdict(lambda: defaultdict(float))
        name, first = catalog.UNIT_DURATION.name, catalog.UNIT_FIRST_AUDIO.name
        for metric, labels, field_of in (
            (catalog.UNITS.name, "arm, character_key, fate", lambda found: _FIELDS[Fate(found["fate"])]),
            (f"{name}_count", "arm, character_key", lambda _: "timed"),
            (f"{name}_sum", "arm, character_key", lambda _: "seconds"),
            (f"{name}_bucket", "arm, character_key, le", lambda found: _WITHIN + found["le"]),
            (f"{first}_count", "arm, character_key", lambda _: "streams"),
            (f"{first}_bucket", "arm, character_key, le", lambda found: _SOON + found["le"]),
        ):
            for point in await self._points(metric, labels, ends, slot_s):
                counts[point.at_s, _key(point)][field_of(point.labels)] += point.value
        tallies: dict[float, dict[ArmCharacter, Tally]] = defaultdict(dict)
        for (at_s, key), found in counts.items():
            tallies[at_s][key] = _tally(found)
        return tallies

    async def _totals(self, name: str, ends: _Span, slot_s: float) -> dict[float, float]:
        return {point.at_s: point.value for point in await self._points(name, "", ends, slot_s)}

    async def _points(self, name: str, by: str, ends: _Span, slot_s: float) -> list[_Point]:
        """What a counter gained in each slot, by some labels; slots are named by their ends."""
        query = f"sum by ({by}) (increase({name}{{{self._selector}}}[{slot_s * 1000:.0f}ms]))"
        return list(_read(await self._asked(query, ends, slot_s)))

    async def _asked(self, query: str, ends: _Span, slot_s: float) -> Any:
        params = {"query": query, "start": f"{ends[0]:.3f}", "end": f"{ends[1]:.3f}", "step": f"{slot_s:.3f}"}
        try:
            answer = await self._client.get(self._url, params=params, timeout=_TIMEOUT_S)
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"Prometheus does not answer ({type(error).__name__})") from error
        if not isinstance(document, dict) or document.get("status") != "success":
            detail = document.get("error", "") if isinstance(document, dict) else ""
            raise Unavailable(f"Prometheus refused a query ({answer.status_code} {detail})"[:300])
        return document["data"]["result"]


def _read(series: Any) -> Iterator[_Point]:
    for one in series:
        for at_s, value in one["values"]:
            number = float(value)
            if math.isfinite(number):
                yield _Point(float(at_s), one["metric"], number)


def _key(point: _Point) -> ArmCharacter:
    return Arm(point.labels["arm"]), point.labels["character_key"]


def _tally(found: dict[str, float]) -> Tally:
    """Buckets count what took at most so long; a tally counts what took longer."""
    over = _longer(found, _WITHIN, found["timed"], EDGES_S)
    late = _longer(found, _SOON, found["streams"], FIRST_AUDIO_EDGES_S)
    plain = {name: count for name, count in found.items() if not name.startswith((_WITHIN, _SOON))}
    return Tally(over=over, late=late, **plain)


def _longer(found: dict[str, float], mark: str, whole: float, edges_s: tuple[float, ...]) -> tuple[float, ...]:
    """How many took longer than each edge, out of what the buckets with this mark count."""
    within = {float(name.removeprefix(mark)): count for name, count in found.items() if name.startswith(mark)}
    return tuple(max(0.0, whole - within.get(edge, whole)) for edge in edges_s)
