"""What ``segue serve`` says where it cannot serve."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import uvicorn

from segue.cli.serve import listening_socket

if TYPE_CHECKING:
    from pathlib import Path


def test_a_port_that_is_taken_is_named_with_the_way_to_another(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        environ = {**os.environ, "SEGUE_PORT": str(port), "SEGUE_DATA_DIR": str(tmp_path)}
        words = [sys.executable, "-m", "segue", "serve"]
        done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, env=environ)

    assert done.returncode != 0
    assert f"Segue cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert "SEGUE_PORT" in done.stderr


def test_what_nobody_reads_is_bounded_in_bytes_and_in_time() -> None:
    """Connections inherit it: a server that closes one waits for its last bytes to be read, or for ever."""
    with listening_socket(uvicorn.Config("app", port=0)) as listening:
        assert listening.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) <= 2 * 256 * 1024
        assert listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 120_000
