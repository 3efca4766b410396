"""The models of other rules, on minutes made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from segue.kernel.arms import Arm
from segue.kernel.edges import EDGES_S
from segue.rollout.simulation.drawn import Drawn, nothing_drawn
from segue.rollout.simulation.fold import Played
from segue.rollout.simulation.peers import Argo, Fixed, Flagger, InARow, Kayenta, Peers

if TYPE_CHECKING:
    from collections.abc import Iterable

    from segue.rollout.simulation.peers import Peer


def minute(
    units: float = 20.0, errors: float = 0.0, late: float = 0.0, mean_s: float = 1.0, runs: int = 1
) -> Drawn:
    """So many calls, of which some failed, and some took longer than 5 s."""
    drawn = nothing_drawn(runs, 1, streams=False)
    drawn.units[:], drawn.errors[:], drawn.timed[:] = units, errors, units
    drawn.seconds[:] = units * mean_s
    drawn.over[EDGES_S.index(5.0)] = late
    return drawn


WELL, BAD, SILENT = minute(), minute(errors=2.0), minute(units=0.0)


def minutes_until_back(rule: Peer, candidate: Iterable[Drawn], baseline: Drawn = WELL) -> int | None:
    """After how many minutes it went back; None: never."""
    for number, drawn in enumerate(candidate, 1):
        if rule.minute(drawn, baseline)[0]:
            return number
    return None


@pytest.mark.parametrize(
    ("bad", "goes"),
    [(minute(errors=1.0), False), (BAD, True), (minute(late=1.0), False), (minute(late=2.0), True)],
)
def test_a_check_fails_below_95_percent_success_or_above_5_s_at_p95(bad: Drawn, *, goes: bool) -> None:
    assert (minutes_until_back(InARow(1), [bad] * 5) == 5) is goes


def test_flaggers_failed_checks_add_up_and_a_minute_without_traffic_is_one() -> None:
    assert minutes_until_back(Flagger(1), [BAD, WELL, BAD, WELL, SILENT, SILENT, WELL, BAD]) == 8
    assert minutes_until_back(Flagger(1), [WELL] * 1000) is None


def test_five_in_a_row_begin_anew_with_a_good_minute_and_not_with_a_silent_one() -> None:
    assert minutes_until_back(InARow(1), [BAD] * 4 + [WELL] + [BAD] * 4 + [SILENT, BAD]) == 11
    assert minutes_until_back(InARow(1), ([BAD] * 4 + [WELL]) * 20) is None


def test_argo_gives_up_after_the_fourth_bad_five_minutes_however_far_apart_they_are() -> None:
    bad, well = [minute(errors=6.0)] + [WELL] * 4, [WELL] * 5

    assert minutes_until_back(Argo(1), (bad + well) * 4) == 35
    assert minutes_until_back(Argo(1), bad * 3 + well * 50) is None


def test_a_fixed_threshold_wants_20_requests_in_five_minutes() -> None:
    assert minutes_until_back(Fixed(1), [minute(units=4.0, errors=0.5)] * 5) == 5
    assert minutes_until_back(Fixed(1), [minute(units=3.0, errors=3.0)] * 50) is None
    assert minutes_until_back(Fixed(1), [minute(errors=2.0)] * 50) is None, "a tenth is not more than a tenth"


def test_kayenta_compares_the_minutes_of_an_hour_by_rank() -> None:
    assert minutes_until_back(Kayenta(1), [minute(errors=3.0)] * 120, minute(errors=1.0)) == 60
    assert minutes_until_back(Kayenta(1), [minute(mean_s=1.5)] * 120) == 60


def test_kayenta_lets_what_both_suffer_and_what_is_little_pass() -> None:
    assert minutes_until_back(Kayenta(1), [BAD] * 120, BAD) is None
    assert minutes_until_back(Kayenta(1), [minute(mean_s=1.2)] * 120) is None, "less than a quarter"
    assert minutes_until_back(Kayenta(1), [SILENT] * 120) is None


def test_ranks_are_those_of_the_mann_whitney_test() -> None:
    """Eight bad minutes of an hour lift the mean by more than a quarter, and the ranks not by enough."""
    hour = [minute(errors=2.0)] * 2 + [minute(errors=0.0)] * 58

    assert minutes_until_back(Kayenta(1), hour) is None


def a_minute(start_s: float, candidate: Drawn, runs: int) -> Played:
    yes, at_s = np.ones(runs, dtype=bool), np.full(runs, start_s)
    arms = {Arm.CANDIDATE: candidate, Arm.BASELINE: minute(runs=runs)}
    minute_s = np.full(runs, 60.0)
    shadow = nothing_drawn(runs, 1, streams=False)
    return Played(at_s, minute_s, minute_s, arms, shadow, at_s, at_s, yes, yes, yes)


def test_all_rules_look_at_the_same_minutes_and_keep_when_they_first_went_back() -> None:
    peers, bad = Peers(2), minute(errors=20.0, runs=2)
    bad.errors[1] = 0.0

    for number in range(120):
        peers.see(a_minute(60.0 * number, bad, 2), np.ones(2, dtype=bool))

    first = {name: at_s[0] / 60.0 for name, at_s in peers.back_at_s.items()}
    assert first == {"Flagger": 5, "five in a row": 5, "Argo Rollouts": 20, "Kayenta": 60, "fixed threshold": 5}
    assert all(at_s[1] == np.inf for at_s in peers.back_at_s.values())


def test_a_run_that_is_over_is_looked_at_no_more() -> None:
    peers = Peers(1)

    for number in range(10):
        peers.see(a_minute(60.0 * number, minute(errors=20.0), 1), np.zeros(1, dtype=bool))

    assert all(at_s[0] == np.inf for at_s in peers.back_at_s.values())
