"""Five hundred calls, good and bad, leave no connection, thread, task or process behind."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import SegueError
from support.http_vendors import OPENAI, POLLY, VENDORS, Vendor, started, stream_of
from support.openai_server import refuse
from support.vendor import HEALTHY, Trouble, VendorServer

if TYPE_CHECKING:
    from segue.speech.core.speech import Utterance
    from segue.speech.engines.http.engine import HttpEngine

_CALLS = 500
_AT_ONCE = 10
_MOST_CONNECTIONS = 8
_TROUBLES = (
    HEALTHY,
    Trouble(cut_after=1),
    Trouble(headers={"content-type": "text/html"}),
    Trouble(answer=refuse(429, "slow down")),
    Trouble(answer=refuse(500, "broken")),
    Trouble(body=b""),
    Trouble(hang_after=1),
)


@pytest.mark.parametrize(
    ("vendor", "options"),
    [
        pytest.param(vendor, options, id=f"{vendor.name} {options.get('format', '')}".strip())
        for vendor in VENDORS
        for options in ({}, {"format": "mp3"})
        if not options or vendor in (OPENAI, POLLY)
    ],
)
@pytest.mark.usefixtures("signed_in")
async def test_nothing_is_left_of_five_hundred_calls(
    vendor: Vendor, server: VendorServer, options: dict[str, object]
) -> None:
    utterance = replace(vendor.hello, text="Hello.")
    made = vendor.at(server.url, max_connections=_MOST_CONNECTIONS, timeout_s=30.0, **options)
    async with started(made) as engine:
        await engine.synthesize(utterance)  # the pool of threads has its first
        before = (_open_files(), threading.active_count(), len(asyncio.all_tasks()))
        for first in range(0, _CALLS, _AT_ONCE):
            server.trouble = _TROUBLES[first // _AT_ONCE % len(_TROUBLES)]
            await asyncio.gather(*(_call(engine, utterance, first + n, server) for n in range(_AT_ONCE)))
        server.trouble = HEALTHY
        assert (await engine.synthesize(utterance)).duration_s > 0.3
        assert await server.closed_connections(most=_MOST_CONNECTIONS) <= _MOST_CONNECTIONS
        await engine.close()
        assert await server.closed_connections() == 0
        await asyncio.sleep(0.05)
        after = (_open_files(), threading.active_count(), len(asyncio.all_tasks()))
    arrived = len(server.asked)
    assert arrived > _CALLS / 2  # some are cancelled before they are sent
    assert after[0] <= before[0]
    assert after[1] <= before[1] + (os.cpu_count() or 1) + 4  # the loop's own pool of threads has a bound
    assert after[2] <= before[2]
    assert multiprocessing.active_children() == []


async def _call(engine: HttpEngine, utterance: Utterance, number: int, server: VendorServer) -> None:
    """Whole, streamed to the end, left half-way, or cancelled, in turn; one that hangs is cancelled anyway."""
    how = number % 4
    with suppress(SegueError, asyncio.CancelledError, TimeoutError):
        if how == 2 or server.trouble.hang_after is not None:
            stream = stream_of(engine, utterance)
            await anext(stream, None)
            await stream.aclose()
        elif how == 3:
            task = asyncio.ensure_future(engine.synthesize(utterance))
            await asyncio.sleep(0.002)
            task.cancel()
            await task
        elif how == 1:
            assert [piece async for piece in engine.stream(utterance)]
        else:
            await engine.synthesize(utterance)


def _open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))
