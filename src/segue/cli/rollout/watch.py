"""A live view of a rollout, updated from the service's event stream."""

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
from segue.cli.terminal import CommandFailed
from segue.ops.words import moment
from segue.rollout.ports.control import EventBody, StatusBody
from segue.rollout.ports.store import shown

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from rich.console import Console, RenderableType

    from segue.cli.rollout.options import Operator

_REDRAW_EVERY_S = 1.0
_TRY_AGAIN_AFTER_S = 0.5
_QUIET_FOR_S = 30.0
"""The service sends a keep-alive at least this often."""

_EVENTS_SHOWN = 10


class StatusWatcher:
    """Follows one service, across restarts. At a terminal it draws a screen; otherwise it prints each event."""

    def __init__(self, caller: Operator, console: Console) -> None:
        self._caller = caller
        self._console = console
        self._status: StatusBody | None = None
        self._fetched_at_s = 0.0
        self._events: deque[EventBody] = deque(maxlen=_EVENTS_SHOWN)
        self._after = 0
        self._trouble = "connecting"
        self._changed = asyncio.Event()

    async def run(self) -> None:
        """Runs until cancelled.

        Raises:
            CommandFailed: the service refuses this caller, or the address is not a valid URL.
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
        """Waits for an update, or until the times on the screen must be redrawn."""
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
        """Reads the stream until it ends. After a disconnection it continues after the last entry received."""
        await self._look(client)
        seen = {"Last-Event-ID": str(self._after)}
        async with client.stream("GET", f"{PATH}/events", headers=seen) as response:
            if not response.is_success:
                await response.aread()
                raise refusal(response)
            async for name, data in _framed(response):
                if name == "transition":
                    self._happened(understood(data.encode(), EventBody))
                await self._look(client)

    async def _look(self, client: httpx.AsyncClient) -> None:
        response = await client.get(f"{PATH}/status")
        if not response.is_success:
            raise refusal(response)
        self._status = understood(response.content, StatusBody)
        self._after = max(self._after, self._status.revision - _EVENTS_SHOWN)
        self._fetched_at_s = time.monotonic()
        self._trouble = ""
        self._changed.set()

    def _happened(self, event: EventBody) -> None:
        self._after = event.revision
        self._events.append(event)
        if not self._console.is_terminal:
            self._console.print(_line(event), highlight=False)

    def _screen(self) -> RenderableType:
        parts: list[RenderableType] = []
        if self._trouble:
            parts.append(f"[red]{escape(self._trouble)}; retrying[/]")
        if self._status is not None:
            parts.append(standing(self._status, self._status.now_s + time.monotonic() - self._fetched_at_s))
        return Group(*parts, "", *(_line(event) for event in reversed(self._events)))


def _line(event: EventBody) -> str:
    what = " ".join(part for part in (event.kind, event.character, event.trigger) if part)
    who = shown(event.actor, event.actor_source)
    return f"{moment(event.at_s)}  {escape(who)}: [bold]{escape(what)}[/] {escape(event.why)}"


async def _framed(response: httpx.Response) -> AsyncIterator[tuple[str, str]]:
    """The name and data of each event; comments are ignored."""
    name = data = ""
    async for line in response.aiter_lines():
        if not line and name:
            yield name, data
            name = data = ""
        elif line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            data = line.removeprefix("data: ")
