"""One request, message by message: httpx's own transport for ASGI hands answers over only when they are whole."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, MutableMapping

    from support.service import Stage


@asynccontextmanager
async def posting(
    stage: Stage, path: str, body: dict[str, Any], query: str = ""
) -> AsyncIterator[AsyncIterator[MutableMapping[str, Any]]]:
    """What the service sends, as it sends it; the caller stays until the end."""
    sent: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
    asked = iter([{"type": "http.request", "body": json.dumps(body).encode()}])
    scope: dict[str, Any] = {
        "type": "http",
        "method": "POST",
        "path": path,
        "query_string": query.encode(),
        "headers": [(b"content-type", b"application/json")],
        "scheme": "http",
    }

    async def receive() -> MutableMapping[str, Any]:
        for message in asked:
            return dict(message)
        return await asyncio.Future()

    async def messages() -> AsyncIterator[MutableMapping[str, Any]]:
        while True:
            message = await sent.get()
            yield message
            if message["type"] == "http.response.body" and not message.get("more_body"):
                return

    task = asyncio.ensure_future(stage.service.api(scope, receive, sent.put))
    try:
        yield messages()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
