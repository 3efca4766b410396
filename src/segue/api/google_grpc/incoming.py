"""Reads the messages of a stream, with timeouts."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import grpc

from segue.api.google_grpc.messages import parsed

if TYPE_CHECKING:
    from segue.api.google_grpc.messages import Version

_END = grpc.aio.EOF  # type: ignore[attr-defined]  # missing from its stubs


class MessageReader:
    """Reads at most one message ahead, so that the client is held back. Close it when done."""

    def __init__(self, call: Any, version: Version) -> None:
        self._call = call
        self._version = version
        self._reading: asyncio.Future[Any] | None = None

    async def arrives(self, patience_s: float) -> bool:
        """Whether a message, or the end of the stream, arrives within that time."""
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._call.read())
        done, _ = await asyncio.wait({self._reading}, timeout=patience_s)
        return bool(done)

    async def next(self, patience_s: float) -> Any | None:
        """The next message; None at the end of the stream.

        Raises:
            TimeoutError: no message arrived in time.
            InvalidRequest: the message cannot be parsed.
        """
        if not await self.arrives(patience_s) or self._reading is None:
            raise TimeoutError
        data, self._reading = self._reading.result(), None
        return None if data is _END else parsed(self._version.stream, data)

    async def drain(self, patience_s: float) -> None:
        """Discards further messages until the stream ends or the time is over.

        A client that receives an error while it writes may lose the reason:
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
