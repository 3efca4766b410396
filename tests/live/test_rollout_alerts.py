"""Alerts of the rollout: one goes through all they speak of, and each fires in its turn in a real Prometheus."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import pytest

from support.alerts import Cause, Quick, watching
from support.process import serving
from support.rollbacks import crowd_at

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

QUICK = Quick(for_s=3.0)
HOLD_S, DEADLINE = 2.0, 1.5
JUDGED_S = 15.0
"""Enough units for a verdict, on a machine that has other things to do."""

OUT_OF_REACH_S = 10.0
"""A call waits 5 s for the lock, and before that as long for a connection with which another one waits."""

PROFILE = """
version: 1
profile: two-engines
language: en-US
default_character: pip_boy
arms:
  baseline: {engine: espeak, model: espeak-ng}
  candidate: {engine: piper, model: piper}
engines:
  piper: {workers: 1, threads: 1}
characters:
  pip_boy: {name: Pip-Boy, baseline: en-us, candidate: en_US-joe-medium}
"""
PLAN = f"""
version: 1
name: asks-a-person
stages:
  - {{name: half, share: 50%, hold: {HOLD_S:g}s}}
  - {{name: all, share: 100%, hold: 1h, approval: true}}
gates:
  success_rate: {{target: "> 70%", roll_back: "< 50%"}}
policy: {{progress_deadline: {DEADLINE:g}}}
statistics:
  slot: 1s
  unit_window: 1s
  slots_between_false_alarms: 1000
  promotion_alpha: 20%
  least_units: 10
  least_baseline_units: 5
"""


@contextmanager
def locked(store: Path) -> Iterator[None]:
    """Another process's transaction, which does not end."""
    with closing(sqlite3.connect(store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


@pytest.mark.services
@pytest.mark.timeout(180)
def test_a_rollout_makes_each_of_its_alerts_fire_in_its_turn(tmp_path: Path) -> None:
    profile = tmp_path / "two-engines.yaml"
    profile.write_text(PROFILE, encoding="utf-8")
    settings = {"SEGUE_CACHE_MEMORY_BYTES": "0", "SEGUE_CACHE_DISK_BYTES": "0", "SEGUE_CONTROLLER_LEASE_S": "3"}
    with (
        serving(tmp_path, SEGUE_PROFILE=str(profile), **settings) as server,
        watching(tmp_path, server, QUICK) as watch,
    ):
        for cause in (Cause.NO_TRAFFIC, Cause.STAGE_ENDS_WELL, Cause.CANDIDATE_FAILS, Cause.STORE_IS_LOCKED):
            watch.quiet(cause.value)
        server.order("start", plan=PLAN)
        watch.fires(Cause.NO_TRAFFIC.value, cause_s=HOLD_S * DEADLINE)

        with crowd_at(server.url, 10):
            watch.quiet(Cause.STAGE_ENDS_WELL.value)
            watch.fires(Cause.STAGE_ENDS_WELL.value, cause_s=JUDGED_S)

            watch.quiet(Cause.CANDIDATE_FAILS.value)
            server.breaks("piper", {"kind": "internal"})
            watch.fires(Cause.CANDIDATE_FAILS.value, cause_s=JUDGED_S)

        watch.quiet(Cause.STORE_IS_LOCKED.value)
        with locked(tmp_path / "segue.db"):
            watch.fires(Cause.STORE_IS_LOCKED.value, cause_s=OUT_OF_REACH_S)
            assert server.say("Still here.")["voice_model"] == "espeak-ng"
        watch.until("SegueNobodyActs", "quiet")
