"""What happens to the service: a plan begins, the candidate breaks at half, is mended, and a person resumes."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from segue.cli.rollout.client import PATH, refusal, understood, unreachable_told
from segue.cli.rollout.wire import Event, Status
from segue.core.rollout import Phase

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.cli.demo.server import Running

    Look = Callable[[Status], bool]

_FAULTS = "/api/v1/faults/piper"
_BREAKS_AT = "half"
_WELL_FOR_S = 3.0
"""How long the stage is heard well before the candidate breaks."""

_BACK_FOR_S = 5.0
"""How long everyone is on the baseline before a person resumes; the breaker's longest wait lies within."""

_CHEERS_FOR_S = 2.0
_LOOK_EVERY_S = 0.25


@dataclass(slots=True)
class Told:
    """What has become known so far: where it stands, what happened, and when the candidate broke (Unix time)."""

    status: Status | None = None
    events: list[Event] = field(default_factory=list)
    broken_at_s: float | None = None


class Scenario:
    """Plays it, and looks at the service all the while.

    ``told`` grows; ``on_look`` hears of every look, ``on_act`` in words of what the rollout's history cannot know.
    """

    def __init__(
        self,
        service: Running,
        plan: str,
        on_look: Callable[[list[Event]], None],
        on_act: Callable[[str], None],
    ) -> None:
        self._service = service
        self._plan = plan
        self._on_look = on_look
        self._on_act = on_act
        self.told = Told()

    async def play(self) -> None:
        """Until the plan has ended well.

        Raises:
            CommandFailed: the service refused an order, or is gone.
        """
        await self._order("start", plan=self._plan, why="the demo begins")
        await self._until(lambda status: _stage(status) == _BREAKS_AT and status.held_for_s >= _WELL_FOR_S)
        await self._engine(broken=True)
        await self._until(lambda status: status.state.phase == Phase.ROLLED_BACK)
        await self._engine(broken=False)
        await self._for(_BACK_FOR_S)
        await self._order("resume", why="the candidate is mended")
        await self._until(lambda status: status.state.phase == Phase.FINISHED)
        await self._for(_CHEERS_FOR_S)

    async def _engine(self, *, broken: bool) -> None:
        faults = [{"kind": "internal"}] if broken else []
        await self._sent("PUT", _FAULTS, {"faults": faults})
        self._on_act("the demo breaks Piper: its every call fails" if broken else "the demo mends Piper")
        if broken:
            self.told.broken_at_s = time.time()

    async def _order(self, verb: str, **body: str) -> None:
        await self._sent("POST", f"{PATH}/{verb}", body)

    async def _until(self, seen: Look) -> None:
        while not seen(await self._look()):  # noqa: ASYNC110 - another process tells nobody here
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _for(self, length_s: float) -> None:
        end_s = time.monotonic() + length_s
        await self._until(lambda _: time.monotonic() >= end_s)

    async def _look(self) -> Status:
        told = self.told
        after = told.events[-1].revision if told.events else 0
        new = understood(await self._sent("GET", f"{PATH}/history?after={after}"), list[Event])
        told.events += new
        told.status = understood(await self._sent("GET", f"{PATH}/status"), Status)
        self._on_look(new)
        return told.status

    async def _sent(self, method: str, path: str, body: Any = None) -> bytes:
        client = self._service.client
        with unreachable_told(str(client.base_url)):
            response = await client.request(method, path, json=body, headers=self._service.operator)
        if not response.is_success:
            raise refusal(response)
        return response.content


def _stage(status: Status) -> str:
    return "" if status.plan is None else status.plan.stages[status.state.stage].name
