"""The engine that runs a program of one's own, over the program of ``speaking_program.py``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from segue.speech.engines.command import create
from segue.speech.engines.command.engine import CommandEngine

PROGRAM = Path(__file__).with_name("speaking_program.py")
VOICES = {"low": {"language": "en-US"}, "high": {"language": "cmn-TW", "label": "High", "gender": "female"}}
_PYTHON = [sys.executable, "-S", "-E", str(PROGRAM)]


def command_options(*arguments: str, **more: Any) -> dict[str, Any]:
    """Of the program with these arguments; ``more`` are other options."""
    given: dict[str, Any] = {"voices": VOICES, "version": "1", "stop_within_s": 0.3, **more}
    lines = ["--lines"] if given.get("serve") == "lines" else []
    return {"arguments": [*_PYTHON, *arguments, *lines], **given}


def command_engine(*arguments: str, **more: Any) -> CommandEngine:
    """Not started. It takes rates, in a way that suits how it serves."""
    words = [] if more.get("serve") == "lines" else ["--rate", "{rate_ratio}"]
    return create(command_options(*arguments, *words, rate_ratio=[0.5, 2.0], **more))
