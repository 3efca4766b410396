"""What a gateway adds to an upstream that answers at once: Segue beside LiteLLM's proxy and speech-gateway.

Needs wrk, and a venv of the peers' own, named by ``--peers`` or made by ``make passthrough``:
``python -m venv DIR && DIR/bin/pip install -r bench/passthrough_peers.txt``. Without it, Segue is measured alone.

The upstream (``passthrough_upstream.py``) and the load generator share one core, the gateway has the other, and
while one gateway is asked the others are at rest. No text is asked for twice. ``--write`` puts the tables into
``docs/benchmarks.md``; the status is 1 where a bound does not hold.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlsplit

from passthrough_gateways import (
    ANSWER_BYTES,
    LITELLM,
    MODEL,
    SEGUE,
    SOUNDS,
    SPEECH_GATEWAY,
    started,
    upstream_in,
)
from passthrough_upstream import STREAMED
from server import CLIENT_CORE, SERVER_CORE

from segue.speech.core.speech import Container

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from passthrough_gateways import Gateway, Sound

PAGE = Path(__file__).parents[1] / "docs/benchmarks.md"
SECTION = "passthrough"
SPEECH = "/v1/audio/speech"
ROUNDS = 5
ROUND_S = 2
CONNECTIONS = 8
STREAMS = 25
_OFFICIAL = {"x-stainless-lang": "python"}
"""How OpenAI's own Python client says that it reads an answer whole."""


class Case(NamedTuple):
    """What is asked for. ``whole``: by a client that says so; any other is answered as a stream."""

    sound: Sound
    whole: bool

    @property
    def container(self) -> Container:
        return self.sound.container

    @property
    def name(self) -> str:
        return f"{_named(self.sound)}, {'whole' if self.whole else 'plain client'}"


TEXTS = {
    SOUNDS[0]: "The caravan left before dawn, and nobody heard %s go.",
    SOUNDS[1]: "The caravan left for %s.",
    SOUNDS[2]: "Yes, %s.",
}
"""Of about as many seconds as the sound. For ``%s`` stands a word that no other text has."""

CASES = [Case(sound, whole) for sound in SOUNDS for whole in (True, False)]


class Load(NamedTuple):
    """One round: requests a second, the median and P99 of their time, and the gateway's processor time for one."""

    rate: float
    median_ms: float
    p99_ms: float
    cpu_ms: float


@dataclass
class Measured:
    """Rounds of one gateway in one case: under load, and one request after the other."""

    loaded: list[Load] = field(default_factory=list)
    alone: list[Load] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return statistics.median(load.rate for load in self.loaded)

    @property
    def cpu_ms(self) -> float:
        return statistics.median(load.cpu_ms for load in self.loaded)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the section of docs/benchmarks.md")
    parser.add_argument("--peers", default=os.environ.get("PASSTHROUGH_PEERS", ""), help="the venv of the peers")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--streams", type=int, default=STREAMS)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="segue-bench-") as folder, ExitStack() as stack:
        upstream = stack.enter_context(upstream_in(Path(folder)))
        gateways = started(stack, upstream, Path(folder), arguments.peers)
        _pinned_to(CLIENT_CORE)
        measured = _loads(gateways, arguments.rounds, Path(folder))
        streams = {gateway.name: _first_bytes_ms(gateway, upstream.url, arguments.streams) for gateway in gateways}
    text = _report(gateways, measured, streams)
    print(text)
    if arguments.write:
        _write(text)
    return 0 if "| NO |" not in text else 1


def _pinned_to(core: int) -> None:
    os.sched_setaffinity(0, {core})


# --- under load ----------------------------------------------------------------------------------------------


def _loads(gateways: Sequence[Gateway], rounds: int, folder: Path) -> dict[tuple[str, str], Measured]:
    """By the gateway's name and the case's. The first round warms up and is not counted."""
    measured: dict[tuple[str, str], Measured] = {}
    numbers = itertools.count()
    for number in range(rounds + 1):
        for case, gateway in itertools.product(CASES, gateways):
            if not _is_asked(case, gateway):
                continue
            found = measured.setdefault((gateway.name, case.name), Measured())
            load = _load(gateway, case, CONNECTIONS, folder, next(numbers), ROUND_S if number else 1)
            if number:
                found.loaded.append(load)
                found.alone.append(_load(gateway, case, 1, folder, next(numbers), 1))
    return measured


def _is_asked(case: Case, gateway: Gateway) -> bool:
    """Only Segue minds whether its client reads an answer whole. What encoding takes is measured once."""
    encodes = gateway.name.startswith(f"{SEGUE},")
    usual = case == CASES[0] if encodes else case.whole or gateway.name == SEGUE
    return usual and case.container in gateway.places


def _load(gateway: Gateway, case: Case, connections: int, folder: Path, number: int, seconds: int) -> Load:
    script = folder / "post.lua"
    headers = {"content-type": "application/json", "authorization": "Bearer none"}
    body = _body(case, "@")
    script.write_text(
        _LUA.format(
            headers=", ".join(
                f'["{key}"] = "{value}"' for key, value in (headers | (_OFFICIAL if case.whole else {})).items()
            ),
            body=body,
            start=number * 1_000_000,
        ),
        encoding="utf-8",
    )
    url = gateway.places[case.container].url + SPEECH
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "-s", str(script), url]
    began_s = gateway.cpu_s(case.container)
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    found = json.loads(re.findall(r"^\{.*\}$", said, re.MULTILINE)[-1])
    assert not found["failed"], f"{gateway.name}: {said}"
    assert found["bytes"] >= 0.97 * ANSWER_BYTES * found["requests"], f"{gateway.name}: {said}"
    cpu_ms = (gateway.cpu_s(case.container) - began_s) / max(found["requests"], 1) * 1000
    return Load(found["requests"] / found["seconds"], found["p50"] / 1000, found["p99"] / 1000, cpu_ms)


def _body(case: Case, word: str, *, streamed: bool = False) -> str:
    text = (f"{STREAMED} {TEXTS[case.sound]} %s." if streamed else TEXTS[case.sound]).replace("%s", word)
    asked = {"model": MODEL, "voice": case.sound.voice, "input": text}
    return json.dumps({**asked, "response_format": case.container})


_LUA = """
local number = {start}
local function word()
  number = number + 1
  local letters, rest = "", number
  while rest > 0 do
    letters = string.char(97 + rest % 26) .. letters
    rest = math.floor(rest / 26)
  end
  return letters
end
wrk.method = "POST"
wrk.headers = {{ {headers} }}
local body = [==[{body}]==]
request = function()
  return wrk.format(nil, nil, nil, (body:gsub("@", word())))
end
done = function(summary, latency, requests)
  local failed = summary.errors
  io.write(string.format('{{"requests": %d, "seconds": %f, "bytes": %d, "failed": %d, "p50": %f, "p99": %f}}\\n',
    summary.requests, summary.duration / 1e6, summary.bytes,
    failed.status + failed.connect + failed.read + failed.write + failed.timeout,
    latency:percentile(50), latency:percentile(99)))
end
"""


# --- streams -------------------------------------------------------------------------------------------------


def _first_bytes_ms(gateway: Gateway, upstream: str, count: int) -> dict[Sound, list[float]]:
    """From when the upstream's first bytes left to when the client had the first: one stream after the other.

    At the upstream itself, that is how long a client takes to notice.
    """
    numbers = itertools.count(1)
    return {
        sound: [_first_byte_ms(gateway, sound, upstream, f"n{next(numbers)}") for _ in range(count + 2)][2:]
        for sound in SOUNDS
        if sound.container in gateway.places
    }


def _first_byte_ms(gateway: Gateway, sound: Sound, upstream: str, number: str) -> float:
    """The stream is read to its end, so that the next one finds the gateway at rest."""
    connection = http.client.HTTPConnection(urlsplit(gateway.places[sound.container].url).netloc, timeout=30)
    headers = {"content-type": "application/json", "authorization": "Bearer none"}
    connection.request("POST", SPEECH, _body(Case(sound, whole=False), number, streamed=True), headers)
    answer = connection.getresponse()
    assert answer.status == 200, answer.read()
    assert answer.read(1)
    came_s = time.perf_counter()
    answer.read()
    connection.close()
    with urllib.request.urlopen(f"{upstream}/first?{number}", timeout=5) as told:
        return (came_s - float(json.load(told))) * 1000


# --- what is told --------------------------------------------------------------------------------------------


def _report(
    gateways: Sequence[Gateway],
    measured: Mapping[tuple[str, str], Measured],
    streams: Mapping[str, Mapping[Sound, list[float]]],
) -> str:
    rounds = len(next(iter(measured.values())).loaded)
    how = (
        f"Upstream and load generator on core {CLIENT_CORE}, the gateway on core {SERVER_CORE}; {CONNECTIONS} "
        f"connections; medians of {rounds} rounds of {ROUND_S} s in turns. The machine's load over 5 minutes was "
        f"{os.getloadavg()[1]:.1f}, its own included."
    )
    return "\n\n".join([how, _bounds(measured, streams), _load_table(gateways, measured), _stream_table(streams)])


def _bounds(
    measured: Mapping[tuple[str, str], Measured], streams: Mapping[str, Mapping[Sound, list[float]]]
) -> str:
    rows = []
    for case in CASES:
        for peer, bound in ((LITELLM, 1.5), (SPEECH_GATEWAY, 1.0)):
            theirs = measured.get((peer, case._replace(whole=True).name))
            if theirs is not None:
                ratio = _ratio(measured[SEGUE, case.name], theirs)
                what = f"{case.name}: requests/s by those of {peer}"
                rows.append(f"| {what} | {ratio:.2f} | {bound} or more | {_yes(ratio >= bound)} |")
    for sound, times_ms in streams[SEGUE].items():
        bare_ms = next(iter(streams.values()))[sound]
        later_ms = statistics.median(times_ms) - statistics.median(bare_ms)
        what = f"{_named(sound)}: a stream's first byte after the upstream's, medians"
        rows.append(f"| {what} | {later_ms:.2f} ms | under 5 ms | {_yes(later_ms < 5)} |")
    return "\n".join(["| Segue | measured | bound | holds |", "|---|---|---|---|", *rows])


def _named(sound: Sound) -> str:
    return f"{sound.container.upper()}, {sound.length_s:.1f} s of sound"


def _ratio(ours: Measured, theirs: Measured) -> float:
    return statistics.median(a.rate / b.rate for a, b in zip(ours.loaded, theirs.loaded, strict=True))


def _yes(holds: bool) -> str:  # noqa: FBT001 - a word for a flag
    return "yes" if holds else "NO"


def _load_table(gateways: Sequence[Gateway], measured: Mapping[tuple[str, str], Measured]) -> str:
    added = f"added median, P99 at {CONNECTIONS} connections | at 1 connection"
    head = f"| gateway | asked for | requests/s | processor time for one | {added} |"
    lines = [head, "|---|---|---|---|---|---|"]
    bare = gateways[0].name
    for case, gateway in itertools.product(CASES, gateways[1:]):
        found = measured.get((gateway.name, case.name))
        if found is None:
            continue
        reference = measured[bare, case._replace(whole=True).name]
        loaded, alone = (
            _added(ours, theirs)
            for ours, theirs in ((found.loaded, reference.loaded), (found.alone, reference.alone))
        )
        lines.append(
            f"| {gateway.name} | {case.name} | {found.rate:,.0f} | {found.cpu_ms:.1f} ms | {loaded} | {alone} |"
        )
    return "\n".join(lines)


def _added(ours: Sequence[Load], bare: Sequence[Load]) -> str:
    """To the upstream's own time, medians of rounds."""

    def more_ms(of: Callable[[Load], float]) -> float:
        return statistics.median(map(of, ours)) - statistics.median(map(of, bare))

    return f"{more_ms(lambda load: load.median_ms):.1f} ms, {more_ms(lambda load: load.p99_ms):.1f} ms"


def _stream_table(streams: Mapping[str, Mapping[Sound, list[float]]]) -> str:
    lines = ["| gateway | stream of | first byte after it left the upstream, median | P90 |", "|---|---|---|---|"]
    for name, by_sound in streams.items():
        for sound, times_ms in by_sound.items():
            p90_ms = statistics.quantiles(times_ms, n=10)[-1]
            lines.append(f"| {name} | {_named(sound)} | {statistics.median(times_ms):.2f} ms | {p90_ms:.2f} ms |")
    return "\n".join(lines)


def _write(text: str) -> None:
    page, begin, end = PAGE.read_text(encoding="utf-8"), f"<!-- {SECTION}: begin -->", f"<!-- {SECTION}: end -->"
    head, _, rest = page.partition(begin)
    PAGE.write_text(f"{head}{begin}\n{text}\n{end}{rest.partition(end)[2]}", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
