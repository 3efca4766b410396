"""Which requests are in the shadow: by the listener, and independent of the arms."""

from __future__ import annotations

from dataclasses import replace

import pytest

from segue.kernel.assign import AssignmentReason, Routing, bucket
from segue.speech.core.shadow import is_shadowed, shadow_bucket

UNITS = [f"user-{number}" for number in range(20_000)]
ROUTING = Routing(enabled=True, shadow_ppm=200_000, salt="test")


def chosen(routing: Routing) -> set[str]:
    return {unit for unit in UNITS if is_shadowed(routing, AssignmentReason.OUTSIDE_SHARE, unit)}


def test_a_share_of_the_listeners_is_in_the_shadow() -> None:
    assert len(chosen(ROUTING)) / len(UNITS) == pytest.approx(0.2, abs=0.01)


def test_raising_the_share_takes_nobody_out() -> None:
    assert chosen(ROUTING) < chosen(replace(ROUTING, shadow_ppm=300_000))


def test_all_or_none_may_be() -> None:
    assert chosen(replace(ROUTING, shadow_ppm=1_000_000)) == set(UNITS)
    assert chosen(replace(ROUTING, shadow_ppm=0)) == set()


def test_another_rollout_chooses_others() -> None:
    both = chosen(ROUTING) & chosen(replace(ROUTING, salt="other"))

    assert len(both) / len(UNITS) == pytest.approx(0.04, abs=0.01)


def test_the_choice_says_nothing_of_the_arm() -> None:
    early = [unit for unit in UNITS if bucket("test", unit) < 500_000]
    shadowed = [unit for unit in early if shadow_bucket("test", unit) < 200_000]

    assert len(shadowed) / len(early) == pytest.approx(0.2, abs=0.015)


@pytest.mark.parametrize(
    "reason", [reason for reason in AssignmentReason if reason is not AssignmentReason.OUTSIDE_SHARE]
)
def test_only_who_the_share_left_on_the_baseline_is(reason: AssignmentReason) -> None:
    assert not is_shadowed(replace(ROUTING, shadow_ppm=1_000_000), reason, "ann")


def test_nobody_is_with_the_switch_off() -> None:
    assert not is_shadowed(
        replace(ROUTING, enabled=False, shadow_ppm=1_000_000), AssignmentReason.OUTSIDE_SHARE, "ann"
    )


def test_the_bucket_is_what_the_docstring_says() -> None:
    assert [shadow_bucket("segue", unit) for unit in ("ann", "bob", "語音")] == [677334, 753257, 22433]
