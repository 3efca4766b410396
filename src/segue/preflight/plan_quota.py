"""Compares the requests that each step of a plan makes of a voice family with the vendor's quota."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.kernel.arms import Arm
from segue.kernel.errors import SegueError
from segue.rollout.core.supply import supply
from segue.wiring.engines import engines_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.config.schema import Settings
    from segue.rollout.core.plan import Place, Plan
    from segue.rollout.core.supply import Traffic
    from segue.speech.core.catalogue import Catalogue, Character
    from segue.speech.ports.engine import Engine

Bulkhead = tuple[str, str]
"""An engine and one of its voice families."""


_MINUTES_A_DAY = 24 * 60


async def beyond_quota(plan: Plan, settings: Settings, traffic: Traffic) -> list[str]:
    """One sentence for each step and family whose requests would exceed the quota.

    Raises:
        ConfigurationError: the profile is not valid, or an engine cannot be created.
    """
    catalogue, options = read_catalogue(settings.profile)
    if not catalogue.quotas:
        return []
    engines = engines_of(settings.profile, catalogue, options)
    try:
        bulkheads = {arm: _bulkheads(catalogue, arm, engines, traffic) for arm in Arm}
    finally:
        for engine in engines.values():
            await engine.close()
    return [line for place in plan.places() for line in _over(plan, place, catalogue, bulkheads, traffic)]


def _bulkheads(
    catalogue: Catalogue, arm: Arm, engines: Mapping[str, Engine], traffic: Traffic
) -> Mapping[Bulkhead, float]:
    """The part of the requests for each family, assuming that each character's first voice answers them all."""
    found: defaultdict[Bulkhead, float] = defaultdict(float)
    for key, character in catalogue.characters.items():
        found[_bulkhead(catalogue, arm, engines, character)] += traffic.popularity.get(key, 0.0)
    return found


def _bulkhead(catalogue: Catalogue, arm: Arm, engines: Mapping[str, Engine], character: Character) -> Bulkhead:
    """The bulkhead of the first voice that its engine has; with an empty family if there is none."""
    for delivery in character.deliveries[arm]:
        name = catalogue.engine_of(arm, delivery)
        try:
            return name, engines[name].voice(delivery.voice).family
        except SegueError:
            continue
    return catalogue.arms[arm].engine, ""


def _over(
    plan: Plan,
    place: Place,
    catalogue: Catalogue,
    bulkheads: Mapping[Arm, Mapping[Bulkhead, float]],
    traffic: Traffic,
) -> Iterator[str]:
    for bulkhead, wanted in _asked(plan, place, bulkheads, traffic).items():
        quota = catalogue.quotas.get(bulkhead)
        allowed = None if quota is None else quota.requests_per_minute
        if quota is not None and allowed is not None and wanted > allowed:
            step = f", step {place.step + 1}" if len(plan.stage(place).steps) > 1 else ""
            yield (
                f"stage {place.stage}, {plan.stage(place).name}{step}: {wanted:,.0f} requests a minute for "
                f"{'/'.join(bulkhead)}, but its quota is {allowed:,.0f} (as of {quota.as_of or 'unknown'})"
            )


def _asked(
    plan: Plan, place: Place, bulkheads: Mapping[Arm, Mapping[Bulkhead, float]], traffic: Traffic
) -> Mapping[Bulkhead, float]:
    """Requests in an average minute by family. Shadow requests count among the candidate's."""
    found = supply(plan, place, traffic)
    candidate = found.requests_a_day if found.of_candidate else 0.0
    baseline = traffic.requests_a_day - (candidate - found.shadow_a_day)
    asked: defaultdict[Bulkhead, float] = defaultdict(float)
    for arm, requests_a_day in ((Arm.CANDIDATE, candidate), (Arm.BASELINE, baseline)):
        for bulkhead, part in bulkheads[arm].items():
            asked[bulkhead] += requests_a_day * part / _MINUTES_A_DAY
    return asked
