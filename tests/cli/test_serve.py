"""What ``segue serve`` says where it cannot serve."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

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
