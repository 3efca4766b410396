"""The demo's script: a plan starts, the candidate fails at half and is repaired, and an operator resumes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.cli.rollout.client import PATH, refusal, understood, unreachable_told
from segue.rollout.core.rollout import Phase
from segue.rollout.ports.control import EventBody, StatusBody

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.cli.demo.server import RunningService

    Look = Callable[[StatusBody], bool]

_FAULTS = "/api/v1/faults"
_CANDIDATES = ("piper", "kokoro")
"""The engines of the candidate."""
_BREAKS_AT = "half"
_WELL_FOR_S = 3.0
"""How long the stage runs without faults before the candidate is broken."""

_BACK_FOR_S = 5.0
"""How long all listeners stay on the baseline before the operator resumes; longer than the breaker stays open."""

_CHEERS_FOR_S = 2.0
_LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class DemoProgress:
    """The latest status, the history so far, and when the candidate was broken (Unix time)."""

    status: StatusBody | None = None
    events: list[EventBody] = field(default_factory=list)
    broken_at_s: float | None = None


class Scenario:
    """Runs the script and polls the service.

    ``told`` is updated at each poll, then ``on_look`` gets the new history entries. ``on_act`` gets a sentence for
    each action that the rollout's history does not record.
    """

    def __init__(
        self,
        service: RunningService,
        plan: str,
        on_look: Callable[[list[EventBody]], None],
        on_act: Callable[[str], None],
    ) -> None:
        self._service = service
        self._plan = plan
        self._on_look = on_look
        self._on_act = on_act
        self.told = DemoProgress()

    async def play(self) -> None:
        """Returns when the plan has completed.

        Raises:
            CommandFailed: the service refused a command, or does not answer.
        """
        await self._order("start", plan=self._plan, why="the demo begins")
        await self._until(lambda status: _stage(status) == _BREAKS_AT and status.held_for_s >= _WELL_FOR_S)
        await self._engine(broken=True)
        await self._until(lambda status: status.state.phase == Phase.ROLLED_BACK)
        await self._engine(broken=False)
        await self._for(_BACK_FOR_S)
        await self._order("resume", why="the candidate is repaired")
        await self._release_all()
        await self._until(lambda status: status.state.phase == Phase.FINISHED)
        await self._for(_CHEERS_FOR_S)

    async def _release_all(self) -> None:
        """Releases the characters that the judge held back before it rolled back, if there are any."""
        for character in (await self._look()).state.held_back:
            await self._order("release", character=character, why="the candidate is repaired")

    async def _engine(self, *, broken: bool) -> None:
        faults = [{"kind": "internal"}] if broken else []
        for engine in _CANDIDATES:
            await self._sent("PUT", f"{_FAULTS}/{engine}", {"faults": faults})
        what = "breaks Piper and Kokoro: every call fails" if broken else "repairs Piper and Kokoro"
        self._on_act(f"the demo {what}")
        if broken:
            self.told.broken_at_s = time.time()

    async def _order(self, verb: str, **body: str) -> None:
        await self._sent("POST", f"{PATH}/{verb}", body)

    async def _until(self, seen: Look) -> None:
        while not seen(await self._look()):  # noqa: ASYNC110 - another process cannot set an event here
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _for(self, length_s: float) -> None:
        end_s = time.monotonic() + length_s
        await self._until(lambda _: time.monotonic() >= end_s)

    async def _look(self) -> StatusBody:
        """Reads the history after the status, so that it contains everything that led to the status."""
        told = self.told
        told.status = understood(await self._sent("GET", f"{PATH}/status"), StatusBody)
        after = told.events[-1].revision if told.events else 0
        new = understood(await self._sent("GET", f"{PATH}/history?after={after}"), list[EventBody])
        told.events += new
        self._on_look(new)
        return told.status

    async def _sent(self, method: str, path: str, body: Any = None) -> bytes:
        client = self._service.client
        with unreachable_told(str(client.base_url)):
            response = await client.request(method, path, json=body, headers=self._service.operator)
        if not response.is_success:
            raise refusal(response)
        return response.content


def _stage(status: StatusBody) -> str:
    return "" if status.plan is None else status.plan.stages[status.state.stage].name
