"""The claims of docs/simulation.md, looked at in fewer runs and shorter stays than by ``make judge``."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest

from segue.config.plan_file import read_plan
from segue.rollout.simulation.claims import ONE_DAY, HeldShare, Scene, SceneKind, one_day, played, scenes
from segue.rollout.simulation.tame import chance_of_alarm
from segue.rollout.simulation.world import DAY_S, parse_fault
from support.simulation import PLANS, cast, chirp3

if TYPE_CHECKING:
    from segue.rollout.core.plan import Plan

RUNS = {SceneKind.HEALTHY: 40, SceneKind.LISTENERS: 40}
_OTHER_RUNS = 20
_DAYS = {SceneKind.HEALTHY: 0.25, SceneKind.LISTENERS: 1.0}
_AFTER_TROUBLE_DAYS = 0.02
_MOST_A_DAY = DAY_S


@cache
def plan_named(name: str) -> Plan:
    return one_day(chirp3()) if name == ONE_DAY else read_plan(PLANS / f"{name}.yaml", frozenset(cast()))


def _short(scene: Scene) -> Scene:
    """Long enough for what may happen in it."""
    if scene.stay is None:
        return scene
    days = _DAYS.get(scene.kind, scene.stay.days)
    if scene.kind is SceneKind.SHARED and not scene.stay.finished:  # there, nothing may be said for hours
        trouble = parse_fault(scene.faults[0])
        days = (trouble.at_s + trouble.for_s) / DAY_S + _AFTER_TROUBLE_DAYS
    return replace(scene, stay=HeldShare(scene.stay.share, min(days, scene.stay.days), scene.stay.finished))


def _marked(scene: Scene) -> object:
    busy = scene.requests_per_day > _MOST_A_DAY
    skip = pytest.mark.skipif(busy, reason="minutes of drawing; make judge plays it")
    return pytest.param(_short(scene), id=f"{scene.kind.value}: {scene.name}, {scene.where}", marks=skip)


@pytest.mark.timeout(180)  # weeks of virtual time in seconds, on a machine that may be busy
@pytest.mark.parametrize("scene", [_marked(scene) for scene in scenes()])
def test_nothing_that_is_measured_refutes_what_the_documentation_says(scene: Scene) -> None:
    runs = RUNS.get(scene.kind, _OTHER_RUNS)

    for finding in played(scene, plan_named(scene.plan), cast(), runs, seed=1):
        assert not finding.refuted, finding


def test_in_every_healthy_world_an_alarm_in_a_week_is_all_but_impossible_whatever_the_traffic() -> None:
    for scene in scenes():
        if scene.kind is SceneKind.HEALTHY:
            world = scene.world(cast())
            chance = chance_of_alarm(plan_named(scene.plan), len(cast()) + 1, world.candidate, 7.0 * DAY_S)
            assert 0.0 < chance < 0.001, scene.name


def test_a_claim_that_is_not_true_is_refuted_by_as_many_runs() -> None:
    [healthy] = [scene for scene in scenes() if (scene.name, scene.requests_per_day) == ("equal arms", 5_000.0)]
    dead = replace(_short(healthy), faults=("error:1@1h",))

    [finding] = played(dead, chirp3(), cast(), RUNS[SceneKind.HEALTHY], seed=1)

    assert finding.refuted
    assert not finding.holds
