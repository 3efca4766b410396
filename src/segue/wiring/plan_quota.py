"""What the steps of a plan would ask of each voice family, against what its vendor allows."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.core.errors import SegueError
from segue.core.speech import Arm
from segue.engines import registry
from segue.wiring.plan_review import candidate_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from segue.config.schema import Settings
    from segue.core.catalogue import Catalogue, Character
    from segue.core.plan import Place, Plan
    from segue.ports.engine import Engine

Lane = tuple[str, str]
"""An engine and one of its voice families."""


async def beyond_quota(plan: Plan, settings: Settings, requests_per_s: float) -> list[str]:
    """A sentence for each step and family that would be asked more often than its quota allows.

    ``requests_per_s`` reach an engine, spread evenly over the characters.

    Raises:
        ConfigurationError: the profile is not valid, or an engine cannot be made.
    """
    catalogue, options = read_catalogue(settings.profile)
    if not catalogue.quotas:
        return []
    names = {spec.engine for spec in catalogue.arms.values()}
    engines = {name: registry.create(name, options.get(name, {})) for name in names}
    try:
        lanes = {arm: _lanes(catalogue, arm, engines[catalogue.arms[arm].engine]) for arm in Arm}
    finally:
        for engine in engines.values():
            await engine.close()
    return [line for place in plan.places() for line in _over(plan, place, catalogue, lanes, requests_per_s * 60)]


def _lanes(catalogue: Catalogue, arm: Arm, engine: Engine) -> Mapping[Lane, float]:
    """The part of the characters that each family speaks for."""
    found = Counter(_family(character, arm, engine) for character in catalogue.characters.values())
    return {(engine.name, family): count / len(catalogue.characters) for family, count in found.items()}


def _family(character: Character, arm: Arm, engine: Engine) -> str:
    """That of the first voice that is served; empty where none is."""
    for delivery in character.deliveries[arm]:
        try:
            return engine.voice(delivery.voice).family
        except SegueError:
            continue
    return ""


def _over(
    plan: Plan, place: Place, catalogue: Catalogue, lanes: Mapping[Arm, Mapping[Lane, float]], per_minute: float
) -> Iterator[str]:
    part = candidate_part(plan, place, len(catalogue.characters))
    asked: defaultdict[Lane, float] = defaultdict(float)
    for arm, share in ((Arm.CANDIDATE, part), (Arm.BASELINE, 1.0 - part)):
        for lane, of_characters in lanes[arm].items():
            asked[lane] += per_minute * share * of_characters
    for lane, wanted in asked.items():
        quota = catalogue.quotas.get(lane)
        allowed = None if quota is None else quota.requests_per_minute
        if quota is not None and allowed is not None and wanted > allowed:
            step = f", step {place.step + 1}" if len(plan.stage(place).steps) > 1 else ""
            yield (
                f"stage {place.stage}, {plan.stage(place).name}{step}: {wanted:,.0f} requests a minute for "
                f"{'/'.join(lane)}; its quota is {allowed:,.0f} (as of {quota.as_of or 'unknown'})"
            )
