"""The state of a rollout: what people change, and what a boot may."""

from __future__ import annotations

from dataclasses import replace

from segue.core.assign import Routing
from segue.core.rollout import RolloutState, RoutingChange, booted, effective_share, routing_set
from segue.core.units import PPM

NOW_S = 0.0
TENTH = Routing(enabled=True, share_ppm=PPM // 10, salt="chirp3")


def test_the_first_boot_takes_the_environment() -> None:
    assert booted(RolloutState(), TENTH) == RolloutState(TENTH, booted_with=TENTH)


def test_a_restart_with_the_same_environment_undoes_nothing() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(share_ppm=PPM // 2), NOW_S)

    assert booted(state, TENTH) is state


def test_a_changed_environment_is_applied() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(share_ppm=PPM // 2), NOW_S)
    quarter = replace(TENTH, share_ppm=PPM // 4)

    assert booted(state, quarter) == RolloutState(quarter, booted_with=quarter)


def test_a_changed_environment_does_not_release_a_character_that_was_held_back() -> None:
    state = routing_set(booted(RolloutState(), TENTH), RoutingChange(held_back=frozenset({"ghoul"})), NOW_S)
    half = replace(TENTH, share_ppm=PPM // 2)

    after = booted(state, half)

    assert after.routing == replace(half, held_back=frozenset({"ghoul"}))
    assert booted(after, half) is after


def test_an_environment_that_goes_back_to_what_it_was_is_a_change_too() -> None:
    half = replace(TENTH, share_ppm=PPM // 2)
    state = booted(booted(RolloutState(), TENTH), half)

    assert booted(state, TENTH).routing == TENTH


def test_a_change_leaves_alone_what_it_does_not_name() -> None:
    state = RolloutState(replace(TENTH, characters=frozenset({"ghoul"}), fallback=False))

    after = routing_set(state, RoutingChange(share_ppm=PPM // 2), NOW_S)

    assert after.routing == replace(state.routing, share_ppm=PPM // 2)
    assert routing_set(state, RoutingChange(), NOW_S) == state


def test_a_change_can_empty_and_switch_off() -> None:
    """None leaves a field alone; False, 0 and no characters are values."""
    state = RolloutState(replace(TENTH, characters=frozenset({"ghoul"})))

    after = routing_set(
        state, RoutingChange(enabled=False, share_ppm=0, characters=frozenset(), fallback=False), NOW_S
    )

    assert after.routing == Routing(enabled=False, share_ppm=0, fallback=False, salt="chirp3")


def test_the_share_in_effect_is_none_while_the_master_switch_is_off() -> None:
    assert effective_share(TENTH) == 0.1
    assert effective_share(replace(TENTH, enabled=False)) == 0.0
