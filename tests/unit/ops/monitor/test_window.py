"""What happened between two scrapes, whatever became of the process meanwhile."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.ops.monitor.scrape import Scrape, Series
from segue.ops.monitor.window import between, since_boot, together
from support.metered import Metered, healthy

REQUESTS = "tts_requests_total"


def test_a_window_holds_what_came_between() -> None:
    metered = healthy(1000)
    before = metered.scrape(10.0)
    metered.baseline(30)
    window = between(before, metered.scrape(70.0))

    assert window.length_s == 60
    assert window.counts.total(REQUESTS) == 30
    assert window.requests_per_s == pytest.approx(0.5)
    assert not window.restarted


def test_a_series_that_was_not_there_before_counts_from_nothing() -> None:
    metered = Metered()
    before = metered.scrape(0.0)
    metered.candidate(7, bad=2)
    window = between(before, metered.scrape(1.0))

    assert window.counts.total("tts_synthesis_total", voice_model="chirp3-hd") == 9


def test_after_a_restart_all_that_the_new_process_counted_is_of_the_window() -> None:
    window = between(healthy(1000).scrape(0.0), healthy(40).scrape(60.0))

    assert window.restarted
    assert window.counts.total(REQUESTS) == 40


def test_a_restart_is_seen_even_where_every_counter_has_outgrown_its_old_value() -> None:
    window = between(healthy(40).scrape(0.0), healthy(1000).scrape(60.0))

    assert window.restarted
    assert window.counts.total(REQUESTS) == 1000


def test_without_times_of_birth_a_counter_that_is_gone_tells_of_the_restart() -> None:
    before = replace(healthy(40).scrape(0.0), births={})
    after = Metered()
    after.baseline(5000)
    window = between(before, replace(after.scrape(60.0), births={}))

    assert window.restarted
    assert window.counts.total(REQUESTS) == 5000


def test_replicas_add_up() -> None:
    one, other = healthy(1000), healthy(10)
    before = one.scrape(0.0), other.scrape(0.0)
    one.baseline(60)
    other.baseline(30)
    window = together([between(before[0], one.scrape(60.0)), between(before[1], other.scrape(30.0))])

    assert window.length_s == 60
    assert window.counts.total(REQUESTS) == 90
    assert window.requests_per_s == pytest.approx(2.0)
    assert window.share_ratios == (0.5, 0.5)


def test_totals_since_boot_have_no_length() -> None:
    window = together([since_boot(healthy(1000).scrape()), since_boot(healthy(10).scrape())])

    assert window.length_s is None
    assert window.requests_per_s is None
    assert window.counts.total(REQUESTS) == 1010


COUNTER = Series("tts_requests_total", (("outcome", "served"),))


@given(st.lists(st.lists(st.integers(0, 1000), min_size=1, max_size=8), min_size=1, max_size=5))
def test_over_any_restarts_every_event_that_was_ever_scraped_is_counted_once(lives: list[list[int]]) -> None:
    """Each life is a process with a birth, and the events between its scrapes."""
    scrapes = [Scrape(0.0, {COUNTER: 0.0}, {}, {COUNTER: -1.0})]
    for birth, life in enumerate(lives):
        total = 0
        for events in life:
            total += events
            scrapes.append(Scrape(0.0, {COUNTER: float(total)}, {}, {COUNTER: float(birth)}))
    windows = [between(*pair) for pair in pairwise(scrapes)]

    assert sum(window.gained[COUNTER] for window in windows) == sum(map(sum, lives))
    assert all(window.gained[COUNTER] >= 0 for window in windows)
