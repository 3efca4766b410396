"""An OpenAI-compatible server of speech that answers at once, with the same file for every text.

``python passthrough_upstream.py PORT FOLDER``, where the folder holds a file for each voice and format, as
``alloy.mp3``. It is as little work as HTTP/1.1 can be, for it shares a core with the load generator.

A text that begins with ``STREAMED`` is answered in pieces, one every ``GAP_S``. ``GET /first?N`` then tells when
the first piece of the text that ends with the number N left, in seconds of ``time.perf_counter``, which on Linux
is the same clock in every process.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import cast

import uvloop

STREAMED = "Streamed"
PIECES = 10
GAP_S = 0.05
_TYPES = {"mp3": "audio/mpeg", "wav": "audio/wav", "pcm": "audio/pcm"}


class Upstream(asyncio.Protocol):
    """One connection. Requests on it come one after the other."""

    def __init__(self, files: dict[str, bytes], left_s: dict[str, float]) -> None:
        self._answers = {name: _answer(_TYPES[name.rpartition(".")[2]], data) for name, data in files.items()}
        self._files = files
        self._left_s = left_s
        self._came = b""
        self._tasks: set[asyncio.Task[None]] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, error: Exception | None) -> None:
        del error
        for task in self._tasks:
            task.cancel()

    def data_received(self, data: bytes) -> None:
        self._came += data
        head, end, body = self._came.partition(b"\r\n\r\n")
        if not end or len(body) < _length(head):
            return
        self._came = b""
        if head.startswith(b"GET "):
            self._transport.write(_answer("application/json", self._list(head.split(b" ", 2)[1].decode())))
            return
        content = json.loads(body)
        name, text = f"{content['voice']}.{content.get('response_format', 'mp3')}", content["input"]
        if text.startswith(STREAMED):
            task = asyncio.ensure_future(self._stream(name, text.rstrip(".").split(" ")[-1]))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        else:
            self._transport.write(self._answers[name])

    def _list(self, path: str) -> bytes:
        if path.startswith("/first?"):
            return json.dumps(self._left_s.pop(path.partition("?")[2], None)).encode()
        return b'{"object": "list", "data": [{"id": "alloy"}]}'

    async def _stream(self, name: str, number: str) -> None:
        data, kind = self._files[name], _TYPES[name.rpartition(".")[2]]
        step = -(-len(data) // PIECES)
        self._transport.write(
            f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ntransfer-encoding: chunked\r\n\r\n".encode()
        )
        for start in range(0, len(data), step):
            if start:
                await asyncio.sleep(GAP_S)
            else:
                self._left_s[number] = time.perf_counter()
            piece = data[start : start + step]
            self._transport.write(b"%x\r\n%b\r\n" % (len(piece), piece))
        self._transport.write(b"0\r\n\r\n")


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            return int(line[15:])
    return 0


def _answer(kind: str, body: bytes) -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def _serve(port: int, files: dict[str, bytes]) -> None:
    left_s: dict[str, float] = {}
    server = await asyncio.get_running_loop().create_server(lambda: Upstream(files, left_s), "127.0.0.1", port)
    await server.serve_forever()


def _files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.glob("*.*") if file.suffix[1:] in _TYPES}


if __name__ == "__main__":
    uvloop.run(_serve(int(sys.argv[1]), _files(Path(sys.argv[2]))))
