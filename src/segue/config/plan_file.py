"""Reads a plan from a YAML file and reports every fault at once, each with its line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.config.documents import line_of, parsed_tree, read_tree
from segue.config.plan_document import (
    DURATION,
    PERCENT,
    WEEKDAYS,
    HoursEntry,
    PlanFile,
    PolicyEntry,
    StageEntry,
    StatisticsEntry,
    StepEntry,
    duration_s,
    ratio,
)
from segue.config.plan_mending import Place, understood_in_part
from segue.kernel.errors import ConfigurationError, InvalidRequest
from segue.kernel.shadow_budget import ShadowBudget
from segue.kernel.units import ppm_from_percent
from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.plan import (
    EVERYONE,
    Hours,
    Plan,
    Policy,
    Stage,
    Statistics,
    Step,
)
from segue.rollout.core.plan_faults import faults

if TYPE_CHECKING:
    from collections.abc import Iterator


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
    content, misread = understood_in_part(tree, PlanFile)
    found = [(fault.place, fault.what) for fault in misread]
    if content is not None:
        plan, more = _plan(content, known_characters)
        found += [(place, what) for place, what in more if not any(fault.hides(place) for fault in misread)]
        if not found:
            return plan
    found.sort(key=lambda fault: line_of(tree, fault[0]))
    raise ConfigurationError([_told(path, tree, place, what) for place, what in found])


def _plan(content: PlanFile, known_characters: frozenset[str] | None) -> tuple[Plan, list[tuple[Place, str]]]:
    """The plan, and every fault found in it."""
    found = list(_character_faults(content, known_characters))
    stages = []
    for number, entry in enumerate(content.stages):
        levels, misread = _stage_targets(number, entry)
        stages.append(_stage(entry, levels))
        found += misread
    gates, misread = _gates(content)
    plan = Plan(
        content.name,
        tuple(stages),
        gates,
        _statistics(content.statistics),
        _policy(content.policy),
        content.description,
        ppm_from_percent(content.yardstick * 100),
        ShadowBudget(content.shadow.characters_a_day, content.shadow.at_once),
    )
    return plan, [*found, *misread, *(_placed(fault) for fault in faults(plan))]


def parse_percent(written: str) -> float:
    """A share or rate in the notation of plans, such as ``12.5%``, as a number from 0 to 1.

    Raises:
        InvalidRequest: the text is not a percentage from 0 to 100.
    """
    try:
        found = ratio(written)
    except ValueError as error:
        raise InvalidRequest(str(error)) from None
    if found > 1.0:
        raise InvalidRequest(f"expected a percentage from 0% to 100%, not {written}")
    return found


def plan_schema() -> dict[str, Any]:
    """The JSON Schema of plan files; editors read it from ``plans/plan.schema.json``."""
    schema = PlanFile.model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "Segue plan"}


def _told(path: Path, tree: Any, place: Place, what: str) -> str:
    return f"{path}:{line_of(tree, place)}: {'.'.join(map(str, place))}: {what}"


def _character_faults(content: PlanFile, known: frozenset[str] | None) -> Iterator[tuple[Place, str]]:
    for number, stage in enumerate(content.stages):
        unknown = sorted(set(stage.characters) - known) if known is not None else []
        if unknown:
            yield ("stages", number, "characters"), f"unknown character: {', '.join(unknown)}"


def _stage(entry: StageEntry, targets: dict[GateMetric, float]) -> Stage:
    steps = entry.steps or (StepEntry.model_construct(share=entry.share, hold=entry.hold),)
    return Stage(
        entry.name,
        tuple(Step(ppm_from_percent(step.share * 100), step.hold) for step in steps),
        frozenset(entry.characters) or EVERYONE,
        entry.approval,
        None if entry.hours is None else _hours(entry.hours),
        entry.description,
        ppm_from_percent(entry.shadow * 100),
        targets,
    )


def _stage_targets(number: int, entry: StageEntry) -> tuple[dict[GateMetric, float], list[tuple[Place, str]]]:
    targets: dict[GateMetric, float] = {}
    found: list[tuple[Place, str]] = []
    for metric, gate in entry.gates.items():
        try:
            targets[metric] = _level(metric, "target", gate.target)
        except ValueError as error:
            found.append((("stages", number, "gates", metric, "target"), str(error)))
    return targets, found


def _hours(entry: HoursEntry) -> Hours:
    first, _, last = entry.between.partition("-")
    return Hours(_minute(first), _minute(last), frozenset(WEEKDAYS.index(day) for day in entry.on), entry.zone)


def _minute(text: str) -> int:
    hour, _, minute = text.partition(":")
    return int(hour) * 60 + int(minute)


def _statistics(entry: StatisticsEntry) -> Statistics:
    return Statistics(
        slots_between_false_alarms=entry.slots_between_false_alarms,
        promotion_alpha=entry.promotion_alpha,
        least_units=entry.least_units,
        least_baseline_units=entry.least_baseline_units,
        slot_s=entry.slot,
        unit_window_s=entry.unit_window,
        longest_s=entry.longest_synthesis,
        least_listeners=entry.least_listeners,
        least_duration_s=entry.least_duration,
        slower_ratio=entry.slower_ratio,
        quiet_s=entry.quiet,
    )


def _policy(entry: PolicyEntry) -> Policy:
    return Policy(
        entry.cool_down,
        entry.most_step_backs,
        entry.progress_deadline,
        entry.missed,
        None if entry.when_alone is None else entry.when_alone.roll_back_after,
        None if entry.resume is None else entry.resume.after,
    )


def _gates(content: PlanFile) -> tuple[tuple[Gate, ...], list[tuple[Place, str]]]:
    gates: list[Gate] = []
    found: list[tuple[Place, str]] = []
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
_LEVEL = re.compile(r"(>=|<=|[<>≥≤＞＜])?\s*(\S.*)")


def _level(metric: GateMetric, name: str, written: str) -> float:
    """A level as a number. Its sign must give the good range for a target and the bad range for an alarm."""
    found = _LEVEL.fullmatch(written.strip())
    sign = ">" if metric.higher_is_better == (name == "target") else "<"
    if found is None or found[1] != sign:
        raise ValueError(f"expected '{sign} {_amount(metric, found)}', not {written!r}")
    return duration_s(found[2]) if metric.is_duration else ratio(found[2])


def _amount(metric: GateMetric, found: re.Match[str] | None) -> str:
    """The amount as written if it suits this metric, else an example."""
    amount = DURATION if metric.is_duration else PERCENT
    if found is not None and amount.fullmatch(found[2]):
        return found[2]
    return "2.5s" if metric.is_duration else "5%"


def _placed(fault: str) -> tuple[Place, str]:
    """``stages[2].hold: what`` as a place in the file and what is wrong there."""
    where, _, what = fault.partition(": ")
    parts = re.findall(r"[A-Za-z_0-9]+", where.partition(" ")[0])
    return tuple(int(part) if part.isdigit() else part for part in parts), what
