"""A plan as a YAML file, read like a compiler reads: every fault at once, each at its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema, model_validator

from segue.config.documents import Document, line_of, parsed_tree, read_tree, validated
from segue.core.errors import ConfigurationError
from segue.core.gates import Gate, Metric
from segue.core.plan import EVERYONE, Hours, Plan, Policy, Stage, Statistics, Step, faults
from segue.core.units import ppm_from_percent

if TYPE_CHECKING:
    from collections.abc import Iterator

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0}
_DURATION_PATTERN = r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)"
_PERCENT_PATTERN = r"(\d+(?:\.\d+)?)\s*%"
_DURATION = re.compile(_DURATION_PATTERN)
_PERCENT = re.compile(_PERCENT_PATTERN)


def _duration(value: Any) -> float:
    found = _DURATION.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"write a duration with its unit, such as 90s, 15m, 24h, 2d or 1w, not {value!r}")
    return float(found[1]) * _UNITS_S[found[2]]


def _ratio(value: Any) -> float:
    found = _PERCENT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise ValueError(f"write a share or rate in percent, such as 12.5%, not {value!r}")
    return float(found[1]) / 100.0


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"no time zone is called {name!r}; write one such as Asia/Taipei") from None
    return name


Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
_WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def _written(pattern: str, description: str) -> WithJsonSchema:
    """What editors are told: these values are strings in the file, whatever they become."""
    return WithJsonSchema({"type": "string", "pattern": f"^\\s*{pattern}\\s*$", "description": description})


Seconds = Annotated[
    float, BeforeValidator(_duration), _written(_DURATION_PATTERN, "a time, such as 90s, 15m, 24h, 2d or 1w")
]
Ratio = Annotated[
    float,
    BeforeValidator(_ratio),
    Field(ge=0, le=1),
    _written(_PERCENT_PATTERN, "a share or rate in percent, such as 12.5%"),
]
Level = Annotated[
    str,
    _written(
        f"[<>]\\s*({_DURATION_PATTERN}|{_PERCENT_PATTERN})",
        "what is good for a target, what is bad for the others: '> 95%' or '< 2.5s'",
    ),
]


class _Step(Document):
    share: Ratio
    hold: Seconds


class _Hours(Document):
    """``between: 09:00-17:00``, ``on: [mon, tue]``, ``zone: Asia/Taipei``."""

    between: Annotated[str, Field(pattern=r"^([01]\d|2[0-4]):[0-5]\d-([01]\d|2[0-4]):[0-5]\d$")] = "00:00-24:00"
    on: tuple[Weekday, ...] = _WEEKDAYS
    zone: Annotated[str, AfterValidator(_known_zone)] = "UTC"


class _Stage(Document):
    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]
    description: str = ""
    share: Ratio | None = None
    hold: Seconds | None = None
    steps: tuple[_Step, ...] = ()
    characters: tuple[str, ...] = ()
    approval: bool = False
    hours: _Hours | None = None

    @model_validator(mode="after")
    def _one_way(self) -> _Stage:
        if self.steps and (self.share is not None or self.hold is not None):
            raise ValueError("a stage has either a share and a hold, or steps")
        if not self.steps and (self.share is None or self.hold is None):
            raise ValueError("a stage needs a share and a hold, or steps")
        return self


class _Gate(Document):
    target: Level | None = None
    step_back: Level | None = None
    roll_back: Level | None = None
    margin: Ratio | None = None


class _Policy(Document):
    cool_down: Seconds = Field(default="1h", validate_default=True)
    most_step_backs: int = Field(default=3, ge=0, le=100)
    progress_deadline: float = Field(default=1.5, gt=1)


class _Statistics(Document):
    slot: Seconds = Field(default="60s", validate_default=True)
    unit_window: Seconds = Field(default="15m", validate_default=True)
    longest_synthesis: Seconds = Field(default="20s", validate_default=True)
    slots_between_false_alarms: float = Field(default=100_000.0, gt=1)
    promotion_alpha: Ratio = Field(default="5%", validate_default=True)
    least_units: float = Field(default=50.0, ge=1)
    least_baseline_units: float = Field(default=20.0, ge=1)


class PlanFile(Document):
    """What stands in the file; its JSON Schema is ``plans/plan.schema.json``."""

    version: int = Field(ge=1, le=1)
    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,64}$")]
    description: str = ""
    stages: tuple[_Stage, ...]
    gates: dict[Metric, _Gate]
    policy: _Policy = Field(default_factory=_Policy)
    statistics: _Statistics = Field(default_factory=_Statistics)


def read_plan(path: Path, known_characters: frozenset[str] | None = None) -> Plan:
    """The plan in the file.

    Raises:
        ConfigurationError: every fault found, as ``file:line: key: what``.
    """
    return _understood(path, read_tree(path), known_characters)


def parse_plan(text: str, known_characters: frozenset[str] | None = None) -> Plan:
    """The plan in the text of a file.

    Raises:
        ConfigurationError: every fault found, as ``plan:line: key: what``.
    """
    path = Path("plan")
    return _understood(path, parsed_tree(path, text), known_characters)


def _understood(path: Path, tree: Any, known_characters: frozenset[str] | None) -> Plan:
    content = validated(path, tree, PlanFile)
    found = [(place, what) for place, what in _character_faults(content, known_characters)]
    gates, gate_faults = _gates(content)
    found += gate_faults
    plan = Plan(
        content.name,
        tuple(_stage(stage) for stage in content.stages),
        gates,
        _statistics(content.statistics),
        Policy(content.policy.cool_down, content.policy.most_step_backs, content.policy.progress_deadline),
        content.description,
    )
    found += [_placed(fault) for fault in faults(plan)]
    if found:
        raise ConfigurationError([_told(path, tree, place, what) for place, what in found])
    return plan


def located(path: Path, found: list[str]) -> list[str]:
    """Faults of a plan as ``core.plan`` tells them, with the file and line that each is of."""
    tree = read_tree(path)
    return [_told(path, tree, *_placed(fault)) for fault in found]


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of plan files, as editors read it from ``plans/plan.schema.json``."""
    schema = PlanFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Segue plan"}


def _told(path: Path, tree: Any, place: tuple[str | int, ...], what: str) -> str:
    return f"{path}:{line_of(tree, place)}: {'.'.join(map(str, place))}: {what}"


def _character_faults(
    content: PlanFile, known: frozenset[str] | None
) -> Iterator[tuple[tuple[str | int, ...], str]]:
    for number, stage in enumerate(content.stages):
        unknown = sorted(set(stage.characters) - known) if known is not None else []
        if unknown:
            yield ("stages", number, "characters"), f"nobody is called {', '.join(unknown)}"


def _stage(entry: _Stage) -> Stage:
    steps = entry.steps or (_Step.model_construct(share=entry.share, hold=entry.hold),)
    return Stage(
        entry.name,
        tuple(Step(ppm_from_percent(step.share * 100), step.hold) for step in steps),
        frozenset(entry.characters) or EVERYONE,
        entry.approval,
        None if entry.hours is None else _hours(entry.hours),
        entry.description,
    )


def _hours(entry: _Hours) -> Hours:
    first, _, last = entry.between.partition("-")
    return Hours(_minute(first), _minute(last), frozenset(_WEEKDAYS.index(day) for day in entry.on), entry.zone)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _statistics(entry: _Statistics) -> Statistics:
    return Statistics(
        slots_between_false_alarms=entry.slots_between_false_alarms,
        promotion_alpha=entry.promotion_alpha,
        least_units=entry.least_units,
        least_baseline_units=entry.least_baseline_units,
        slot_s=entry.slot,
        unit_window_s=entry.unit_window,
        longest_s=entry.longest_synthesis,
    )


def _gates(content: PlanFile) -> tuple[tuple[Gate, ...], list[tuple[tuple[str | int, ...], str]]]:
    gates: list[Gate] = []
    found: list[tuple[tuple[str | int, ...], str]] = []
    for metric, entry in content.gates.items():
        levels: dict[str, float] = {}
        for name in _LEVELS:
            written = getattr(entry, name)
            if written is None:
                continue
            try:
                levels[name] = _level(metric, name, written)
            except ValueError as error:
                found.append((("gates", metric, name), str(error)))
        gates.append(Gate(metric, **levels, margin=entry.margin))
    return tuple(gates), found


_LEVELS = ("target", "step_back", "roll_back")
_LEVEL = re.compile(r"([<>])\s*(\S.*)")


def _level(metric: Metric, name: str, written: str) -> float:
    """A level as a number; its sign must say what is good for a target and what is bad for an alarm."""
    found = _LEVEL.fullmatch(written.strip())
    sign = ">" if metric.higher_is_better == (name == "target") else "<"
    example = "2.5s" if metric.is_duration else "5%"
    if found is None or found[1] != sign:
        raise ValueError(f"write it as '{sign} {example}', not {written!r}")
    return _duration(found[2]) if metric.is_duration else _ratio(found[2])


def _placed(fault: str) -> tuple[tuple[str | int, ...], str]:
    """``stages[2].hold: what`` as a place in the file and what is wrong there."""
    where, _, what = fault.partition(": ")
    parts = re.findall(r"[A-Za-z_0-9]+", where.partition(" ")[0])
    return tuple(int(part) if part.isdigit() else part for part in parts), what
