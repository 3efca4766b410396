"""A server on one core of its own, started and stopped by its handle."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

SERVER_CORE = 0
CLIENT_CORE = 1 if (os.cpu_count() or 1) > 1 else 0


@contextmanager
def server(factory: str, settings: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Its URL and process id, once it is ready."""
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder:
        environ = (
            os.environ
            | {"SEGUE_DATA_DIR": folder, "SEGUE_LOG_LEVEL": "error", "PYTHONPATH": os.pathsep.join(sys.path)}
            | settings
        )
        command = [
            *("taskset", "-c", str(SERVER_CORE), sys.executable, "-m", "uvicorn", "--factory", factory),
            *("--port", str(port), "--loop", "uvloop", "--http", "httptools", "--no-access-log"),
            *("--no-server-header", "--no-proxy-headers", "--log-level", "error"),
        ]
        with Path(folder, "log").open("wb") as log:
            process = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
        try:
            _await_ready(f"http://127.0.0.1:{port}/api/v1/monitoring/health/live", process, Path(folder, "log"))
            yield f"http://127.0.0.1:{port}", process.pid
        finally:
            process.terminate()
            process.wait(20)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(600):
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise SystemExit(f"the server did not start:\n{log.read_text()}")
