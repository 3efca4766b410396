"""What is logged: lines that parse, listeners that stay unknown, and no text unless asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from segue.core.breaker import BreakerPhase
from segue.core.errors import ErrorCode
from segue.ports.recorder import Outcome
from segue.telemetry.logs import AccessLog, LogFormat, LoggingRecorder, configure_logging
from segue.testing.recorder import RememberingRecorder
from support.traffic import CHIRP_LANE, SECRET, a_served, an_attempt, everything_happens

if TYPE_CHECKING:
    from collections.abc import Iterator

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    yield
    structlog.reset_defaults()


def a_recorder(
    *, access: AccessLog = AccessLog.ALL, with_text: bool = False, level: str = "debug"
) -> LoggingRecorder:
    configure_logging(level, LogFormat.JSON)
    return LoggingRecorder(RememberingRecorder(), access=access, with_text=with_text)


def lines(captured: Captured) -> list[dict[str, Any]]:
    """Every line that was written, each a JSON object."""
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_every_line_is_a_json_object_with_time_level_and_event(capsys: Captured) -> None:
    everything_happens(a_recorder())
    written = lines(capsys)

    assert len(written) == 8
    assert all({"timestamp", "level", "event"} <= set(line) for line in written)
    assert all(line["timestamp"].endswith("Z") for line in written)


def test_nothing_is_written_to_standard_output(capsys: Captured) -> None:
    everything_happens(a_recorder())

    assert capsys.readouterr().out == ""


def test_no_line_holds_a_text_or_says_who_listened(capsys: Captured) -> None:
    everything_happens(a_recorder())
    written = capsys.readouterr().err

    assert SECRET not in written
    assert "midnight" not in written
    assert "ann@example.com" not in written


def test_texts_are_written_where_the_operator_asked_for_them(capsys: Captured) -> None:
    a_recorder(with_text=True).served(a_served())

    assert lines(capsys)[0]["text"] == SECRET


def test_lines_of_one_listener_can_be_told_together(capsys: Captured) -> None:
    recorder = a_recorder()
    recorder.served(a_served())
    recorder.served(a_served(source="memory"))
    one, other = lines(capsys)

    assert one["unit"] == other["unit"]
    assert len(one["unit"]) == 8


def test_an_answer_says_what_was_decided_and_what_came_of_it(capsys: Captured) -> None:
    a_recorder().served(a_served(Outcome.SERVED_BY_FALLBACK))
    (line,) = lines(capsys)

    assert (
        line.items()
        >= {
            "event": "served",
            "request_id": "r-1",
            "dialect": "native",
            "character": "ghoul",
            "assigned": "candidate",
            "reason": "in_share",
            "arm": "baseline",
            "model": "wavenet",
            "outcome": "served_by_fallback",
            "source": "new",
            "diversion": "fallback",
            "error": "deadline",
            "text_chars": len(SECRET),
            "latency_s": 0.25,
        }.items()
    )


@pytest.mark.parametrize(
    ("access", "logged"),
    [
        (AccessLog.NONE, ["failed"]),
        (AccessLog.SYNTHESIS, ["served new", "failed"]),
        (AccessLog.ALL, ["served memory", "served new", "failed"]),
    ],
)
def test_as_many_answers_are_logged_as_wanted_and_every_failure(
    capsys: Captured, access: AccessLog, logged: list[str]
) -> None:
    recorder = a_recorder(access=access)
    for served in (a_served(source="memory"), a_served(), a_served(Outcome.FAILED)):
        recorder.served(served)

    assert [f"{line['outcome']} {line['source']}".strip() for line in lines(capsys)] == logged


def test_a_failed_synthesis_is_a_warning_with_its_reason_and_a_good_one_no_line(capsys: Captured) -> None:
    recorder = a_recorder()
    recorder.attempted(an_attempt())
    recorder.attempted(an_attempt(ErrorCode.UNAVAILABLE))
    (line,) = lines(capsys)

    assert (line["event"], line["level"], line["error"]) == ("synthesis_failed", "warning", "unavailable")
    assert line["detail"] == "it did not answer"


def test_a_breaker_that_turns_is_a_warning(capsys: Captured) -> None:
    a_recorder().breaker_changed(CHIRP_LANE, BreakerPhase.OPEN, 5)
    (line,) = lines(capsys)

    assert (line["event"], line["level"], line["phase"], line["failures"]) == ("breaker", "warning", "open", 5)


def test_below_the_level_nothing_is_written(capsys: Captured) -> None:
    everything_happens(a_recorder(level="error"))

    assert lines(capsys) == []


def test_everything_is_handed_on() -> None:
    configure_logging("error", LogFormat.JSON)
    straight, through = RememberingRecorder(), RememberingRecorder()
    everything_happens(straight)
    everything_happens(LoggingRecorder(through, access=AccessLog.NONE, with_text=False))

    assert vars(through) == vars(straight)


def test_an_exception_is_one_line_too(capsys: Captured) -> None:
    configure_logging("info", LogFormat.JSON)
    try:
        int("not a\nnumber")
    except ValueError:
        structlog.get_logger("test").exception("it_broke", odd={1, 2}, raw=b"bytes", path=Path("a"))
    (line,) = lines(capsys)

    assert line["event"] == "it_broke"
    assert "ValueError: invalid literal" in line["exception"]
    assert line["path"] == "a"


@pytest.mark.parametrize("log_format", [LogFormat.JSON, LogFormat.AUTO])
def test_away_from_a_terminal_lines_are_json(capsys: Captured, log_format: LogFormat) -> None:
    configure_logging("info", log_format)
    structlog.get_logger("test").info("hello", text="語音\n\x1b[31m")

    assert lines(capsys)[0]["text"] == "語音\n\x1b[31m"


def test_at_a_console_lines_are_for_people(capsys: Captured) -> None:
    configure_logging("info", LogFormat.CONSOLE)
    structlog.get_logger("test").info("hello", character="ghoul")
    written = capsys.readouterr().err

    assert "hello" in written
    assert "character=ghoul" in written
