"""The states of a stream, each step of them, and where a backup goes on."""

from __future__ import annotations

from itertools import product

import pytest

from segue.speech.core.lines import Line
from segue.speech.core.stream_state import NOTHING_HEARD, HeardText, StreamState

SENDING, WAITING = StreamState.SENDING, StreamState.WAITING
FINAL = (StreamState.ENDED, StreamState.CUT, StreamState.LEFT)
ALLOWED = {
    (SENDING, WAITING),
    (WAITING, SENDING),
    (WAITING, WAITING),  # the engine failed, and its backup is waited for
    *product((SENDING, WAITING), (StreamState.CUT, StreamState.LEFT)),
    (SENDING, StreamState.ENDED),
}


@pytest.mark.parametrize(("before", "after"), list(product(StreamState, StreamState)))
def test_every_step_is_allowed_or_refused(before: StreamState, after: StreamState) -> None:
    if (before, after) in ALLOWED:
        assert before.then(after) is after
    else:
        with pytest.raises(ValueError, match=f"cannot change from {before.value} to {after.value}"):
            before.then(after)


def test_a_stream_is_accounted_for_once() -> None:
    assert [state for state in StreamState if state.is_final] == list(FINAL)


def a_line(start: int, text: str) -> Line:
    return Line(text, start)


LINES = [a_line(0, "One."), a_line(5, "Two."), a_line(10, "Three.")]


def test_whole_lines_count_and_parts_do_not() -> None:
    heard = NOTHING_HEARD.with_part().with_line(LINES[0])
    assert heard == HeardText(4)
    assert heard.with_part().chars == 4
    assert heard.with_part().with_part() == heard.with_part()
    assert heard.with_line(LINES[1]).chars == 9


def test_a_line_of_which_nothing_was_heard_is_said_by_the_backup() -> None:
    assert NOTHING_HEARD.resume_at(LINES) is LINES[0]
    assert NOTHING_HEARD.with_line(LINES[0]).resume_at(LINES[1:]) is LINES[1]


def test_a_line_of_which_some_was_heard_is_not_begun_again() -> None:
    assert NOTHING_HEARD.with_part().resume_at(LINES) is LINES[1]


def test_the_last_line_is_heard_twice_rather_than_half() -> None:
    assert NOTHING_HEARD.with_part().resume_at(LINES[2:]) is LINES[2]


def test_nothing_has_been_heard_of_a_backup_that_has_taken_over() -> None:
    heard = NOTHING_HEARD.with_line(LINES[0]).with_part().from_new_line()
    assert heard == HeardText(4)
    assert heard.resume_at(LINES[2:]) is LINES[2]
