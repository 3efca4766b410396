"""What a plan would do, and whether a service could carry it out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.config.catalogue_file import read_catalogue
from segue.config.plan_file import located, read_plan
from segue.core.plan import EVERYONE, starved
from segue.core.plan_words import in_words
from segue.core.units import PPM

if TYPE_CHECKING:
    from pathlib import Path

    from segue.config.schema import Settings
    from segue.core.plan import Place, Plan


@dataclass(frozen=True, slots=True)
class PlanReview:
    """The plan, in words too, and the steps that its traffic could not feed, each with its line."""

    plan: Plan
    sentences: tuple[str, ...]
    starved: tuple[str, ...]


def review_plan(path: Path, settings: Settings, units_per_s: float | None) -> PlanReview:
    """``units_per_s`` are what an engine would be asked by all listeners; None is to ask nothing about traffic.

    Raises:
        ConfigurationError: every fault of the plan, as ``file:line: key: what``, or of the profile.
    """
    characters = frozenset(read_catalogue(settings.profile)[0].characters)
    plan = read_plan(path, characters)
    hungry: list[str] = []
    if units_per_s is not None:
        rates = {place: units_per_s * candidate_part(plan, place, len(characters)) for place in plan.places()}
        hungry = located(path, starved(plan, rates))
    return PlanReview(plan, tuple(in_words(plan)), tuple(hungry))


def candidate_part(plan: Plan, place: Place, everyone: int) -> float:
    """Of all units, those that reach the candidate, where all characters are spoken equally often."""
    named = plan.stage(place).characters
    spoken = everyone if named == EVERYONE else len(named)
    return plan.step(place).share_ppm / PPM * spoken / everyone
