"""The messages of a stream, waited for with patience."""

from __future__ import annotations

import asyncio
from contextlib import suppress
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

    async def drain(self, patience_s: float) -> None:
        """Drops what still comes, until its end or the end of patience.

        A client that is told of an error while it writes may lose the reason:
        https://github.com/grpc/grpc/issues/36066, as of grpcio 1.85.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(patience_s):
                while await self.arrives(patience_s) and self._reading is not None:
                    data, self._reading = self._reading.result(), None
                    if data is _END:
                        return

    async def aclose(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
