"""What is compared has one name on every replica, and another once a voice or an engine is another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.arms import Arm
from segue.speech.core.catalogue import ArmSpec, Catalogue, Character, Delivery
from segue.testing.engine import ScriptedEngine
from segue.wiring.fingerprint import fingerprint

GHOUL = Character("ghoul", "Ghoul", {Arm.BASELINE: (Delivery("en-US"),), Arm.CANDIDATE: (Delivery("en-GB"),)})
RAIDER = replace(GHOUL, key="raider")
ARMS = {Arm.BASELINE: ArmSpec("old", "wavenet"), Arm.CANDIDATE: ArmSpec("new", "chirp3-hd")}


def of(*characters: Character, arms: dict[Arm, ArmSpec] = ARMS, version: str = "1") -> str:
    catalogue = Catalogue("test", "en-US", arms, {one.key: one for one in characters}, "ghoul", {}, {})
    return fingerprint(catalogue, {"old": ScriptedEngine("old"), "new": ScriptedEngine("new", version=version)})


def test_it_is_the_same_in_whatever_order_the_catalogue_is() -> None:
    there_and_back = dict(reversed(ARMS.items()))

    assert of(GHOUL, RAIDER) == of(RAIDER, GHOUL, arms=there_and_back)
    assert len(of(GHOUL)) == 16


@pytest.mark.parametrize(
    "other",
    [
        of(GHOUL, version="2"),
        of(GHOUL, RAIDER),
        of(GHOUL, arms=ARMS | {Arm.CANDIDATE: ArmSpec("old", "chirp3-hd")}),
        of(replace(GHOUL, deliveries={**GHOUL.deliveries, Arm.CANDIDATE: (Delivery("en-AU"),)})),
        of(replace(GHOUL, deliveries={**GHOUL.deliveries, Arm.CANDIDATE: (Delivery("en-GB", 2.0),)})),
        of(replace(GHOUL, deliveries={**GHOUL.deliveries, Arm.BASELINE: (Delivery("en-US", 0.0, 1.1),)})),
    ],
    ids=["version", "character", "engine", "voice", "pitch", "rate of the baseline"],
)
def test_it_is_another_when_anything_of_either_arm_is(other: str) -> None:
    assert other != of(GHOUL)
