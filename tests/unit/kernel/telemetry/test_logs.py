"""What is logged: lines that parse, listeners that stay unknown, and no text unless asked for."""

from __future__ import annotations

import errno
import io
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog

from segue.kernel.errors import ErrorCode
from segue.kernel.ports.recorder import BreakerPhase, Hit, Outcome
from segue.kernel.telemetry.logs import AccessLog, ForgivingStream, LogFormat, LoggingRecorder, configure_logging
from support.traffic import CHIRP_BULKHEAD, SECRET, a_served, an_attempt, everything_happens

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
    return LoggingRecorder(access=access, with_text=with_text)


def lines(captured: Captured) -> list[dict[str, Any]]:
    """Every line that was written, each a JSON object."""
    return [json.loads(line) for line in captured.readouterr().err.splitlines()]


def test_every_line_is_a_json_object_with_time_level_and_event(capsys: Captured) -> None:
    everything_happens(a_recorder())
    written = lines(capsys)

    assert len(written) == 10
    assert all({"timestamp", "level", "event"} <= set(line) for line in written)
    assert all(line["timestamp"].endswith("Z") for line in written)


def test_a_line_is_written_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers share a file: a line in two parts, as with ``PYTHONUNBUFFERED``, ends up within another's."""
    written: list[str] = []

    class Terminal(io.StringIO):
        def write(self, text: str) -> int:
            written.append(text)
            return len(text)

    monkeypatch.setattr("sys.stderr", Terminal())
    everything_happens(a_recorder())

    assert len(written) == 10
    assert all(text.endswith("}\n") and text.count("\n") == 1 for text in written)


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
            "engine": "google",
            "outcome": "served_by_fallback",
            "source": "new",
            "diversion": "fallback",
            "error": "deadline",
            "text_chars": len(SECRET),
            "latency_s": 0.25,
        }.items()
    )


def test_an_answer_from_a_cache_is_logged_with_its_engine(capsys: Captured) -> None:
    served = a_served(source="memory")
    kept = (served.request, served.character_key, served.assignment, served.arm, served.model, served.source)
    a_recorder().recalled(Hit(*kept, None, (), "google"))
    (line,) = lines(capsys)

    assert (line["event"], line["model"], line["engine"], line["source"]) == (
        "served",
        "chirp3-hd",
        "google",
        "memory",
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
    a_recorder().breaker_changed(CHIRP_BULKHEAD, BreakerPhase.OPEN, 5)
    (line,) = lines(capsys)

    assert (line["event"], line["level"], line["phase"], line["failures"]) == ("breaker", "warning", "open", 5)


def test_below_the_level_nothing_is_written(capsys: Captured) -> None:
    everything_happens(a_recorder(level="error"))

    assert lines(capsys) == []


def test_a_flood_of_refused_requests_is_ten_lines_a_second_and_a_count(capsys: Captured) -> None:
    configure_logging("info", LogFormat.JSON)
    now_s = [100.0]
    recorder = LoggingRecorder(access=AccessLog.SYNTHESIS, with_text=False, now_s=lambda: now_s[0])
    refused = a_served(Outcome.FAILED)._replace(overloaded=True)
    for second in (100.0, 100.9, 101.0):
        now_s[0] = second
        for _ in range(500):
            recorder.served(refused)
    recorder.served(a_served())
    written = lines(capsys)

    assert [line["event"] for line in written] == [
        *["served"] * 10,
        "refused_without_lines",
        *["served"] * 10,
        "refused_without_lines",
        "served",
    ]
    assert [line["requests"] for line in written if "requests" in line] == [990, 490]


def test_other_failures_have_each_their_line(capsys: Captured) -> None:
    recorder = a_recorder(access=AccessLog.SYNTHESIS)
    for _ in range(50):
        recorder.served(a_served(Outcome.FAILED))

    assert len(lines(capsys)) == 50


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


class FullDisk(io.StringIO):
    """Takes no text while it is full."""

    full = True

    def write(self, text: str) -> int:
        if self.full:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)


def test_a_line_that_cannot_be_written_is_lost_and_told_of_later() -> None:
    disk = FullDisk()
    stream = ForgivingStream(disk)
    for line in ("one\n", "two\n"):
        stream.write(line)
        stream.flush()
    disk.full = False
    stream.write("three\n")

    assert disk.getvalue() == '{"event":"log_lines_lost","level":"warning","lines":2}\nthree\n'
