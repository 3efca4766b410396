"""The messages of a stream, waited for with patience."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import grpc

from segue.api.google_grpc.messages import parsed

if TYPE_CHECKING:
    from segue.api.google_grpc.messages import Version

_END = grpc.aio.EOF  # type: ignore[attr-defined]  # missing from its stubs


class Incoming:
    """Reads one message ahead at most: the rest waits with its sender. Close it when done."""

    def __init__(self, call: Any, version: Version) -> None:
        self._call = call
        self._version = version
        self._reading: asyncio.Future[Any] | None = None

    async def arrives(self, patience_s: float) -> bool:
        """Whether a message, or the end of them, is there within that time."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._call.read())
        done, _ = await asyncio.wait({self._reading}, timeout=patience_s)
        return bool(done)

    async def next(self, patience_s: float) -> Any | None:
        """The next message; None where the caller has said that no more come.

        Raises:
            TimeoutError: none has come in time.
            InvalidRequest: its bytes cannot be read.
        """
        if not await self.arrives(patience_s) or self._reading is None:
            raise TimeoutError
        data, self._reading = self._reading.result(), None
        return None if data is _END else parsed(self._version.stream, data)

    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
