"""What was used on each day, by key, arm, voice and character."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence


MOST_TOTALS = 10_000
"""Groups in one answer, so that the service is not busy with it for long."""


class UsageField(StrEnum):
    """What usage can be grouped by. ``key`` is the name of the caller's key, empty if no keys are required."""

    DAY = "day"
    KEY = "key"
    ARM = "arm"
    VOICE = "voice"
    CHARACTER = "character"


class UsageOf(NamedTuple):
    """Whose usage: the name of a key, the arm that answered, its voice, and the character."""

    key: str
    arm: str
    voice: str
    character: str


@dataclass(frozen=True, slots=True)
class Used:
    """Amounts. Characters are those of the texts without markup.

    ``requests`` and ``characters``: answered with audio, also from a cache. ``synthesized_characters``: engines
    made audio of them for listeners. ``shadow_characters``: the same for shadow requests. ``cost_usd`` is the
    price of both by the catalogue, and ``unpriced_characters`` is the part of them that has no price there.
    """

    requests: int = 0
    characters: int = 0
    synthesized_characters: int = 0
    shadow_characters: int = 0
    unpriced_characters: int = 0
    cost_usd: float = 0.0

    def plus(self, other: Used) -> Used:
        return Used(
            self.requests + other.requests,
            self.characters + other.characters,
            self.synthesized_characters + other.synthesized_characters,
            self.shadow_characters + other.shadow_characters,
            self.unpriced_characters + other.unpriced_characters,
            self.cost_usd + other.cost_usd,
        )


AMOUNTS = tuple(Used.__dataclass_fields__)
"""The names of the amounts, in their order."""


@dataclass(frozen=True, slots=True)
class UsageRow:
    """All that one ``source`` (a process) has counted on a day, the number of days (UTC) since 1970."""

    day: int
    of: UsageOf
    source: str
    used: Used


@dataclass(frozen=True, slots=True)
class UsageTotal:
    """The usage of one group, by the fields that were asked for. The day is written as a number."""

    by: tuple[str, ...]
    used: Used


class UsageLog(Protocol):
    """Every method can raise ``Unavailable`` if the store is out of reach."""

    async def put(self, rows: Sequence[UsageRow]) -> None:
        """Writes all rows or none; each replaces an earlier one of the same day, source and usage, but no amount
        becomes smaller.

        It can therefore be repeated if it is unknown whether it was done, and an old write that comes late does no
        harm.
        """
        ...

    async def totals(
        self,
        since_day: int,
        before_day: int,
        by: Sequence[UsageField],
        key: str | None = None,
        limit: int = MOST_TOTALS,
    ) -> Sequence[UsageTotal]:
        """The usage of these days, of one key or of all, in the order of the fields; at most ``limit`` groups."""
        ...

    async def tidy(self, join_before_day: int, forget_before_day: int) -> None:
        """Joins the rows of all sources on earlier days, and removes days that are still earlier."""
        ...
