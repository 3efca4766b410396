"""Logging: JSON lines in production, colours at a terminal.

A request's text is logged only if this is switched on.
"""

from __future__ import annotations

import hashlib
import logging
import sys
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO, cast

import msgspec
import structlog

from segue.kernel.ports.recorder import Outcome, RecorderListener, Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.kernel.ports.recorder import (
        Attempt,
        BreakerPhase,
        BulkheadName,
        Failed,
        Hit,
        RecordedRequest,
    )


_MOST_REFUSED_LINES = 10
"""Lines a second about requests that were refused because of overload: a flood must not become one of lines."""


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class AccessLog(StrEnum):
    """Which answered requests get a log line: none, those that needed a synthesis, or all."""

    NONE = "none"
    SYNTHESIS = "synthesis"
    ALL = "all"


class ForgivingStream:
    """A stream that drops lines it cannot write, for example to a file on a full disk.

    A lost log line must not make a request fail. The next line that can be written is preceded by the number of
    lost lines.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lost = 0

    def write(self, text: str) -> int:
        with suppress(OSError, ValueError):
            if self._lost:
                self._stream.write(
                    _as_json({"event": "log_lines_lost", "level": "warning", "lines": self._lost}) + "\n"
                )
                self._lost = 0
            self._stream.write(text)
            return len(text)
        self._lost += text.count("\n")
        return len(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError):
            self._stream.flush()


def configure_logging(level: str, log_format: LogFormat) -> None:
    """Sets up structlog for this process; lines go to standard error."""
    at_terminal = sys.stderr.isatty()
    as_json = log_format is LogFormat.JSON or (log_format is LogFormat.AUTO and not at_terminal)
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ending: list[structlog.types.Processor]
    if as_json:
        ending = [
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_as_json),
        ]
    else:
        ending = [structlog.dev.ConsoleRenderer(colors=at_terminal)]
    structlog.configure(
        processors=[*shared, *ending],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level.upper()]),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", ForgivingStream(sys.stderr))),
        cache_logger_on_first_use=True,
    )


class _Forwarded(logging.Handler):
    """Forwards log records of libraries to our logger."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            log = structlog.get_logger()
            log.log(record.levelno, record.getMessage().strip(), logger=record.name, exc_info=record.exc_info)
        except Exception:  # noqa: BLE001 - as in every handler: a line that cannot be written must break nothing else
            self.handleError(record)


def forward_libraries_logs() -> None:
    """Writes what libraries (uvicorn and asyncio among them) log at warning level or above in our own format."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [_Forwarded()]
    root.setLevel(logging.WARNING)


def _as_json(event: object, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


class LoggingRecorder(RecorderListener):
    """Logs what an operator needs.

    Units are logged as a short digest: lines of one listener can be matched, but the listener cannot be
    identified.
    """

    def __init__(self, *, access: AccessLog, with_text: bool, now_s: Callable[[], float] = time.monotonic) -> None:
        """``now_s`` is any clock that does not go back."""
        self._access = access
        self._with_text = with_text
        self._refused = _PerSecond(_MOST_REFUSED_LINES, now_s)
        self._log = structlog.get_logger("segue.service")
        if access is AccessLog.ALL:
            self.recalled = self._recalled  # type: ignore[method-assign] # other hits need no call

    def attempted(self, attempt: Attempt) -> None:
        if attempt.error is not None:
            self._log.warning("synthesis_failed", **_failure(attempt))

    def shadowed(self, attempt: Attempt, *, refused: bool = False) -> None:  # noqa: ARG002
        if attempt.error is not None:
            self._log.warning("shadow_failed", **_failure(attempt))

    def fell_back(self, request: RecordedRequest, character_key: str, error_type: str) -> None:
        self._log.info("fell_back", request_id=request.request_id, character=character_key, error=error_type)

    def backed_up(self, failed: Failed) -> None:
        self._log.info(
            "backed_up",
            request_id=failed.request.request_id,
            arm=failed.arm,
            character=failed.character_key,
            engine=failed.bulkhead.engine,
            error=failed.error_type,
        )

    def _recalled(self, hit: Hit) -> None:
        request, key, assignment, arm, model, source, diversion, _, engine, voice = hit
        served = Served(
            request,
            key,
            assignment,
            arm,
            model,
            Outcome.SERVED,
            source,
            0.0,
            diversion,
            engine=engine,
            voice=voice,
        )
        self._log.info("served", **self._described(served))

    def served(self, served: Served) -> None:
        if not self._wants_line(served):
            return
        if served.overloaded and not self._refused.has_room():
            return
        if self._refused.left_out:
            self._log.warning(
                "refused_without_lines",
                requests=self._refused.taken(),
                effect="these requests were refused for lack of capacity and got no line of their own, because "
                "there were too many; the metrics count them",
            )
        self._log.info("served", **self._described(served))

    def breaker_changed(self, bulkhead: BulkheadName, phase: BreakerPhase, failures: int) -> None:
        self._log.warning(
            "breaker", engine=bulkhead.engine, family=bulkhead.family, phase=phase, failures=failures
        )

    def quota_spent(self, bulkhead: BulkheadName, limit: str) -> None:
        self._log.info("quota_spent", engine=bulkhead.engine, family=bulkhead.family, limit=limit)

    def _wants_line(self, served: Served) -> bool:
        if served.outcome is Outcome.FAILED or self._access is AccessLog.ALL:
            return True
        return self._access is AccessLog.SYNTHESIS and served.source == "new"

    def _described(self, served: Served) -> dict[str, object]:
        request = served.request
        line: dict[str, object] = {
            "request_id": request.request_id,
            "dialect": request.dialect,
            "character": served.character_key,
            "unit": hashlib.blake2b(request.unit.identity.encode(), digest_size=4).hexdigest(),
            "assigned": served.assignment.arm,
            "reason": served.assignment.reason,
            "arm": served.arm,
            "model": served.model,
            "engine": served.engine,
            "outcome": served.outcome,
            "source": served.source,
            "latency_s": round(served.latency_s, 4),
            "text_chars": len(request.text),
        }
        if served.diversion is not None:
            line["diversion"] = served.diversion
        if served.error is not None:
            line["error"] = served.error
        if served.backup_for is not None:
            line["backup_for"] = served.backup_for
        if self._with_text:
            line["text"] = request.text
        return line


class _PerSecond:
    """Limits lines to so many in a second, and counts those that were left out."""

    def __init__(self, most: int, now_s: Callable[[], float]) -> None:
        self._most = most
        self._now_s = now_s
        self._second = -1
        self._written = 0
        self.left_out = 0

    def has_room(self) -> bool:
        second = int(self._now_s())
        if second != self._second:
            self._second, self._written = second, 0
        if self._written >= self._most:
            self.left_out += 1
            return False
        self._written += 1
        return True

    def taken(self) -> int:
        left_out, self.left_out = self.left_out, 0
        return left_out


def _failure(attempt: Attempt) -> dict[str, object]:
    engine = {} if attempt.bulkhead is None else {"engine": attempt.bulkhead.engine}
    return {
        "arm": attempt.arm,
        "model": attempt.model,
        **engine,
        "character": attempt.character_key,
        "error": attempt.error,
        "detail": attempt.detail,
        "duration_s": round(attempt.duration_s, 4),
    }
