"""The service with its references beside it, in one server: a bare ASGI application, and its own engines alone."""

from __future__ import annotations

import json
import os
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from segue.speech.core.speech import Utterance
from segue.speech.engines.base import ThreadedEngine
from segue.speech.engines.shelter.engine import ShelteredEngine
from segue.wiring.service import app as segue_app

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from segue.speech.core.speech import Pcm

BARE_PATH = "/bare"
ENGINE_ALONE_PATH = "/engine/alone"
ENGINE_LAST_PATH = "/engine/last"


class Tap:
    """Watches every stream of the process's engines: how many seconds it took to its first chunk."""

    def __init__(self) -> None:
        self.first_chunks_s: list[float] = []
        self._engines: dict[str, Any] = {}
        self._streams = {kind: kind.stream for kind in (ThreadedEngine, ShelteredEngine)}
        for kind in self._streams:
            self._watch(kind)

    def _watch(self, kind: Any) -> None:
        tap = self

        async def watched(engine: Any, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
            tap._engines[engine.name] = engine
            began = time.perf_counter()
            number = len(tap.first_chunks_s)
            tap.first_chunks_s.append(0.0)
            async with aclosing(tap._unwatched(engine, utterance)) as chunks:
                async for chunk in chunks:
                    if not tap.first_chunks_s[number]:
                        tap.first_chunks_s[number] = time.perf_counter() - began
                    yield chunk

        kind.stream = watched

    def _unwatched(self, engine: Any, utterance: Utterance) -> AsyncGenerator[Pcm, None]:
        stream: Any = next(stream for kind, stream in self._streams.items() if isinstance(engine, kind))
        chunks: AsyncGenerator[Pcm, None] = stream(engine, utterance)
        return chunks

    def last_s(self) -> float:
        """Of the first line of the last request; the others are forgotten."""
        found, self.first_chunks_s = self.first_chunks_s, []
        return found[0] if found else 0.0

    async def alone_s(self, asked: Mapping[str, str]) -> float:
        """Of an engine that the service has spoken with already, with nothing around it."""
        utterance = Utterance(asked["text"], asked["voice"], asked["language"])
        began = time.perf_counter()
        async with aclosing(self._unwatched(self._engines[asked["engine"]], utterance)) as chunks:
            await anext(chunks)
            return time.perf_counter() - began


def app() -> Any:
    """``/bare`` answers with the bytes of the file that ``BENCH_BODY`` names, ``/engine/...`` with seconds to a
    first chunk; everything else is Segue's.
    """
    tap = Tap()
    segue = segue_app()
    served = os.environ.pop("BENCH_BODY", None)
    body = Path(served).read_bytes() if served else b""
    headers = [(b"content-type", b"audio/mpeg"), (b"content-length", b"%d" % len(body))]

    async def with_references(scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"] if scope["type"] == "http" else ""
        if path == BARE_PATH:
            while (await receive()).get("more_body"):
                pass
            await _answer(send, headers, body)
        elif path == ENGINE_ALONE_PATH:
            asked = json.loads((await receive())["body"])
            await _answer(send, [], json.dumps(await tap.alone_s(asked)).encode())
        elif path == ENGINE_LAST_PATH:
            await _answer(send, [], json.dumps(tap.last_s()).encode())
        else:
            await segue(scope, receive, send)

    return with_references


async def _answer(send: Any, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
