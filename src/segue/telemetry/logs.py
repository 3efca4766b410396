"""What is logged: JSON lines in production, colours at a terminal, and never a request's text unless asked for."""

from __future__ import annotations

import hashlib
import logging
import sys
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
import structlog

from segue.ports.recorder import Outcome, Served

if TYPE_CHECKING:
    from segue.core.breaker import BreakerPhase
    from segue.core.speech import SpeechRequest
    from segue.ports.recorder import Attempt, Hit, LaneName, Recorder


class LogFormat(StrEnum):
    AUTO = "auto"
    JSON = "json"
    CONSOLE = "console"


class AccessLog(StrEnum):
    """Which answered requests get a line: none, those that needed a synthesis, or all."""

    NONE = "none"
    SYNTHESIS = "synthesis"
    ALL = "all"


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
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )


def _as_json(event: object, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


class LoggingRecorder:
    """Implements ``segue.ports.recorder.Recorder``: hands everything on, and logs what a person would want.

    Units are logged as a short digest, so that lines of one listener can be told together, not who it is.
    """

    def __init__(self, inner: Recorder, *, access: AccessLog, with_text: bool) -> None:
        self._inner = inner
        self._access = access
        self._with_text = with_text
        self._log = structlog.get_logger("segue.service")
        self.looked_up = inner.looked_up
        self.kept = inner.kept
        self.counted = inner.counted
        self.lost = inner.lost
        self.load_changed = inner.load_changed
        self.rejected = inner.rejected
        self.recalled = self._recalled if access is AccessLog.ALL else inner.recalled

    def attempted(self, attempt: Attempt) -> None:
        self._inner.attempted(attempt)
        if attempt.error is not None:
            self._log.warning(
                "synthesis_failed",
                arm=attempt.arm,
                model=attempt.model,
                character=attempt.character_key,
                error=attempt.error,
                detail=attempt.detail,
                duration_s=round(attempt.duration_s, 4),
            )

    def fell_back(self, request: SpeechRequest, character_key: str, error_type: str) -> None:
        self._inner.fell_back(request, character_key, error_type)
        self._log.info("fell_back", character=character_key, error=error_type)

    def _recalled(self, hit: Hit) -> None:
        self._inner.recalled(hit)
        request, key, assignment, arm, model, source, diversion, _ = hit
        served = Served(request, key, assignment, arm, model, Outcome.SERVED, source, 0.0, diversion)
        self._log.info("served", **self._described(served))

    def served(self, served: Served) -> None:
        self._inner.served(served)
        if self._wants_line(served):
            self._log.info("served", **self._described(served))

    def breaker_changed(self, lane: LaneName, phase: BreakerPhase, failures: int) -> None:
        self._inner.breaker_changed(lane, phase, failures)
        self._log.warning("breaker", engine=lane.engine, family=lane.family, phase=phase, failures=failures)

    def quota_spent(self, lane: LaneName, limit: str) -> None:
        self._inner.quota_spent(lane, limit)
        self._log.info("quota_spent", engine=lane.engine, family=lane.family, limit=limit)

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
            "outcome": served.outcome,
            "source": served.source,
            "latency_s": round(served.latency_s, 4),
            "text_chars": len(request.text),
        }
        if served.diversion is not None:
            line["diversion"] = served.diversion
        if served.error is not None:
            line["error"] = served.error
        if self._with_text:
            line["text"] = request.text
        return line
