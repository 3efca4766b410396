"""How much evidence a day of a service's traffic gives to each step of a plan."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.units import PPM

if TYPE_CHECKING:
    from segue.rollout.core.plan import Place, Plan

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Traffic:
    """The traffic of a service on an average day.

    ``requests_a_day`` reach an engine; ``cache_hits`` is the part of all requests that do not need one (None:
    unknown, and assumed to be enough). A listener makes ``requests_per_listener`` of them a day, and counts once.
    ``popularity`` is each character's part of the requests; their texts have ``chars_per_request`` characters on
    average.
    """

    requests_a_day: float
    popularity: Mapping[str, float]
    cache_hits: float | None = None
    requests_per_listener: float = 1.0
    chars_per_request: float = 120.0

    def part_of(self, characters: frozenset[str]) -> float:
        """The part of the requests that these characters speak; an empty set means all characters."""
        return sum(self.popularity.get(key, 0.0) for key in characters) if characters else 1.0


class Supply(NamedTuple):
    """What a step's arm gives in a day: units that can promote, and requests; shadow requests count in both.

    ``of_candidate``: the candidate is evaluated. Otherwise it gets no requests, and the baseline is evaluated.
    """

    units_a_day: float
    requests_a_day: float
    shadow_a_day: float
    of_candidate: bool


def supply(plan: Plan, place: Place, traffic: Traffic) -> Supply:
    """The supply of the arm on which the step is evaluated."""
    stage, share = plan.stage(place), plan.share_ppm(place) / PPM
    spoken = traffic.part_of(stage.characters)
    asked = traffic.requests_a_day * spoken
    shadow = min(asked * (1.0 - share) * stage.shadow_ppm / PPM, _budget(plan, traffic))
    if not share and not stage.shadow_ppm:
        return Supply(_listeners(traffic, spoken), asked, 0.0, of_candidate=False)
    shadowed = shadow / (asked * (1.0 - share)) if shadow else 0.0
    units = share * _listeners(traffic, spoken) + (1.0 - share) * _listeners(traffic, spoken * shadowed)
    return Supply(units, asked * share + shadow, shadow, of_candidate=True)


def _budget(plan: Plan, traffic: Traffic) -> float:
    return plan.shadow.characters_a_day / traffic.chars_per_request


def _listeners(traffic: Traffic, part: float) -> float:
    """The listeners of a day with at least one request among this part of all requests."""
    each = traffic.requests_per_listener
    return traffic.requests_a_day / each * (1.0 - math.pow(1.0 - part, each))


def heard_part(requests_a_day: float, quiet_s: float) -> float:
    """The part of the time that counts as held: silences longer than ``quiet_s`` do not count."""
    expected = requests_a_day * quiet_s / DAY_S
    return 1.0 - math.exp(-expected) * (1.0 + expected)
