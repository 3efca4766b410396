"""Converts the exit status of a program into an error.

The usual statuses are those of BSD's ``sysexits.h``. All others count as failures of the program, unless
``exit_codes`` says otherwise.
"""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, NamedTuple

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    EngineCrashed,
    InternalFailure,
    InvalidRequest,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.engines.command.options import CommandOptions

KINDS: Mapping[str, type[SegueError]] = {
    "invalid_request": InvalidRequest,
    "unsupported": Unsupported,
    "quota": QuotaExhausted,
    "unavailable": Unavailable,
    "bad_audio": BadAudio,
    "internal": InternalFailure,
}
_USUAL: Mapping[int, str] = {
    65: "unsupported",  # EX_DATAERR: this text; another engine may say it
    69: "unavailable",  # EX_UNAVAILABLE
    75: "unavailable",  # EX_TEMPFAIL
    77: "unavailable",  # EX_NOPERM
    78: "unavailable",  # EX_CONFIG
}
CLOSED = "the engine was closed before it had produced all audio"
LATE = "late"
TOO_MUCH = "too much"
LEFT = "left"
LINGERS = "lingers"


class Ending(NamedTuple):
    """How a program ended. ``ended_for`` is our reason, if we have ended it."""

    status: int | None
    ended_for: str
    complaint: str


def failure_of(ending: Ending, options: CommandOptions) -> SegueError | None:
    """The error for this ending; None if the program has ended successfully."""
    if ending.ended_for == LATE:
        return DeadlineExceeded(f"the program still ran after {options.timeout_s:g} s (timeout_s) and was killed")
    if ending.ended_for == TOO_MUCH:
        most = options.max_output_bytes
        return BadAudio(f"the program wrote more than {most} bytes and was killed", findings=("too_long",))
    if ending.ended_for == LINGERS or (not ending.ended_for and ending.status == 0):
        return None
    if ending.ended_for:
        return Unavailable(CLOSED)
    if ending.status is None or ending.status < 0:
        return _killed(ending)
    kind = options.exit_codes.get(ending.status) or _USUAL.get(ending.status, "internal")
    return KINDS[kind](f"the program ended with status {ending.status}{_said(ending)}")


def _killed(ending: Ending) -> EngineCrashed:
    if ending.status == -signal.SIGKILL:
        told = f"the program was killed from outside with SIGKILL{_said(ending)}; the text is not the cause"
        return EngineCrashed(told, from_outside=True)
    return EngineCrashed(
        f"the program was killed by {signal_name(ending.status)}{_said(ending)}; the text may be the cause"
    )


def _said(ending: Ending) -> str:
    return f" ({ending.complaint})" if ending.complaint else ""


def signal_name(status: int | None) -> str:
    try:
        return signal.Signals(-(status or 0)).name
    except ValueError:
        return "a signal"
