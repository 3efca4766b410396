"""Bodies that drip in, or never come, hold nothing up for long."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from fastapi import HTTPException

from segue.api.asgi import ClientGone
from segue.api.bodies import Bodies
from segue.api.elevenlabs import errors as elevenlabs
from segue.api.google_rest import errors as google_rest
from segue.api.native import errors as native
from segue.api.openai import errors as openai
from segue.api.refusals import BodyTooLarge, BodyTooSlow, BodyUnread, UnknownCoding
from segue.kernel.errors import InvalidRequest

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import ModuleType

GONE = {"type": "http.disconnect"}


async def drip() -> dict[str, Any]:
    await asyncio.sleep(0.01)
    return {"type": "http.request", "body": b"x", "more_body": True}


async def never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


def parts(*messages: dict[str, Any]) -> Callable[[], Awaitable[dict[str, Any]]]:
    left = list(messages)

    async def receive() -> dict[str, Any]:
        return left.pop(0)

    return receive


def part(body: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


@pytest.mark.parametrize("receive", [drip, never])
async def test_a_body_that_does_not_come_in_time_is_given_up(receive: Any) -> None:
    bodies = Bodies(0.1)
    for _ in range(2):
        with pytest.raises(BodyTooSlow, match=r"within 0\.1 s"):
            await asyncio.wait_for(bodies.read(receive, 1_000_000), 5)


async def test_only_the_late_one_is_given_up() -> None:
    bodies = Bodies(0.2)
    late = asyncio.ensure_future(bodies.read(never, 10))
    await asyncio.sleep(0.15)
    later = asyncio.ensure_future(bodies.read(never, 10))
    await asyncio.wait({late, later}, return_when=asyncio.FIRST_COMPLETED)
    assert late.done()
    assert not later.done()
    with pytest.raises(BodyTooSlow):
        await late
    with pytest.raises(BodyTooSlow):
        await later


async def test_a_body_that_is_there_leaves_all_the_time_to_the_answer() -> None:
    messages = [part(b"a", more=True), part(b"b")]
    gone = asyncio.Event()

    async def receive() -> dict[str, Any]:
        if messages:
            return messages.pop(0)
        await gone.wait()
        return GONE

    receive_whole = Bodies(0.05).bounded(receive, 10)
    assert (await receive_whole())["body"] == b"ab"
    leaving = asyncio.ensure_future(receive_whole())
    await asyncio.wait({leaving}, timeout=0.2)
    assert not leaving.done()
    gone.set()
    assert (await leaving)["type"] == "http.disconnect"


@pytest.mark.parametrize("dialect", [elevenlabs, google_rest, native, openai], ids=lambda errors: errors.__name__)
@pytest.mark.parametrize(
    "error", [BodyTooLarge("too large"), BodyTooSlow("too slow"), UnknownCoding("br")], ids=str
)
def test_an_answer_to_a_body_left_unread_closes_the_connection(dialect: ModuleType, error: BodyUnread) -> None:
    assert (b"connection", b"close") in dialect.refused(error, "r").headers
    assert (b"connection", b"close") not in dialect.refused(InvalidRequest("no"), "r").headers


async def test_a_task_cancelled_by_another_hand_is_cancelled() -> None:
    reading = asyncio.ensure_future(Bodies(5).read(never, 10))
    await asyncio.sleep(0.01)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading


async def test_no_more_is_read_than_will_be_taken() -> None:
    with pytest.raises(BodyTooLarge, match="larger than 3 bytes"):
        await Bodies().read(parts(part(b"ab", more=True), part(b"cd", more=True)), 3)


async def test_a_caller_who_leaves_in_the_middle_is_noticed() -> None:
    with pytest.raises(ClientGone):
        await Bodies().read(parts(part(b"a", more=True), GONE), 10)


async def test_a_framework_gets_the_whole_body_at_once_and_then_what_comes() -> None:
    receive = Bodies().bounded(parts(part(b"a", more=True), part(b"b"), GONE), 10)
    assert await receive() == {"type": "http.request", "body": b"ab"}
    assert await receive() == GONE


async def test_a_framework_is_told_of_a_caller_who_left() -> None:
    assert await Bodies().bounded(parts(part(b"a", more=True), GONE), 10)() == GONE


@pytest.mark.parametrize(
    ("receive", "status"), [(parts(part(b"abcd")), 413), (never, 400)], ids=["too large", "too slow"]
)
async def test_a_framework_is_told_why_and_closes_the_connection(receive: Any, status: int) -> None:
    with pytest.raises(HTTPException) as refused:
        await Bodies(0.05).bounded(receive, 3)()
    assert refused.value.status_code == status
    assert refused.value.headers == {"connection": "close"}
