"""Bodies that drip in hold nothing up for long."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from segue.api.asgi import BodyTooSlow, Patience, Response, read_body


async def drip() -> dict[str, Any]:
    await asyncio.sleep(0.01)
    return {"type": "http.request", "body": b"x", "more_body": True}


async def test_a_body_that_drips_in_is_given_up_and_its_connection_closed() -> None:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    patience = Patience(drip, send, 0.1)
    with pytest.raises(BodyTooSlow, match=r"within 0\.1 s"):
        await asyncio.wait_for(read_body(patience.receive, 1_000_000), 5)
    await Response(400, [(b"x-request-id", b"r")], b"")(patience.send)

    assert (b"connection", b"close") in sent[0]["headers"]


async def test_a_body_that_is_there_leaves_all_the_time_to_the_answer() -> None:
    messages = [
        {"type": "http.request", "body": b"a", "more_body": True},
        {"type": "http.request", "body": b"b", "more_body": False},
    ]
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(_: Any) -> None: ...

    patience = Patience(receive, send, 0.05)
    assert await read_body(patience.receive, 10) == b"ab"
    leaving = asyncio.ensure_future(patience.receive())
    await asyncio.wait({leaving}, timeout=0.2)
    assert not leaving.done()
    gone.set()
    assert (await leaving)["type"] == "http.disconnect"
