"""Answers a second that no cache has: eSpeak NG through Segue with level and without, in turns.

``OVOS_TTS_SERVER`` may name the program of that name, which is then measured beside them: in a venv of its own,
``pip install 'ovos-tts-server<0.2' 'ovos-plugin-manager<0.9' ovos-tts-plugin-espeakng`` (with later ones the
plug-in did not start in November 2026), and with the program espeak-ng on the path.
"""

from __future__ import annotations

import asyncio
import http.client
import itertools
import json
import os
import statistics
import subprocess
import tempfile
import time
import urllib.request
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import quote, urlsplit

from server import CLIENT_CORE, SERVER_CORE, free_port, server

if TYPE_CHECKING:
    from collections.abc import Iterator

CONNECTIONS = 4
ROUNDS = 5
ROUND_S = 3.0
TEXT = "The caravan left well before dawn, and nobody in all the settlement had heard it go, number"
"""Some 5 s of sound."""

_OVOS_PLUGIN = "ovos_tts_plugin_espeakng"
_OVOS_STARTS_WITHIN_S = 60.0


class Rates(NamedTuple):
    """Answers a second, round by round."""

    level: list[float]
    plain: list[float]
    ovos: list[float]

    @property
    def by_plain(self) -> float:
        """With level, by without: the median of the rounds."""
        return statistics.median(a / b for a, b in zip(self.level, self.plain, strict=True))

    @property
    def by_ovos(self) -> float | None:
        """With level, by ovos-tts-server's; None where that was not measured."""
        if not self.ovos:
            return None
        return statistics.median(a / b for a, b in zip(self.level, self.ovos, strict=True))


def rates() -> Rates:
    """All servers on one core, each at rest while another is asked; the client on another core."""
    numbers = itertools.count(1000)
    found = Rates([], [], [])
    with ExitStack() as stack:
        urls = [stack.enter_context(_segue(level)) for level in ("true", "false")]
        ovos = os.environ.get("OVOS_TTS_SERVER")
        if ovos:
            urls.append(stack.enter_context(_ovos(ovos)))
        usual = os.sched_getaffinity(0)
        os.sched_setaffinity(0, {CLIENT_CORE})
        for number in range(ROUNDS + 1):
            for which, url in enumerate(urls):
                rate = asyncio.run(_rate(url, numbers, ours=which < 2))
                if number:  # the first warms up
                    found[which].append(rate)
        os.sched_setaffinity(0, usual)
    return found


@contextmanager
def _segue(level: str) -> Iterator[str]:
    settings = {"CHIRP3_ENABLED": "false", "SEGUE_LEVEL": level, "SEGUE_CACHE_DISK_BYTES": "0"}
    with server("segue.wiring.service:app", settings) as (url, _):
        yield url


@contextmanager
def _ovos(program: str) -> Iterator[str]:
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as home:
        process = subprocess.Popen(
            [
                *("taskset", "-c", str(SERVER_CORE), program, "--engine", _OVOS_PLUGIN),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            env=os.environ | {"HOME": home, "XDG_CACHE_HOME": home, "XDG_CONFIG_HOME": home},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            url = f"http://127.0.0.1:{port}"
            _await_status(url)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def _await_status(url: str) -> None:
    """A connection alone says nothing: on a free port of loopback it may have met itself."""
    until = time.monotonic() + _OVOS_STARTS_WITHIN_S
    while time.monotonic() < until:
        try:
            with urllib.request.urlopen(f"{url}/status", timeout=2):
                return
        except (OSError, http.client.HTTPException):
            time.sleep(0.2)
    raise SystemExit("ovos-tts-server did not start")


async def _rate(url: str, numbers: itertools.count[int], *, ours: bool) -> float:
    until = time.perf_counter() + ROUND_S
    began = time.perf_counter()
    counts = await asyncio.gather(*(_answers(url, numbers, until, ours=ours) for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - began)


async def _answers(url: str, numbers: itertools.count[int], until: float, *, ours: bool) -> int:
    host = urlsplit(url)
    reader, writer = await asyncio.open_connection(host.hostname, host.port)
    count = 0
    while time.perf_counter() < until:
        text = f"{TEXT} {next(numbers)}."
        writer.write(_speech(text) if ours else _synthesize(text))
        assert await _body_bytes(reader) > 100_000, "some 5 s of sound"
        count += 1
    writer.close()
    return count


def _speech(text: str) -> bytes:
    body = {"model": "wavenet", "voice": "pip_boy", "input": text, "response_format": "wav"}
    data = json.dumps(body).encode()
    head = "POST /v1/audio/speech HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(data)}\r\n\r\n".encode() + data


def _synthesize(text: str) -> bytes:
    return f"GET /v2/synthesize?lang=en-us&utterance={quote(text)} HTTP/1.1\r\nhost: bench\r\n\r\n".encode()


async def _body_bytes(reader: asyncio.StreamReader) -> int:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
    assert head.split()[1] == "200", head
    fields = dict(line.split(": ", 1) for line in head.splitlines()[1:] if ": " in line)
    if "content-length" in fields:
        return len(await reader.readexactly(int(fields["content-length"])))
    total = 0
    while size := int(await reader.readuntil(b"\r\n"), 16):
        total += len(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return total


def main() -> None:
    found = rates()
    for name, measured in zip(Rates._fields, found, strict=True):
        if measured:
            print(f"{name}: {statistics.median(measured):.1f}/s (from {min(measured):.1f} to {max(measured):.1f})")
    print(f"level by plain: {found.by_plain:.2f}; level by ovos-tts-server: {found.by_ovos}")


if __name__ == "__main__":
    main()
