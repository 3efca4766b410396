"""Test cases for every alert: traffic slightly beyond its level, at which it fires, and traffic slightly within,
at which it does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from segue.kernel.telemetry import catalog
from segue.ops.rules.alerts import REFUSED, gate_levels
from segue.rollout.core.gates import QUANTILES, GateMetric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from segue.ops.rules.alerts import GateLevel
    from segue.rollout.core.plan import Plan

    _Series = dict[str, str]

_BEYOND, _WITHIN = 1.2, 0.8
_A_MINUTE = 60.0
"""Cases per minute: enough that no rule is silent because of too few cases."""

_MINUTES = 40
_LOOKED_AT = "35m"
"""By then the ``for`` of every rule has passed."""

_MODEL = 'voice_model="chirp3-hd",character_key="ghoul"'
_ATTEMPTS = catalog.SYNTHESIS.name
_SECONDS = catalog.SYNTHESIS_DURATION.name
_FIRST_AUDIO = catalog.FIRST_AUDIO.name


@dataclass(frozen=True, slots=True)
class Case:
    """Series in promtool's notation, and whether the alert (a regular expression) fires ``at`` that time."""

    name: str
    alert: str
    series: _Series
    fires: bool
    at: str = _LOOKED_AT


def cases(plan: Plan, job: str) -> Iterator[Case]:
    """Two for each alert, and one in which no alert fires."""
    for found in gate_levels(plan):
        for factor, fires in ((_BEYOND, True), (_WITHIN, False)):
            yield Case(_title(found.name, fires=fires), found.name, _gate_series(found, factor), fires)
    for name, (firing, quiet) in _others(job).items():
        yield Case(_title(name, fires=True), name, firing, fires=True, at=_EARLY.get(name, _LOOKED_AT))
        yield Case(_title(name, fires=False), name, quiet, fires=False, at=_EARLY.get(name, _LOOKED_AT))
    yield Case("no alert fires for a healthy service", ".+", _healthy(job), fires=False)


def _title(name: str, *, fires: bool) -> str:
    return f"{name} {'fires' if fires else 'stays quiet'}"


def _gate_series(found: GateLevel, factor: float) -> _Series:
    metric, level = found.gate.metric, found.level
    if metric is GateMetric.MEAN_SYNTHESIS:
        return _attempts(0.0) | _timed(level * factor)
    if metric in QUANTILES:
        part = (1.0 - QUANTILES[metric]) * factor
        if metric.of_streams:
            streams = {f"{_FIRST_AUDIO}_count{{{_MODEL}}}": _rising(1.0)}
            return _attempts(0.0) | streams | _slower(level, part, _FIRST_AUDIO)
        return _attempts(0.0) | _slower(level, part)
    bad = (1.0 - level if metric.higher_is_better else level) * factor
    return _bad_series(metric, min(bad, 1.0))


def _bad_series(metric: GateMetric, bad: float) -> _Series:
    """Traffic of which the part ``bad`` is bad by this metric."""
    if metric is GateMetric.FALLBACK_RATE:
        info = {f'{catalog.ARMS.name}{{arm="candidate",voice_model="chirp3-hd"}}': _steady(1)}
        fallbacks = {f'{catalog.FALLBACKS.name}{{character_key="ghoul",error_type="internal"}}': _rising(bad)}
        return _attempts(0.0) | info | fallbacks
    if metric is GateMetric.UNSERVED_RATE:
        return _requests(bad)
    if metric is GateMetric.CACHE_HIT_RATE:
        return {
            f'{catalog.CACHE_HITS.name}{{voice_model="chirp3-hd",source="memory"}}': _rising(1.0 - bad),
            f'{catalog.CACHE_MISSES.name}{{voice_model="chirp3-hd"}}': _rising(bad),
        }
    if metric is GateMetric.BAD_AUDIO_RATE:
        series = f'{catalog.SYNTHESIS_ERRORS.name}{{{_MODEL},error_type="bad_audio"}}'
        return _attempts(bad) | {series: _rising(bad)}
    return _attempts(bad)


def _attempts(bad: float) -> _Series:
    return {
        f'{_ATTEMPTS}{{{_MODEL},status="error"}}': _rising(bad),
        f'{_ATTEMPTS}{{{_MODEL},status="success"}}': _rising(1.0 - bad),
    }


def _requests(failed: float) -> _Series:
    return {
        f'{catalog.REQUESTS.name}{{outcome="failed"}}': _rising(failed),
        f'{catalog.REQUESTS.name}{{outcome="served"}}': _rising(1.0 - failed),
    }


def _timed(mean_s: float) -> _Series:
    return {f"{_SECONDS}_sum{{{_MODEL}}}": _rising(mean_s), f"{_SECONDS}_count{{{_MODEL}}}": _rising(1.0)}


def _slower(level_s: float, part: float, histogram: str = _SECONDS) -> _Series:
    """Durations of which ``part`` is longer than the level, and none longer than twice the level."""
    edges = ((str(level_s), 1.0 - part), (str(level_s * 2), 1.0), ("+Inf", 1.0))
    return {f'{histogram}_bucket{{{_MODEL},le="{edge}"}}': _rising(count) for edge, count in edges}


def _rising(part: float) -> str:
    return f"0+{part * _A_MINUTE:g}x{_MINUTES}"


def _steady(value: float) -> str:
    return f"{value:g}+0x{_MINUTES}"


_EARLY = {"SegueRolloutWentBack": "12m"}
"""This alert fires immediately, and ends when its window ends."""


def _others(job: str) -> dict[str, tuple[_Series, _Series]]:
    """Series that fire and series that do not, for the alerts that do not belong to a gate."""
    up = f'up{{job="{job}",instance="one"}}'
    breaker = f'{catalog.BREAKER_OPEN.name}{{engine="google",family="Chirp3-HD"}}'
    phase = f'{catalog.PHASE.name}{{phase="awaiting_approval"}}'
    went_back = f'{catalog.TRANSITIONS.name}{{kind="roll_back",trigger="P0"}}'
    flags = {
        "SegueBreakerOpen": breaker,
        "SegueDiskShort": f'{catalog.DISK_SHORT.name}{{instance="one"}}',
        "SegueDiskHangs": f'{catalog.CACHE_LEFT_ALONE.name}{{instance="one"}}',
        "SegueRolloutStuck": catalog.STUCK.name,
        "SegueRolloutHoldOver": catalog.HOLD_OVER.name,
        "SegueApprovalWanted": phase,
        "SegueMetricsUnreadable": catalog.UNREADABLE.name,
    }
    return {
        "SegueScrapeGone": ({up: _steady(0)}, {up: _steady(1)}),
        "SegueBothArmsDown": (_requests(1.0) | _attempts(1.0), _requests(0.9) | _attempts(0.9)),
        **{name: ({series: _steady(1)}, {series: _steady(0)}) for name, series in flags.items()},
        "SegueOverloaded": ({REFUSED: _rising(0.1)}, {REFUSED: _steady(7)}),
        "SegueNobodyActs": (_two_replicas(0), _two_replicas(1)),
        "SegueRolloutWentBack": ({went_back: "0x9 1x30"}, {went_back: _steady(1)}),
    }


def _two_replicas(acting: float) -> _Series:
    """Two replicas; ``acting`` says whether the first one moves the rollout."""
    name = catalog.ACTING.name
    return {f'{name}{{instance="one"}}': _steady(acting), f'{name}{{instance="two"}}': _steady(0)}


def _healthy(job: str) -> _Series:
    hits = {
        f'{catalog.CACHE_HITS.name}{{voice_model="chirp3-hd",source="memory"}}': _rising(0.97),
        f'{catalog.CACHE_MISSES.name}{{voice_model="chirp3-hd"}}': _rising(0.03),
    }
    fast = _slower(0.75, 0.001) | _timed(0.6)
    quiet = {series: values for _, (_, within) in _others(job).items() for series, values in within.items()}
    return quiet | _attempts(0.001) | _requests(0.0) | hits | fast
