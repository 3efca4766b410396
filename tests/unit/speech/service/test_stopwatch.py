from __future__ import annotations

import pytest

from segue.speech.service.pace import Pace
from segue.speech.service.stopwatch import Stopwatch
from segue.testing.clock import FakeClock


def test_time_counts_while_a_call_is_with_the_engine_and_once_for_calls_at_the_same_time() -> None:
    clock = FakeClock()
    watch = Stopwatch(clock)
    clock.advance(5.0)
    assert (watch.asked, watch.elapsed_s) == (False, 0.0)
    with watch.asking():
        clock.advance(1.0)
        with watch.asking():
            clock.advance(1.0)
        assert watch.elapsed_s == pytest.approx(2.0)
    clock.advance(5.0)
    with watch.asking():
        clock.advance(0.5)
    assert watch.elapsed_s == pytest.approx(2.5)
    assert not watch.cut_short


def test_a_call_that_was_cut_short_tells_how_long_the_engine_was_silent() -> None:
    clock = FakeClock()
    watch = Stopwatch(clock)

    def asked() -> None:
        with watch.asking():
            clock.advance(3.0)
            watch.heard()
            clock.advance(1.5)
            raise TimeoutError

    with pytest.raises(TimeoutError):
        asked()
    assert watch.cut_short
    assert watch.silent_s == pytest.approx(1.5)
    with watch.asking():
        assert not watch.cut_short, "it goes on: what was cut short before is over"


def test_an_answer_takes_as_long_as_others_of_late_and_at_best_as_the_quickest_long_one() -> None:
    pace = Pace()
    assert (pace.usual_s(100.0), pace.quickest_s(100.0)) == (0.0, 0.0)
    pace.learn(2.0, 1.0)
    assert pace.usual_s(100.0) == pytest.approx(50.0)
    assert pace.quickest_s(100.0) == 0.0, "short answers are mostly their fixed costs"
    for _ in range(100):
        pace.learn(100.0, 10.0)
    pace.learn(100.0, 40.0)
    assert pace.quickest_s(100.0) == pytest.approx(10.1, rel=0.01)
    assert 10.0 < pace.usual_s(100.0) < 13.0
    pace.learn(0.0, 9.0)
    assert 10.0 < pace.usual_s(100.0) < 13.0, "a stream tells nothing"
