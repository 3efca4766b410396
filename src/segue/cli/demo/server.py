"""Runs the service in its own process, as an operator would."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx

from segue.kernel.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

_START_TIMEOUT_S = 60.0
_STOP_TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.1


@dataclass(frozen=True, slots=True)
class RunningService:
    """A running service: a client for it, the headers of its operator, and its log file."""

    client: httpx.AsyncClient
    operator: dict[str, str]
    log: Path


@asynccontextmanager
async def running_service(folder: Path, settings: Mapping[str, str]) -> AsyncIterator[RunningService]:
    """Starts the service on a free port, with its state and log in ``folder``; stops it at the end.

    Raises:
        Unavailable: it did not start; the message ends with the end of its log.
    """
    token = secrets.token_hex(16)
    port = _free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("CHIRP3_", "SEGUE_"))}
    environ = inherited | {
        "SEGUE_PORT": str(port),
        "SEGUE_DATA_DIR": str(folder),
        "SEGUE_ADMIN_TOKEN": token,
        "SEGUE_LOG_FORMAT": "json",
        "SEGUE_DRAIN_S": "0",
        **settings,
    }
    log = folder / "service.log"
    with log.open("wb") as sink:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "segue", "serve", env=environ, stdout=sink, stderr=sink
        )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60.0) as client:
            await _ready(client, process, log)
            yield RunningService(client, {"Authorization": f"Bearer {token}", "X-Segue-Actor": "demo"}, log)
    finally:
        await _stop(process)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def _ready(client: httpx.AsyncClient, process: asyncio.subprocess.Process, log: Path) -> None:
    for _ in range(int(_START_TIMEOUT_S / _LOOK_EVERY_S)):
        if process.returncode is not None:
            break
        try:
            if (await client.get("/api/v1/monitoring/health/ready")).is_success:
                return
        except httpx.TransportError:
            pass
        await asyncio.sleep(_LOOK_EVERY_S)
    what = f"the service did not start within {_START_TIMEOUT_S:g} s"
    if process.returncode is not None:
        what = f"the service ended with status {process.returncode} before it was ready"
    raise Unavailable(f"{what}; the end of its log:\n{_end_of(log)}")


def _end_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-2000:]


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
        try:
            await asyncio.wait_for(process.wait(), _STOP_TIMEOUT_S)
        except TimeoutError:
            process.kill()
            await process.wait()
