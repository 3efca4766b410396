"""The service with a bare ASGI application beside it, in one server: the reference for speed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from segue.wiring.service import app as segue_app

BARE_PATH = "/bare"


def app() -> Any:
    """Answers ``/bare`` with the bytes of the file that ``BENCH_BODY`` names; everything else is Segue's."""
    segue = segue_app()
    body = Path(os.environ.pop("BENCH_BODY")).read_bytes()
    headers = [(b"content-type", b"audio/mpeg"), (b"content-length", b"%d" % len(body))]

    async def bare(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["path"] != BARE_PATH:
            await segue(scope, receive, send)
            return
        while (await receive()).get("more_body"):
            pass
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return bare
