"""The schema of a plan file: its keys, and the notation of times, shares and levels."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from segue.config.documents import Document
from segue.rollout.core.gates import GateMetric
from segue.rollout.core.plan import Missed

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION_PATTERN = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)"
_PERCENT_PATTERN = r"(\d+(?:\.\d+)?)\s*%"
DURATION = re.compile(_DURATION_PATTERN)
PERCENT = re.compile(_PERCENT_PATTERN)


def duration_s(value: Any) -> float:
    found = DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected a duration with its unit, such as 90s, 15m, 24h, 2d or 1w, not {value!r}")
    return float(found[1]) * _UNITS_S[found[2]]


def ratio(value: Any) -> float:
    found = PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"expected a share or rate in percent, such as 12.5%, not {value!r}")
    return float(found[1]) / 100.0


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone {name!r}; expected a name such as Asia/Taipei") from None
    return name


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def _written(pattern: str, description: str) -> WithJsonSchema:
    """The JSON Schema of a value that is a string in the file and another type in the model."""
    return WithJsonSchema({"type": "string", "pattern": f"^\\s*{pattern}\\s*$", "description": description})


Seconds = Annotated[
    float, BeforeValidator(duration_s), _written(_DURATION_PATTERN, "a time, such as 90s, 15m, 24h, 2d or 1w")
]
Ratio = Annotated[
    float,
    BeforeValidator(ratio),
    Field(ge=0, le=1),
    _written(_PERCENT_PATTERN, "a share or rate in percent, such as 12.5%"),
]
Level = Annotated[
    str,
    _written(
        f"[<>]\\s*({_DURATION_PATTERN}|{_PERCENT_PATTERN})",
        "a sign and a value, such as '> 95%' or '< 2.5s': the good range for a target, the bad range for alarms",
    ),
]


class StepEntry(Document):
    share: Ratio
    hold: Seconds


class HoursEntry(Document):
    """``between: 09:00-17:00``, ``on: [mon, tue]``, ``zone: Asia/Taipei``."""

    between: Annotated[str, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")] = "00:00-24:00"
    on: tuple[Weekday, ...] = WEEKDAYS
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"


class StageGateEntry(Document):
    target: Level


class StageEntry(Document):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    share: Ratio | None = None
    hold: Seconds | None = None
    steps: tuple[StepEntry, ...] = ()
    characters: tuple[str, ...] = ()
    approval: bool = False
    hours: HoursEntry | None = None
    shadow: Ratio = Field(default="0%", validate_default=True)
    gates: dict[GateMetric, StageGateEntry] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_way(self) -> StageEntry:
        if self.steps and (self.share is not None or self.hold is not None):
            raise ValueError("a stage has either a share and a hold, or steps")
        if not self.steps and (self.share is None or self.hold is None):
            raise ValueError("a stage needs a share and a hold, or steps")
        return self


class GateEntry(Document):
    target: Level | None = None
    step_back: Level | None = None
    roll_back: Level | None = None
    margin: Ratio | None = None


class RollBackAfterEntry(Document):
    roll_back_after: Seconds


class AfterEntry(Document):
    after: Seconds


def _unless(word: str, key: str) -> tuple[BeforeValidator, WithJsonSchema]:
    """A value that is either this word, which becomes None, or a mapping with a time under this key."""

    def read(value: Any) -> Any:
        if value == word:
            return None
        if isinstance(value, dict):
            return value
        raise ValueError(f"expected the word {word!r}, or a time as in {{{key}: 2h}}, not {value!r}")

    time = {"type": "string", "pattern": f"^\\s*{_DURATION_PATTERN}\\s*$"}
    mapping = {"type": "object", "properties": {key: time}, "required": [key], "additionalProperties": False}
    return BeforeValidator(read), WithJsonSchema({"anyOf": [{"const": word}, mapping]})


_WhenAlone = Annotated[RollBackAfterEntry | None, *_unless("hold", "roll_back_after")]
_Resume = Annotated[AfterEntry | None, *_unless("person", "after")]


class PolicyEntry(Document):
    cool_down: Seconds = Field(default="1h", validate_default=True)
    most_step_backs: int = Field(default=3, ge=0, le=100)
    progress_deadline: float = Field(default=1.5, gt=1)
    missed: Missed = Missed.STEP_BACK
    when_alone: _WhenAlone = Field(default="hold", validate_default=True)
    resume: _Resume = Field(default="person", validate_default=True)


class ShadowEntry(Document):
    """The budget for shadow requests of the whole service."""

    characters_a_day: float = Field(default=100_000.0, gt=0)
    at_once: int = Field(default=2, ge=1, le=1000)


class StatisticsEntry(Document):
    slot: Seconds = Field(default="60s", validate_default=True)
    unit_window: Seconds = Field(default="15m", validate_default=True)
    longest_synthesis: Seconds = Field(default="20s", validate_default=True)
    slots_between_false_alarms: float = Field(default=10_000.0, gt=1)
    promotion_alpha: Ratio = Field(default="5%", validate_default=True)
    least_units: float = Field(default=50.0, ge=1)
    least_baseline_units: float = Field(default=5.0, ge=1)
    least_listeners: float = Field(default=20.0, ge=1)
    least_duration: Seconds | None = None
    slower_ratio: float = Field(default=2.0, ge=1)
    quiet: Seconds = Field(default="12h", validate_default=True)


class PlanFile(Document):
    """The whole file; ``plans/plan.schema.json`` is its JSON Schema."""

    version: int = Field(ge=1, le=1)
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    description: str = ""
    yardstick: Ratio = Field(default="0%", validate_default=True)
    shadow: ShadowEntry = Field(default_factory=ShadowEntry)
    stages: tuple[StageEntry, ...]
    gates: dict[GateMetric, GateEntry]
    policy: PolicyEntry = Field(default_factory=PolicyEntry)
    statistics: StatisticsEntry = Field(default_factory=StatisticsEntry)
