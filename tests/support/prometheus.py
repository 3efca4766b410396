"""A real Prometheus that scrapes what it is told to, ended by its handle."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_MISSING = "needs Prometheus: apt-get install prometheus"
_START_TIMEOUT_S = 30.0
_METRICS_PATH = "/api/v1/monitoring/metrics/prometheus"


def needed(program: str) -> str:
    """The path of ``prometheus`` or ``promtool``; where there is none the test is skipped, or fails in CI."""
    found = shutil.which(program)
    if found is not None:
        return found
    if os.environ.get("SEGUE_REQUIRE_SERVICES") == "1":
        pytest.fail(_MISSING)
    pytest.skip(_MISSING)


@contextmanager
def scraping(
    folder: Path, *targets: str, every: str = "1s", path: str = _METRICS_PATH, rules: str = "", port: int = 0
) -> Iterator[str]:
    """The URL of a server that scrapes services (``host:port``) and goes by ``rules``, a rule file's content.

    It listens on ``port``; 0: on a free one.
    """
    program, port = needed("prometheus"), port or free_port()
    folder.mkdir(exist_ok=True)
    config = folder / "prometheus.yml"
    named = ", ".join(f"'{target}'" for target in targets)
    (folder / "rules.yml").write_text(rules or "groups: []\n", encoding="utf-8")
    config.write_text(
        "rule_files: [rules.yml]\n"
        f"global: {{scrape_interval: {every}, evaluation_interval: {every}}}\n"
        "scrape_configs:\n"
        f"  - {{job_name: segue, metrics_path: {path}, static_configs: [{{targets: [{named}]}}]}}\n",
        encoding="utf-8",
    )
    command = [
        program,
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        _await_ready(f"http://127.0.0.1:{port}", process, folder / "prometheus.log")
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def _await_ready(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready", timeout=2).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"Prometheus did not start:\n{log.read_text(encoding='utf-8')[-2000:]}")
