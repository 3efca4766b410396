"""How long ago the operator entered a command."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer

_LONGEST_S = 60.0
"""The longest plausible time. A longer one means that the clocks do not match, and is ignored."""

_STARTED_AT = 19
"""Index of the start time, in clock ticks since boot, among the fields of ``/proc/self/stat`` after the name."""


class GivenAgo(NamedTuple):
    """Context of the command line: returns how long ago the command was entered, in seconds."""

    age_s: Callable[[], float]


def process_age_s() -> float:
    """How long ago this process began; 0 if the system does not provide it."""
    with suppress(OSError, ValueError, IndexError, AttributeError):
        fields = Path("/proc/self/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        began_s = int(fields[_STARTED_AT]) / os.sysconf("SC_CLK_TCK")
        age_s = time.clock_gettime(time.CLOCK_BOOTTIME) - began_s
        return age_s if 0.0 <= age_s <= _LONGEST_S else 0.0
    return 0.0


def given_ago_s(context: typer.Context) -> float:
    """How long ago the current command was entered; 0 if it does not run in its own process."""
    given = context.find_root().obj
    return given.age_s() if isinstance(given, GivenAgo) else 0.0
