"""Tables and numbers for the pages: from a plan, the settings and a catalogue."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from pydantic import SecretStr

from segue.config.names import env_name
from segue.config.schema import Settings
from segue.kernel.arms import Arm
from segue.kernel.units import percent_from_ppm
from segue.ops.words import span

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from pydantic.fields import FieldInfo
    from words import Words

    from segue.rollout.core.gates import Gate
    from segue.rollout.core.plan import Plan, Stage
    from segue.speech.core.catalogue import Catalogue

_MIB = 1024 * 1024
_LEVELS = ("target", "step_back", "roll_back")
_UNITS_S = ((604_800.0, "weeks", 1), (86_400.0, "days", 2), (3600.0, "h", 1), (60.0, "min", 1))
_LONG_NUMBER = 1e6
"""From here on a number is written out. Below it, ``:g`` drops no digit."""


def tables(plan: Plan, catalogue: Catalogue, words: Words) -> dict[str, Callable[[], str]]:
    """Every table by the name of its markers. Each is made when it is needed."""
    return {
        "stages": partial(_stages, plan, words),
        "stage-settings": partial(_stage_settings, plan, words),
        "gates": partial(_gates, plan, words),
        "triggers": partial(_triggers, plan, words),
        "rollout-settings": partial(_settings, words, rollout=True),
        "settings": partial(_settings, words, rollout=False),
        "characters": partial(_characters, catalogue, words),
        "quotas": partial(_quotas, catalogue, words),
    }


def values(plan: Plan, words: Words) -> dict[str, str]:
    """Numbers within sentences: ``STAGE.hold``, ``STAGE.share``, ``METRIC.target`` and others."""
    found = {
        "plan.hold": time_in_words(plan.hold_s, words),
        "policy.cool_down": time_in_words(plan.policy.cool_down_s, words),
        "policy.most_step_backs": f"{plan.policy.most_step_backs}",
        "policy.progress_deadline": f"{plan.policy.progress_deadline:g}",
        "statistics.least_units": f"{plan.statistics.least_units:g}",
        "yardstick": _percent(plan.yardstick_ppm / 1e6),
        "statistics.slot": time_in_words(plan.statistics.slot_s, words),
        "statistics.unit_window": time_in_words(plan.statistics.unit_window_s, words),
    }
    for stage in plan.stages:
        found[f"{stage.name}.hold"] = time_in_words(stage.hold_s, words)
        found[f"{stage.name}.share"] = _percent(stage.steps[0].share_ppm / 1e6)
        for number, step in enumerate(stage.steps, start=1):
            found[f"{stage.name}.share/{number}"] = _percent(step.share_ppm / 1e6)
            found[f"{stage.name}.hold/{number}"] = time_in_words(step.hold_s, words)
    for gate in plan.gates:
        for name in _LEVELS:
            if getattr(gate, name) is not None:
                found[f"{gate.metric}.{name}"] = _amount(gate, name)
    return found | {f"setting.{name}": _default(info, words) for name, info in Settings.model_fields.items()}


def time_in_words(time_s: float, words: Words) -> str:
    """In the largest unit that divides it, with days from the second day on; otherwise as ``span`` formats it."""
    for unit_s, unit, least in _UNITS_S:
        if time_s >= unit_s * least and time_s % unit_s == 0:
            count = time_s / unit_s
            named = "week" if unit == "weeks" and count == 1 else unit
            return f"{count:g} {words.phrase(named)}"
    return f"{time_s:g} {words.phrase('s')}" if words.translated else span(time_s)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    names = list(head)
    lines = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join([*lines, *("| " + " | ".join(cells) + " |" for cells in rows)])


def _percent(ratio: float) -> str:
    return f"{round(ratio * 100, 6):g} %"


def _stages(plan: Plan, words: Words) -> str:
    head = [words.phrase(name) for name in ("stage", "what", "candidate share", "characters", "hold")]
    rows = ([f"{number} `{stage.name}`", *_stage(stage, words)] for number, stage in enumerate(plan.stages))
    return _table(head, rows)


def _stage(stage: Stage, words: Words) -> Iterator[str]:
    yield words.stage(stage.name, stage.description)
    shares = [f"{percent_from_ppm(step.share_ppm):g} %" for step in stage.steps]
    yield ", ".join(shares)
    nobody = all(step.share_ppm == 0 for step in stage.steps)
    everyone = words.phrase("nobody" if nobody else "all")
    yield ", ".join(f"`{name}`" for name in sorted(stage.characters)) or everyone
    holds = ", ".join(time_in_words(step.hold_s, words) for step in stage.steps)
    total = time_in_words(stage.hold_s, words)
    yield total if len(stage.steps) == 1 else f"{holds} ({words.phrase('together')} {total})"


def _stage_settings(plan: Plan, words: Words) -> str:
    """Each step as the variables that set it manually."""
    names = ("chirp3_enabled", "chirp3_rollout_percentage", "chirp3_enabled_characters")
    head = [words.phrase("stage"), *(f"`{env_name(name)}`" for name in names)]
    rows = (
        [
            f"{number} `{stage.name}`",
            f"`{str(step.share_ppm > 0).lower()}`",
            f"`{percent_from_ppm(step.share_ppm):g}`",
            f"`{','.join(sorted(stage.characters))}`" if stage.characters else "",
        ]
        for number, stage in enumerate(plan.stages)
        for step in stage.steps
    )
    return _table(head, rows)


def _gates(plan: Plan, words: Words) -> str:
    names = ("metric", "in the plan", "target", "P1: step back", "P0: roll back")
    head = [words.phrase(name) for name in names]
    rows = (
        [words.metric(gate.metric), f"`{gate.metric}`", *(_level(gate, name) for name in _LEVELS)]
        for gate in plan.gates
    )
    return _table(head, rows)


def _triggers(plan: Plan, words: Words) -> str:
    head = [words.phrase(name) for name in ("class", "metric", "beyond", "what the judge does")]
    done = {
        "roll_back": ("P0", "rolls back immediately"),
        "step_back": ("P1", "steps back a stage, or holds back that character"),
    }
    rows = (
        [grade, words.metric(gate.metric), _level(gate, name), words.phrase(what)]
        for name, (grade, what) in done.items()
        for gate in plan.gates
        if getattr(gate, name) is not None
    )
    return _table(head, rows)


def _level(gate: Gate, name: str) -> str:
    """With the sign of the good range for a target, and of the bad range for the others."""
    if getattr(gate, name) is None:
        return ""
    sign = ">" if gate.metric.higher_is_better == (name == "target") else "<" if name == "target" else ""
    if not sign:
        sign = "<" if gate.metric.higher_is_better else ">"
    return f"{sign} {_amount(gate, name)}"


def _amount(gate: Gate, name: str) -> str:
    level: float = getattr(gate, name)
    return f"{level:g} s" if gate.metric.is_duration else _percent(level)


def _settings(words: Words, *, rollout: bool) -> str:
    head = [words.phrase(name) for name in ("variable", "type", "default", "meaning")]
    rows = (
        [
            f"`{env_name(name)}`",
            _kind(info, words),
            _default(info, words),
            words.setting(name, info.description or ""),
        ]
        for name, info in Settings.model_fields.items()
        if name.startswith("chirp3_") is rollout
    )
    return _table(head, rows)


_KINDS: dict[Any, str] = {
    bool: "true or false",
    int: "whole number",
    float: "number",
    str: "text",
    Path: "path",
    SecretStr: "secret",
}


def _kind(info: FieldInfo, words: Words) -> str:
    kind = info.annotation
    options = [one for one in get_args(kind) if one is not type(None)]
    if get_origin(kind) is Literal:
        return ", ".join(f"`{one}`" for one in options)
    if get_origin(kind) is tuple:
        return words.phrase("list, separated by commas")
    said = words.phrase(_KINDS[options[0] if options else kind])
    return said + "".join(_bound(limit) for limit in info.metadata)


def _bound(limit: Any) -> str:
    """One of the limits of a setting. Other limits are in its description."""
    for name, sign in (("ge", "≥"), ("gt", ">"), ("le", "≤")):
        if hasattr(limit, name):
            return f", {sign} {getattr(limit, name):g}"
    return ""


def _default(info: FieldInfo, words: Words) -> str:
    default = info.default
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    if default is None or default in ("", ()):
        return words.phrase("none")
    if isinstance(default, tuple):
        return f"`{','.join(default)}`"
    if isinstance(default, int) and default >= _MIB and default % _MIB == 0:
        return f"`{default}` ({default // _MIB} MiB)"
    if isinstance(default, float):
        return f"`{default:g}`" if default < _LONG_NUMBER else f"`{default:.0f}`"
    return f"`{default}`"


def _characters(catalogue: Catalogue, words: Words) -> str:
    head = ("key", "name", "baseline voice", "candidate voice", "pitch (semitones)", "rate")
    rows = []
    for key, character in catalogue.characters.items():
        first = character.deliveries[Arm.BASELINE][0]
        wanted = ", ".join(f"`{one.voice}`" for one in character.deliveries[Arm.CANDIDATE])
        pitch = f"{first.pitch_semitones:+g}" if first.pitch_semitones else "0"
        rows.append([f"`{key}`", character.name, f"`{first.voice}`", wanted, pitch, f"{first.rate_ratio:g}"])
    return _table((words.phrase(name) for name in head), rows)


def _quotas(catalogue: Catalogue, words: Words) -> str:
    head = ("voices", "requests per minute", "concurrent streams", "USD per million characters", "as of")
    rows = (
        [
            f"`{engine}/{family}`",
            *(_number(one) for one in (quota.requests_per_minute, quota.concurrent_streams)),
            _number(quota.usd_per_million_chars),
            quota.as_of,
        ]
        for (engine, family), quota in catalogue.quotas.items()
    )
    return _table((words.phrase(name) for name in head), rows)


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.10g}"
