"""The service with a candidate in the shadow, of which ``/shadow/PPM`` sets the share. ``/shadow/over`` answers
when nothing is made in the shadow any more.

The candidate ``remote`` stands for a vendor's: it answers after ``REMOTE_S``, and takes nothing of this machine's
time but what its audio takes to be listened to.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from segue.config.load import load_settings
from segue.kernel.assign import Routing
from segue.kernel.shadow_budget import ShadowBudget
from segue.speech.engines import registry
from segue.testing.engine import ScriptedEngine
from segue.wiring.service import Service

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.speech.ports.engine import Engine

SHADOW_PATH = "/shadow/"
REMOTE_S = 0.4


def app() -> Any:
    """Everything but ``/shadow/...`` is Segue's."""
    service = Service(load_settings(os.environ), _create)

    async def with_switch(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path.startswith(SHADOW_PATH):
            await _steer(service, path.removeprefix(SHADOW_PATH))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await service.api(scope, receive, send)

    return with_switch


async def _steer(service: Service, order: str) -> None:
    if order != "over":
        _shadow(service, int(order))
        return
    while made := [task for task in asyncio.all_tasks() if task.get_name() == "shadow"]:
        await asyncio.wait(made)


def _shadow(service: Service, share_ppm: int) -> None:
    routing = replace(Routing(enabled=True, salt="bench"), shadow_ppm=share_ppm)
    service.current.take(routing, service.current.revision)
    service.speech.shadow.set_budget(ShadowBudget(characters_a_day=1e9))


def _create(name: str, options: Mapping[str, object]) -> Engine:
    return registry.create(name, options) if name != "remote" else Remote(name)


class Remote(ScriptedEngine):
    """Says the same sound for every text of one length, made once."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self._made: dict[int, Any] = {}

    async def synthesize(self, utterance: Any) -> Any:
        length = len(utterance.text)
        if length not in self._made:
            self._made[length] = await super().synthesize(utterance)
        await asyncio.sleep(REMOTE_S)
        return self._made[length]
