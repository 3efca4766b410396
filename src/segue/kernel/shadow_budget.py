"""The budget for shadow requests, which a plan sets and the speech half enforces."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ShadowBudget:
    """The budget for shadow requests.

    ``characters_a_day`` counts characters of text per day (UTC) in the whole service. ``at_once`` is how many are
    made at the same time on each replica; each of its workers gets an equal part of it, but at least one.
    """

    characters_a_day: float = 100_000.0
    at_once: int = 2
