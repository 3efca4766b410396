"""The documents' shell blocks: found, and run in order as their reader would."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from typer.core import TyperGroup

from segue.cli.main import app
from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
_FENCE = re.compile(
    r"(?:^<!-- not run: (?P<why>[^\n]*?) -->\n+)?^```sh\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_SCRIPT = re.compile(r"scripts/\w+\.py")
_CALL = re.compile(r"\bsegue ([a-z]+)([^|&;>\n]*)")
_OPTION = re.compile(r"(?<= )--[a-z-]+")
_COMMANDS = typer.main.get_command(app).commands  # type: ignore[attr-defined]
_SERVES = re.compile(r"\bserve\b.*&|^make serve &", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A shell block of a page; ``not_run`` is the reason why the tests leave it out."""

    page: Path
    line: int
    text: str
    not_run: str

    @property
    def missing(self) -> list[str]:
        """The scripts, verbs and options it uses that are not there."""
        scripts = [name for name in _SCRIPT.findall(self.text) if not (ROOT / name).is_file()]
        return scripts + [name for found in _CALL.finditer(self.text) for name in _unknown(*found.groups())]


def _unknown(verb: str, words: str) -> list[str]:
    """What of ``segue VERB WORDS`` the command line does not have."""
    command = _COMMANDS.get(verb)
    if command is None:
        return [f"segue {verb}"]
    if isinstance(command, TyperGroup):
        name, _, rest = words.strip().partition(" ")
        command, words, verb = command.commands[name], rest, f"{verb} {name}"
    known = {option for parameter in command.whole.params for option in parameter.opts}
    return [f"segue {verb} {option}" for option in _OPTION.findall(words) if option not in known]


def blocks(page: Path) -> list[Block]:
    """The page's shell blocks in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, found.start("text")) + 1, found["text"], found["why"] or "")
        for found in _FENCE.finditer(text)
    ]


def run(found: list[Block], scratch: Path, timeout_s: float) -> subprocess.CompletedProcess[str]:
    """The blocks in one shell, in a folder that looks like a checkout; ends with the first command that fails.

    Services of the blocks listen on a free port instead of the usual one, and the next block waits until they do.
    """
    port = free_port()
    script = scratch.parent / f"{scratch.name}.sh"
    script.write_text("".join(_session(found, port)).replace("127.0.0.1:8000", f"127.0.0.1:{port}"), "utf-8")
    _lay_out(scratch)
    process = subprocess.Popen(
        ["bash", str(script)],
        cwd=scratch,
        env=_environ(scratch, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        said, _ = process.communicate(timeout=timeout_s)
    except subprocess.TimeoutExpired:
        _end(process.pid)
        said, _ = process.communicate(timeout=30)
        return subprocess.CompletedProcess(script, -1, f"{said}\nnot done after {timeout_s:g} s")
    finally:
        _end(process.pid)
    return subprocess.CompletedProcess(script, process.returncode, said)


def _session(found: list[Block], port: int) -> Iterator[str]:
    """Strict, with job control as at a terminal; what still runs at the end is ended, and waited for."""
    yield "set -euo pipefail; set -m\n"
    yield "trap 'for job in $(jobs -p); do kill -- -$job 2>/dev/null || true; done; wait' EXIT\n"
    ready = f"http://127.0.0.1:{port}/api/v1/monitoring/health/ready"
    for block in found:
        yield f"echo '=== {block.page.name}, line {block.line}'\n{block.text}"
        if _SERVES.search(block.text):
            yield f'test -z "$(jobs -pr)" || until curl -sf -o {os.devnull} {ready}; do sleep 0.1; done\n'


def _lay_out(scratch: Path) -> None:
    """What a checkout holds and a page may name, with commands that are the code under test."""
    scratch.mkdir()
    for name in ("plans", "scripts", "requirements", "pyproject.toml", "Makefile"):
        if (ROOT / name).exists():
            (scratch / name).symlink_to(ROOT / name)
    commands = scratch / ".venv" / "bin"
    commands.mkdir(parents=True)
    for name, words in (("segue", "-m segue"), ("python", "")):
        command = commands / name
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words} "$@"\n', "utf-8")
        command.chmod(0o755)
    (scratch / ".venv" / ".runtime").touch()  # `make serve` finds its environment set up


def _environ(scratch: Path, port: int) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CHIRP3_", "SEGUE_"))}
    base = f"http://127.0.0.1:{port}"
    return inherited | {
        "PATH": f"{scratch / '.venv' / 'bin'}:{inherited['PATH']}",
        "PYTHONPATH": str(ROOT / "src"),
        "SEGUE_PORT": str(port),
        "SEGUE_URL": base,
        "API_BASE_URL": base,
        "METRICS_URL": f"{base}/api/v1/monitoring/metrics/prometheus",
    }


def _end(session: int) -> None:
    """Ends what the shell of that session may have left behind."""
    for entry in Path("/proc").iterdir():
        with suppress(ValueError, ProcessLookupError, PermissionError):
            pid = int(entry.name)
            if os.getsid(pid) == session:
                os.kill(pid, signal.SIGKILL)
