"""The judge's evidence from a Prometheus server that scrapes the service.

It reads the counts of units (``segue_units_total``). Each process counts units on its own, and a counter does not
say which listeners were counted. With several processes, replicas or scrape jobs, a listener would count once in
each. Therefore nothing is judged if there is more than one, and the reason lists them. For one process it is the
same evidence by which ``segue.rollout.evidence.gather`` raises alarms, except for what a counter cannot show:

* a listener counts once per window and character, however often the arm has failed it, and again after a restart
  of the process;
* what can raise an alarm can also promote (``Slot.daily`` is None): a listener counts in every window, not once a
  day;
* how many listeners there were (``Slot.listeners`` is None), how they were split, and how long trouble lasted.

A slot should contain at least four scrapes. A server that receives its samples late (remote write, a long-term
store) is read as far as they have arrived: what is not there yet is read later.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import httpx
import structlog

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.kernel.errors import Unavailable
from segue.kernel.ports.recorder import Fate
from segue.kernel.telemetry import catalog
from segue.rollout.core.windows import Slot, Tally
from segue.rollout.ports.signals import SlotsRead

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.rollout.core.windows import ArmCharacter
    from segue.rollout.ports.signals import Counting

_SETTLE_S = 3.0
_TIMEOUT_S = 10.0
_MOST_SLOTS = 2_000
"""Slots requested at once; a server returns at most 11,000 points of a series."""

_LATEST_S = 3600.0
"""Samples may arrive this late. If there are none for longer, no process was scraped in that time."""

_MOST_NAMED = 4
"""Maximum number of targets that a refusal lists."""

_FIELDS = {
    Fate.ASKED: "units",
    Fate.ERROR: "errors",
    Fate.BAD_AUDIO: "bad_audio",
    Fate.REFUSED: "refused",
    Fate.FALLBACK: "fallbacks",
    Fate.UNSERVED: "unserved",
    Fate.BACKED_UP: "backed_up",
}
_PLAIN = (*_FIELDS.values(), "timed", "seconds", "streams")
_WITHIN, _SOON = "within ", "soon "
"""Prefixes for edges: calls that took no longer, and streams whose first audio took no longer."""

_Span = tuple[float, float]
"""The ends of the first and of the last slot."""


class _Point(NamedTuple):
    """One value of one series."""

    at_s: float
    labels: dict[str, str]
    value: float


class PrometheusSignals:
    """Implements ``segue.rollout.ports.signals.Signals``.

    ``selector`` restricts the series, for example ``job="a"``.
    """

    def __init__(self, client: httpx.AsyncClient, url: str, selector: str = "") -> None:
        self._client = client
        self._url = f"{url.rstrip('/')}/api/v1/query_range"
        self._selector = selector
        self._log = structlog.get_logger("segue.controller")

    async def slots(self, since_s: float, now_s: float, slot_s: float) -> SlotsRead:
        first_s = math.ceil(since_s / slot_s) * slot_s
        last_s = (now_s - _SETTLE_S) // slot_s * slot_s
        count = min(round((last_s - first_s) / slot_s), _MOST_SLOTS)
        if count < 1:
            return SlotsRead((), since_s)
        ends = (first_s + slot_s, first_s + count * slot_s)
        counters = await self._counters((ends[0] - _LATEST_S // slot_s * slot_s, ends[1]), slot_s)
        ends = (ends[0], _arrived_until_s(counters, ends[1], slot_s))
        if ends[1] < ends[0]:
            return SlotsRead((), since_s)
        _refuse_several(counters.get(ends[1], {}))
        tallies = await self._tallies(ends, slot_s)
        _refuse_unknown(counters.get(ends[1], {}), tallies.get(ends[1], {}))
        hits = await self._totals(catalog.CACHE_HITS.name, ends, slot_s)
        misses = await self._totals(catalog.CACHE_MISSES.name, ends, slot_s)
        times = sorted({*tallies, *hits, *misses} - self._left_out(counters, tallies))
        found = [
            Slot(end_s - slot_s, slot_s, tallies.get(end_s, {}), hit, hit + misses.get(end_s, 0.0))
            for end_s in times
            for hit in [hits.get(end_s, 0.0)]
        ]
        return SlotsRead(tuple(found), ends[1])

    def count_by(self, counting: Counting) -> None:
        """Does nothing: the workers have counted the units, and no state is kept between calls."""

    async def _counters(self, ends: _Span, slot_s: float) -> dict[float, dict[str, float]]:
        """For each slot, how many processes counted units for each target of the server."""
        query = f"max_over_time({catalog.PROCESSES.name}{{{self._selector}}}[{slot_s * 1000:.0f}ms])"
        found: dict[float, dict[str, float]] = defaultdict(dict)
        for point in _read(await self._queried(query, ends, slot_s)):
            found[point.at_s][_target(point.labels)] = point.value
        return found

    def _left_out(self, counters: dict[float, dict[str, float]], tallies: dict[float, Any]) -> set[float]:
        """Earlier slots that were not counted by exactly one process, or without that information."""
        found = {end_s for end_s in tallies if sum(counters.get(end_s, {}).values()) != 1}
        if found:
            self._log.warning(
                "slots_left_out",
                slots=len(found),
                reason="not exactly one process counted units in them, so listeners may have counted repeatedly",
            )
        return found

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
        """The increase of a counter in each slot, by some labels; slots are identified by their ends."""
        query = f"sum by ({by}) (increase({name}{{{self._selector}}}[{slot_s * 1000:.0f}ms]))"
        return list(_read(await self._queried(query, ends, slot_s)))

    async def _queried(self, query: str, ends: _Span, slot_s: float) -> Any:
        params = {"query": query, "start": f"{ends[0]:.3f}", "end": f"{ends[1]:.3f}", "step": f"{slot_s:.3f}"}
        try:
            answer = await self._client.get(self._url, params=params, timeout=_TIMEOUT_S)
            document = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            raise Unavailable(f"Prometheus does not respond ({type(error).__name__})") from error
        if not isinstance(document, dict) or document.get("status") != "success":
            detail = document.get("error", "") if isinstance(document, dict) else ""
            raise Unavailable(
                f"the Prometheus address answered a query without a result ({answer.status_code} {detail})"[:300]
            )
        return document["data"]["result"]


def _arrived_until_s(counters: dict[float, dict[str, float]], last_s: float, slot_s: float) -> float:
    """The end of the last slot whose samples have arrived, at most ``last_s``.

    Every scrape contains the number of processes. If the latest slots do not have it, they were not scraped yet,
    and the last slot that has it may be incomplete.
    """
    latest_s = max((end_s for end_s in counters if end_s <= last_s), default=None)
    if latest_s is None or latest_s == last_s or last_s - latest_s > _LATEST_S:
        return last_s
    return latest_s - slot_s


def _refuse_several(counters: dict[str, float]) -> None:
    count = sum(counters.values())
    if count <= 1:
        return
    named = "; ".join(f"{target}: {processes:g}" for target, processes in sorted(counters.items())[:_MOST_NAMED])
    more = f"; and {len(counters) - _MOST_NAMED} more" if len(counters) > _MOST_NAMED else ""
    raise Unavailable(
        f"the counts from Prometheus cannot be used: it reads {count:g} processes ({named}{more}), and each of "
        "them counts the same listener again; either unset SEGUE_PROMETHEUS_URL to use the workers' own "
        "counts, where each listener counts once, or set SEGUE_PROMETHEUS_SELECTOR to one target of one "
        "replica with SEGUE_WORKERS=1"
    )


def _refuse_unknown(counters: dict[str, float], tallies: dict[ArmCharacter, Tally]) -> None:
    if not counters and any(tally.units for tally in tallies.values()):
        raise Unavailable(
            f"Prometheus has the counts of listeners but not {catalog.PROCESSES.name}, which says how many "
            "processes counted them; make sure that it scrapes and keeps this metric, and update every replica "
            "to this version"
        )


def _target(labels: dict[str, str]) -> str:
    return ", ".join(f"{name}={value}" for name, value in sorted(labels.items()) if name != "__name__")


def _read(series: Any) -> Iterator[_Point]:
    for one in series:
        for at_s, value in one["values"]:
            number = float(value)
            if math.isfinite(number):
                yield _Point(float(at_s), one["metric"], number)


def _key(point: _Point) -> ArmCharacter:
    return Arm(point.labels["arm"]), point.labels["character_key"]


def _tally(found: dict[str, float]) -> Tally:
    """Converts buckets, which count what took at most a time, to a tally, which counts what took longer."""
    over = _longer(found, _WITHIN, found["timed"], EDGES_S)
    late = _longer(found, _SOON, found["streams"], FIRST_AUDIO_EDGES_S)
    plain: dict[str, Any] = {name: found[name] for name in _PLAIN if name in found}
    return replace(Tally(over=over, late=late), **plain)


def _longer(found: dict[str, float], mark: str, whole: float, edges_s: tuple[float, ...]) -> tuple[float, ...]:
    """How many took longer than each edge, from the buckets with this prefix."""
    within = {float(name.removeprefix(mark)): count for name, count in found.items() if name.startswith(mark)}
    return tuple(max(0.0, whole - within.get(edge, whole)) for edge in edges_s)
