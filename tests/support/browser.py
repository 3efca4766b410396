"""A page in a real Chromium: what its script finds out comes back as JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from support.http_server import serving_http

if TYPE_CHECKING:
    from pathlib import Path

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")
_FLAGS = (
    "--headless=new",
    "--no-sandbox",  # a container's root has no other way
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--autoplay-policy=no-user-gesture-required",
)
_REPORT_TIMEOUT_S = 45.0
_PAGE = """<!doctype html><meta charset="utf-8"><title>page</title><script type="module">
const found = {};
const tell = async () => fetch('/found', {method: 'POST', body: JSON.stringify(found)});
try { %s } catch (error) { found.broke = `${error}`; }
await tell();
</script>"""


@dataclass(slots=True)
class _Told:
    page: str
    found: dict[str, Any] = field(default_factory=dict)
    arrived: threading.Event = field(default_factory=threading.Event)


def chromium() -> str:
    """The browser's program; skips where there is none."""
    for name in _NAMES:
        if found := shutil.which(name):
            return found
    pytest.skip("needs Chromium: apt-get install -y chromium")


def run_page(folder: Path, script: str, origin: str) -> dict[str, Any]:
    """What ``script``, the body of a module, has put into ``found``, run by a page of ``origin``: a name of
    loopback and a free port. ``found.broke`` is what it has thrown.
    """
    program = chromium()
    told = _Told(_PAGE % script)
    with serving_http(_handler(told), urlsplit(origin).port or 0):
        words = [program, *_FLAGS, f"--user-data-dir={folder / 'browser'}", f"{origin}/"]
        log = folder / "browser.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(words, stdout=sink, stderr=sink)
        try:
            arrived = told.arrived.wait(_REPORT_TIMEOUT_S)
        finally:
            process.terminate()
            process.wait(20)
    assert arrived, f"the page did not report:\n{log.read_text('utf-8', 'replace')[-2000:]}"
    return told.found


def _handler(told: _Told) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer(told.page.encode() if self.path == "/" else b"")

        def do_POST(self) -> None:
            told.found = json.loads(self.rfile.read(int(self.headers["content-length"])))
            self._answer(b"")
            told.arrived.set()

        def _answer(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/html; charset=utf-8")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the library's name

    return Handler
