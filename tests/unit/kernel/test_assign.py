"""Who gets which arm, and for what reason."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from segue.kernel.arms import Arm
from segue.kernel.assign import Assignment, AssignmentReason, Routing, assign, bucket, reaches_more
from segue.kernel.units import PPM
from support.paths import ROOT

VECTORS: list[dict[str, Any]] = json.loads(
    (ROOT / "tests" / "vectors" / "buckets.json").read_text(encoding="utf-8")
)["vectors"]

ON_CANDIDATE = Routing(enabled=True, share_ppm=PPM)


@pytest.mark.parametrize("vector", VECTORS, ids=map(str, range(len(VECTORS))))
def test_buckets_are_those_that_every_language_computes(vector: dict[str, Any]) -> None:
    assert bucket(vector["salt"], vector["unit"]) == vector["bucket"]


def test_without_the_master_switch_all_get_the_baseline() -> None:
    routing = Routing(enabled=False, share_ppm=PPM)

    assert assign(routing, "ann", "ghoul") == Assignment(Arm.BASELINE, AssignmentReason.SWITCHED_OFF)


def test_the_master_switch_beats_a_forced_arm() -> None:
    routing = Routing(enabled=False, share_ppm=PPM)

    assert assign(routing, "ann", "ghoul", Arm.CANDIDATE) == Assignment(
        Arm.BASELINE, AssignmentReason.SWITCHED_OFF
    )


@pytest.mark.parametrize("forced", Arm)
def test_a_forced_arm_beats_eligibility_holding_back_and_share(forced: Arm) -> None:
    barred = Routing(enabled=True, share_ppm=0, characters=frozenset({"ghoul"}), held_back=frozenset({"pip_boy"}))

    assert assign(barred, "ann", "pip_boy", forced) == Assignment(forced, AssignmentReason.FORCED)


def test_a_character_not_eligible_is_called_so_even_when_held_back() -> None:
    routing = Routing(
        enabled=True, share_ppm=PPM, characters=frozenset({"ghoul"}), held_back=frozenset({"pip_boy"})
    )

    assert assign(routing, "ann", "pip_boy") == Assignment(Arm.BASELINE, AssignmentReason.CHARACTER_NOT_ELIGIBLE)


def test_a_character_held_back_gets_the_baseline_whatever_the_share() -> None:
    routing = Routing(enabled=True, share_ppm=PPM, held_back=frozenset({"ghoul"}))

    assert assign(routing, "ann", "ghoul") == Assignment(Arm.BASELINE, AssignmentReason.CHARACTER_HELD_BACK)
    assert assign(routing, "ann", "pip_boy") == Assignment(Arm.CANDIDATE, AssignmentReason.IN_SHARE)


def test_only_eligible_characters_take_part_and_without_a_list_all_do() -> None:
    some = Routing(enabled=True, share_ppm=PPM, characters=frozenset({"ghoul"}))

    assert assign(some, "ann", "ghoul").arm is Arm.CANDIDATE
    assert assign(some, "ann", "pip_boy").arm is Arm.BASELINE
    assert assign(ON_CANDIDATE, "ann", "pip_boy").arm is Arm.CANDIDATE


def test_the_share_is_a_threshold_on_the_bucket() -> None:
    place = bucket("segue", "ann")

    outside = assign(Routing(enabled=True, share_ppm=place), "ann", "ghoul")
    inside = assign(Routing(enabled=True, share_ppm=place + 1), "ann", "ghoul")

    assert outside == Assignment(Arm.BASELINE, AssignmentReason.OUTSIDE_SHARE)
    assert inside == Assignment(Arm.CANDIDATE, AssignmentReason.IN_SHARE)


@pytest.mark.parametrize("share_ppm", [-1, PPM + 1])
def test_a_share_out_of_range_is_no_routing(share_ppm: int) -> None:
    with pytest.raises(ValueError, match="millionths"):
        Routing(share_ppm=share_ppm)


@pytest.mark.parametrize("salt", ["", "a\0b"], ids=["empty", "nul"])
def test_a_salt_that_could_run_into_a_unit_is_no_routing(salt: str) -> None:
    with pytest.raises(ValueError, match=r"^invalid salt: expected a non-empty string without NUL$"):
        Routing(salt=salt)


_SOME = Routing(enabled=True, share_ppm=1000, characters=frozenset({"ghoul"}), held_back=frozenset({"pip_boy"}))


@pytest.mark.parametrize(
    ("changes", "more"),
    [
        ({}, False),
        ({"share_ppm": 999}, False),
        ({"share_ppm": 1001}, True),
        ({"share_ppm": 1001, "enabled": False}, False),
        ({"shadow_ppm": 1}, True),
        ({"held_back": frozenset()}, True),
        ({"held_back": frozenset({"pip_boy", "ghoul"})}, False),
        ({"held_back": frozenset(), "share_ppm": 0}, False),
        ({"held_back": frozenset(), "share_ppm": 0, "shadow_ppm": 1}, True),
        ({"characters": frozenset()}, True),
        ({"characters": frozenset({"ghoul", "pip_boy"})}, True),
    ],
)
def test_what_reaches_more_listeners_than_before(changes: dict[str, Any], more: bool) -> None:
    assert reaches_more(_SOME, replace(_SOME, **changes)) is more


def test_what_was_switched_off_reached_nobody() -> None:
    assert reaches_more(replace(_SOME, enabled=False), _SOME)
    assert not reaches_more(replace(_SOME, enabled=False), replace(_SOME, share_ppm=0))
