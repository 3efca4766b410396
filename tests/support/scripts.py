"""The operators' scripts as operators run them: a process of its own, from the checkout."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SCRIPTS = Path(__file__).parents[2] / "scripts"
_LONG_ENOUGH_S = 50.0


def environment(**variables: str) -> dict[str, str]:
    """This one without what would tell a command where to look, and wide enough for tables."""
    ours = ("CHIRP3_", "SEGUE_", "METRICS_URL", "API_BASE_URL")
    return {
        **{name: value for name, value in os.environ.items() if not name.startswith(ours)},
        "COLUMNS": "160",
        **variables,
    }


def command(script: str, *words: str) -> list[str]:
    return [sys.executable, str(SCRIPTS / script), *words]


@contextmanager
def heeding_ctrl_c() -> Iterator[None]:
    """A process that is started meanwhile can be interrupted, also where a shell runs the tests in its background:
    there interrupts are ignored, and so they are by all that is started.
    """
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def run(script: str, *words: str, variables: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """The script, run to its end."""
    return subprocess.run(
        command(script, *words),
        env=environment(**(variables or {})),
        capture_output=True,
        text=True,
        timeout=_LONG_ENOUGH_S,
        check=False,
    )
