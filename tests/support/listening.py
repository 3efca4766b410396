"""The service over scripted engines, at a real address: a thread of this process listens."""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, NamedTuple

import httpx
import uvicorn

from support.service import OPERATOR, staged

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from support.service import Stage

_START_TIMEOUT_S = 20.0
_STOP_TIMEOUT_S = 20.0
_LOOK_EVERY_S = 0.01


class Listening(NamedTuple):
    """A service that answers at ``url``; ``control`` speaks to it as the operator "ann"."""

    url: str
    control: httpx.Client

    def posts(self, verb: str, **body: object) -> httpx.Response:
        return self.control.post(f"/api/v1/rollout/{verb}", json=body)


@contextmanager
def listening(folder: Path, *, port: int = 0, **settings: str) -> Iterator[Listening]:
    """The staged service on loopback; port 0 is a free one. It stops at the end, and whoever listens is let go."""
    with socket.socket() as door:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(("127.0.0.1", port))
        url = f"http://127.0.0.1:{door.getsockname()[1]}"
        service = _Thread(folder, settings, door)
        service.start()
        try:
            assert service.ready.wait(_START_TIMEOUT_S), "the service did not start"
            with httpx.Client(base_url=url, headers=OPERATOR, timeout=30) as client:
                yield Listening(url, client)
        finally:
            service.stop()


class _Thread(threading.Thread):
    def __init__(self, folder: Path, settings: dict[str, str], door: socket.socket) -> None:
        super().__init__(name="staged service", daemon=True)
        self._folder = folder
        self._settings = settings
        self._door = door
        self._server: uvicorn.Server | None = None
        self.ready = threading.Event()

    def run(self) -> None:
        asyncio.run(self._serve())

    def stop(self) -> None:
        if self._server is not None:
            self._server.should_exit = True
        self.join(_STOP_TIMEOUT_S)
        assert not self.is_alive(), "the service did not stop"

    async def _serve(self) -> None:
        async with staged(self._folder, **self._settings) as stage:
            self._server = uvicorn.Server(self._config(stage))
            serving = asyncio.create_task(self._server.serve(sockets=[self._door]))
            await self._until_started(serving)
            self.ready.set()
            await serving

    async def _until_started(self, serving: asyncio.Task[None]) -> None:
        for _ in range(int(_START_TIMEOUT_S / _LOOK_EVERY_S)):
            if serving.done() or (self._server is not None and self._server.started):
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    @staticmethod
    def _config(stage: Stage) -> uvicorn.Config:
        return uvicorn.Config(
            stage.service.api, lifespan="off", log_config=None, timeout_graceful_shutdown=1, access_log=False
        )
