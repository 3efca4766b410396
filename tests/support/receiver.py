"""A receiver of webhooks on loopback, that answers as it is told to, or not at all."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

from support.http_server import serving_http

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HANG = 0
"""As a status: no answer, until the receiver is closed."""


@dataclass(frozen=True, slots=True)
class Posted:
    """One request: its headers, its body, and what it was answered."""

    headers: Mapping[str, str]
    body: bytes
    status: int

    @property
    def content(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found


@dataclass(slots=True)
class Receiver:
    """``statuses`` are answered one after the other, then 204 for ever."""

    url: str
    statuses: list[int] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    posted: list[Posted] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    @property
    def arrived(self) -> list[dict[str, Any]]:
        """What was taken."""
        return [one.content for one in self.posted if 200 <= one.status < 300]


@contextmanager
def receiving(*statuses: int, **headers: str) -> Iterator[Receiver]:
    found = Receiver("", list(statuses), headers)
    with serving_http(_handler(found)) as url:
        found.url = f"{url}/hook"
        try:
            yield found
        finally:
            found.closing.set()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = receiver.statuses.pop(0) if receiver.statuses else 204
            receiver.posted.append(Posted(dict(self.headers.items()), body, status))
            if status == HANG:
                receiver.closing.wait(30)
                return
            self.send_response(status)
            for name, value in receiver.headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None: ...  # noqa: A002 - the library's name

    return Handler
