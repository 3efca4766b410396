"""Worlds beside those of the claims: gates on the first audio, trouble in one language, forty characters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.rollout.core.gates import Gate, GateMetric
from segue.rollout.core.rollout import Verb
from segue.rollout.simulation.claims import SLIGHTLY_WORSE, HeldShare, Scene, SceneKind, outcomes
from segue.rollout.simulation.world import behaviour, zipf
from support.simulation import cast, chirp3

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.rollout.core.plan import Plan
    from segue.rollout.simulation.outcome import RunOutcome

pytestmark = pytest.mark.timeout(180)  # hours of virtual time in seconds, on a machine that may be busy

RUNS = 20
FEW = 5_000.0
FORTY = tuple(f"character-{number:02}" for number in range(40))
GERMAN = (0, 3, 5, 8, 12)
"""The characters that speak one of two languages: popular and rare ones."""

ON_STREAMS = (
    Gate(GateMetric.P50_FIRST_AUDIO, target=0.5, step_back=0.75),
    Gate(GateMetric.P95_FIRST_AUDIO, target=1.0, step_back=1.5, roll_back=3.0),
)
BEGINS_LATER = {"baseline": behaviour(0.001, 0.9, 0.3), "candidate": behaviour(0.006, 1.3, 0.42)}
"""A candidate that is slightly worse in everything, and meets every target."""


def played(
    *faults: str,
    changes: Mapping[str, object],
    share: float = 0.5,
    days: float = 0.09,
    plan: Plan | None = None,
    characters: tuple[str, ...] = (),
) -> list[RunOutcome]:
    """At 5,000 requests a day; characters in faults are numbers, 0 is the most popular."""
    everybody = characters or cast()
    wanted = {"popularity": zipf(len(everybody)), **changes}
    stay = HeldShare(share, days, finished=share >= 1.0)
    scene = Scene(SceneKind.SHARED, "world", FEW, (), stay, faults=faults, changes=wanted)
    return list(outcomes(scene, plan or chirp3(), everybody, RUNS, 7).outcomes)


def gone_back(runs: list[RunOutcome]) -> int:
    return sum(run.back is not None for run in runs)


def in_german(fault: str) -> tuple[str, ...]:
    return tuple(f"{fault}/{number}" for number in GERMAN)


# Gates on the first audio


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
def test_an_hour_in_which_both_arms_begin_four_times_as_late_takes_nobody_back(share: float) -> None:
    plan = replace(chirp3(), gates=chirp3().gates + ON_STREAMS)

    assert gone_back(played("drag:4@1h+1h", changes=BEGINS_LATER, share=share, plan=plan)) == 0


def test_a_candidate_whose_streams_begin_late_is_taken_back_within_hours() -> None:
    plan = replace(chirp3(), gates=chirp3().gates + ON_STREAMS)
    found = [run.back.after_s for run in played("late:1.5@1h", changes={}, days=1.0, plan=plan) if run.back]

    assert len(found) == RUNS
    assert sorted(after_s or 0.0 for after_s in found)[RUNS // 2] <= 3 * 3600.0


# One language of two


@pytest.mark.parametrize("share", [0.1, 0.5, 1.0])
@pytest.mark.parametrize("part", [1.0, 0.3])
def test_both_vendors_failing_in_one_language_takes_nobody_back(part: float, share: float) -> None:
    assert gone_back(played(*in_german(f"outage:{part}@1h+1h"), changes=SLIGHTLY_WORSE, share=share)) == 0


def test_the_candidates_vendor_dead_in_one_language_is_found_within_half_an_hour() -> None:
    found = [run.back for run in played(*in_german("error:1@1h"), changes={}) if run.back is not None]

    assert len(found) == RUNS
    assert all((back.after_s or 0.0) <= 1800.0 for back in found)


# Forty characters, most of them rare


def test_forty_characters_in_a_shared_outage_take_nobody_back() -> None:
    assert gone_back(played("outage:1@1h+10m", changes=SLIGHTLY_WORSE, characters=FORTY)) == 0


def test_of_forty_characters_a_dead_one_is_held_back_alone() -> None:
    backs = [run.back for run in played("error:1@1h/20", changes={}, days=3.0, characters=FORTY)]

    assert sum(back is not None and back.verb is Verb.HOLD_BACK for back in backs) >= RUNS - 1
