"""A live screen of a rollout, fed by the service's stream of events."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import TYPE_CHECKING

import httpx
from rich.console import Group
from rich.live import Live
from rich.markup import escape

from segue.cli import exits
from segue.cli.rollout.client import PATH, headers, refusal, understood, unreachable_told
from segue.cli.rollout.standing import standing
from segue.cli.rollout.wire import Event, Status
from segue.cli.terminal import CommandFailed
from segue.ops.words import moment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import Console, RenderableType

    from segue.cli.rollout.options import Caller

_REDRAW_EVERY_S = 1.0
_TRY_AGAIN_AFTER_S = 0.5
_QUIET_FOR_S = 30.0
"""The service says at least this often that it is there."""

_EVENTS_SHOWN = 10


class Watch:
    """Follows one service, over its restarts. At a terminal it draws a screen; else it prints what happens."""

    def __init__(self, caller: Caller, console: Console) -> None:
        self._caller = caller
        self._console = console
        self._status: Status | None = None
        self._fetched_at_s = 0.0
        self._events: deque[Event] = deque(maxlen=_EVENTS_SHOWN)
        self._after = 0
        self._trouble = "connecting"
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Never ends by itself.

        Raises:
            CommandFailed: the service does not let this caller in, or the address is none.
        """
        feed = asyncio.create_task(self._follow())
        try:
            with Live(console=self._console, auto_refresh=False, screen=self._console.is_terminal) as live:
                while not feed.done():
                    if self._console.is_terminal:
                        live.update(self._screen(), refresh=True)
                    await self._change()
            await feed
        finally:
            feed.cancel()
            await asyncio.gather(feed, return_exceptions=True)

    async def _change(self) -> None:
        """Waits for something new, or until the clocks on the screen should go on."""
        try:
            await asyncio.wait_for(self._changed.wait(), _REDRAW_EVERY_S)
        except TimeoutError:
            return
        self._changed.clear()

    async def _follow(self) -> None:
        with unreachable_told(self._caller.url):
            client = httpx.AsyncClient(
                base_url=self._caller.url, headers=headers(self._caller), timeout=_QUIET_FOR_S
            )
        async with client:
            while True:
                try:
                    with unreachable_told(self._caller.url):
                        await self._listen(client)
                    self._trouble = "the service closed the stream"
                except CommandFailed as error:
                    if error.exit_status != exits.UNREACHABLE:
                        raise
                    self._trouble = str(error)
                self._changed.set()
                await asyncio.sleep(_TRY_AGAIN_AFTER_S)

    async def _listen(self, client: httpx.AsyncClient) -> None:
        """Until the stream ends. Where it broke off before, it goes on from the last entry seen."""
        await self._look(client)
        seen = {"Last-Event-ID": str(self._after)}
        async with client.stream("GET", f"{PATH}/events", headers=seen) as response:
            if not response.is_success:
                await response.aread()
                raise refusal(response)
            async for name, data in _framed(response):
                if name == "transition":
                    self._happened(understood(data.encode(), Event))
                await self._look(client)

    async def _look(self, client: httpx.AsyncClient) -> None:
        response = await client.get(f"{PATH}/status")
        if not response.is_success:
            raise refusal(response)
        self._status = understood(response.content, Status)
        self._after = max(self._after, self._status.revision - _EVENTS_SHOWN)
        self._fetched_at_s = time.monotonic()
        self._trouble = ""
        self._changed.set()

    def _happened(self, event: Event) -> None:
        self._after = event.revision
        self._events.append(event)
        if not self._console.is_terminal:
            self._console.print(_line(event), highlight=False)

    def _screen(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._trouble:
            parts.append(f"[red]{escape(self._trouble)}; trying again[/]")
        if self._status is not None:
            parts.append(standing(self._status, self._status.now_s + time.monotonic() - self._fetched_at_s))
        return Group(*parts, "", *(_line(event) for event in reversed(self._events)))


def _line(event: Event) -> str:
    what = " ".join(part for part in (event.kind, event.character, event.trigger) if part)
    return f"{moment(event.at_s)}  {escape(event.actor)}: [bold]{escape(what)}[/] {escape(event.why)}"


async def _framed(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """Each event's name and data; comments are passed over."""
    name = data = ""
    async for line in response.aiter_lines():
        if not line and name:
            yield name, data
            name = data = ""
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
