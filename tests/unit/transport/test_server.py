"""How a server leaves."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING, Any

import pytest

from segue.transport.leaving import Leave, LeaveTimes
from support.transport import connected, echo, served
from support.waiting import soon

if TYPE_CHECKING:
    from collections.abc import Iterator

_ASK = b"GET / HTTP/1.1\r\n\r\n"


@pytest.fixture
def _survives_signals() -> Iterator[None]:
    """uvicorn raises a signal once more when it has served: for the process that it ended."""
    before = signal.signal(signal.SIGTERM, lambda *_: None)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.usefixtures("_survives_signals")
async def test_after_sigterm_requests_are_served_for_a_while_each_the_last_of_its_connection() -> None:
    async with served(echo, times=LeaveTimes(drain_s=3.0)) as here, here.client() as kept:
        await kept.send(_ASK)
        assert b"connection: close" not in (await kept.answer())[0]
        os.kill(os.getpid(), signal.SIGTERM)
        await soon(here.leaving.stopping)
        await kept.send(_ASK)
        assert b"connection: close" in (await kept.answer())[0]
        assert (await here.ask(_ASK)).startswith(b"HTTP/1.1 200 "), "new connections are taken still"

        await soon(lambda: here.server.should_exit, within_s=20)
    with pytest.raises(ConnectionRefusedError):
        async with connected(here.port):
            pass


@pytest.mark.usefixtures("_survives_signals")
async def test_a_second_sigterm_ends_the_wait() -> None:
    async with served(echo, times=LeaveTimes(drain_s=600.0)) as here:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGTERM)
        await soon(lambda: here.server.should_exit)


@pytest.mark.usefixtures("_survives_signals")
async def test_a_worker_that_retires_takes_nothing_new_and_goes_when_all_have_left() -> None:
    async with served(echo, times=LeaveTimes(drain_s=600.0)) as here, here.client() as kept:
        await kept.send(_ASK)
        await kept.answer()
        here.server.retire()
        assert here.leaving.how is Leave.RETIRE
        assert not here.leaving.stopping(), "the service as a whole is ready"
        await soon(lambda: _is_closed(here.server.servers))
        with pytest.raises(ConnectionRefusedError):
            async with here.client():
                pass
        assert not here.server.should_exit, "who has a connection is served"
        await kept.send(_ASK)
        assert b"connection: close" in (await kept.answer())[0]
        await soon(lambda: here.server.should_exit)


@pytest.mark.usefixtures("_survives_signals")
async def test_an_answer_under_way_is_finished() -> None:
    entered, freed = asyncio.Event(), asyncio.Event()

    async def slow(scope: Any, receive: Any, send: Any) -> None:
        entered.set()
        await freed.wait()
        await echo(scope, receive, send)

    async with served(slow) as here, here.client() as client:
        await client.send(_ASK)
        await entered.wait()
        os.kill(os.getpid(), signal.SIGTERM)
        await soon(lambda: here.server.should_exit)
        await asyncio.sleep(0.2)
        freed.set()
        assert (await client.answer())[1] == b"GET / "


def _is_closed(acceptors: list[Any]) -> bool:
    return all(acceptor._closed for acceptor in acceptors)
