"""Explains what a plan does and forecasts how long it takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.config.documents import line_of, read_tree
from segue.config.plan_file import read_plan
from segue.kernel.edges import EDGES_S, FIRST_AUDIO_EDGES_S
from segue.kernel.errors import ConfigurationError, InvalidRequest
from segue.rollout.controller.steering import outlasted
from segue.rollout.core.demand import ExpectedQuality
from segue.rollout.core.forecast import Forecast, forecast
from segue.rollout.core.plan_doubts import doubts
from segue.rollout.core.plan_words import in_words
from segue.rollout.core.supply import Traffic
from segue.rollout.simulation.world import USUAL_FIRST_AUDIO, Delays

if TYPE_CHECKING:
    from segue.config.schema import Settings
    from segue.rollout.core.plan import Plan

UNIFORM, ZIPF = "uniform", "zipf"
_USUAL_STREAMS_RATIO = 0.5


@dataclass(frozen=True, slots=True)
class KnownTraffic:
    """What is known about a service's traffic: the average number of requests per second and their distribution.

    If ``cache_hits`` is given, the number includes all requests, and the cache answers this part of them.
    Otherwise it is the number of requests that reach an engine. ``popularity`` is ``uniform``, ``zipf`` (a
    character's part is inversely proportional to its rank) or the path of a file with counts.
    """

    requests_per_s: float
    cache_hits: float | None = None
    popularity: str = UNIFORM
    requests_per_listener: float = 1.0
    chars_per_request: float = 120.0

    @property
    def engine_requests_per_s(self) -> float:
        return self.requests_per_s * (1.0 - (self.cache_hits or 0.0))


@dataclass(frozen=True, slots=True)
class PlanReview:
    """The plan, its description in sentences, and a forecast of each step's duration.

    ``traffic`` and ``forecast`` are None if the traffic is unknown. ``doubts`` lists problems that the plan cannot
    detect with these settings.
    """

    plan: Plan
    sentences: tuple[str, ...]
    doubts: tuple[str, ...]
    traffic: Traffic | None
    forecast: Forecast | None


def review_plan(path: Path, settings: Settings, asked: KnownTraffic | None) -> PlanReview:
    """The plan in the file, with a forecast for this traffic.

    Raises:
        ConfigurationError: every fault of the plan, as ``file:line: key: what``, of the profile, or of the file
            with counts.
        InvalidRequest: the traffic is not possible.
    """
    characters = tuple(read_catalogue(settings.profile)[0].characters)
    plan = read_plan(path, frozenset(characters))
    traffic = None if asked is None else traffic_of(asked, characters)
    found = None if traffic is None else forecast(plan, traffic, usual())
    unseen = tuple(doubts(plan, fallback=settings.chirp3_fallback_to_wavenet))
    return PlanReview(plan, tuple(in_words(plan)), unseen, traffic, found)


def outlasting(plan: Plan, settings: Settings) -> tuple[str, ...]:
    """Why this service would refuse to start the plan: requests may take longer than the plan's longest call."""
    fault = outlasted(plan, settings.request_timeout_s)
    return (fault,) if fault else ()


def traffic_of(asked: KnownTraffic, characters: tuple[str, ...]) -> Traffic:
    """The same traffic per day, distributed over these characters.

    Raises:
        ConfigurationError: every fault of the file with counts.
        InvalidRequest: fewer than one request per listener, or no characters per request.
    """
    if not asked.requests_per_listener >= 1.0:
        raise InvalidRequest(
            f"invalid number of requests per listener: {asked.requests_per_listener:g}; expected 1 or more"
        )
    if not asked.chars_per_request > 0.0:
        raise InvalidRequest(
            f"invalid number of characters per request: {asked.chars_per_request:g}; expected more than 0"
        )
    return Traffic(
        asked.engine_requests_per_s * 86_400.0,
        popularity(asked.popularity, characters),
        asked.cache_hits,
        asked.requests_per_listener,
        asked.chars_per_request,
    )


def traffic_seen(seen_s: float, requests: float, cache_hits: float, units: Mapping[str, float]) -> Traffic:
    """The traffic per day of a service that counted these requests, cache hits and units in ``seen_s`` seconds.

    If the source does not count requests to the cache, each unit counts as one request.
    """
    counted = sum(units.values())
    asked = max(requests - cache_hits, counted)
    return Traffic(
        asked / seen_s * 86_400.0,
        _parts(units),
        cache_hits / requests if requests else None,
        max(1.0, asked / counted),
    )


def usual() -> ExpectedQuality:
    """An arm with the default delays of ``segue simulate``."""
    delays = Delays()
    return ExpectedQuality(
        delays.mean_s,
        tuple(delays.beyond(edge_s) for edge_s in EDGES_S),
        tuple(USUAL_FIRST_AUDIO.beyond(edge_s) for edge_s in FIRST_AUDIO_EDGES_S),
        _USUAL_STREAMS_RATIO,
    )


def popularity(written: str, characters: tuple[str, ...]) -> dict[str, float]:
    """Each character's part of the requests; ``written`` is a value of ``KnownTraffic.popularity``."""
    if written == UNIFORM:
        return dict.fromkeys(characters, 1.0 / len(characters))
    if written == ZIPF:
        return _parts({key: 1.0 / rank for rank, key in enumerate(characters, start=1)})
    return _parts(_counts(Path(written), characters))


def _parts(counts: Mapping[str, float]) -> dict[str, float]:
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()}


def _counts(path: Path, characters: tuple[str, ...]) -> dict[str, float]:
    """The counts in a YAML or JSON file such as ``{pip_boy: 1200, ghoul: 30}``; other characters count zero."""
    tree = read_tree(path)
    if not isinstance(tree, dict):
        raise ConfigurationError(
            [f"{path}:1: expected the number of requests by character, as in 'pip_boy: 1200'"]
        )
    found = []
    for key, count in tree.items():
        at = f"{path}:{line_of(tree, (key,))}: {key}"
        if key not in characters:
            found.append(f"{at}: unknown character")
        if isinstance(count, bool) or not isinstance(count, int | float) or not count >= 0:
            found.append(f"{at}: expected a number of requests, not {count!r}")
    if not found and not sum(tree.values()) > 0:
        found.append(f"{path}:1: no character has any requests")
    if found:
        raise ConfigurationError(found)
    return {str(key): float(count) for key, count in tree.items()}
