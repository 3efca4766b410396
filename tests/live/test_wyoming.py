"""Home Assistant's protocol by its official client, unmodified, against a service on the embedded voices."""

from __future__ import annotations

import asyncio
import base64
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from wyoming.ping import Ping

from segue.speech.audio.decode import decode
from support.ports import free_port
from support.process import Server, serving
from support.quickstarts import WYOMING, run_quickstart
from support.wyoming import STOPPED, as_bytes, client_of, heard, in_chunks, said, synthesize

if TYPE_CHECKING:
    from collections.abc import Iterator

LINE = "The quick brown fox jumps over the lazy dog, and the dog does not mind. Nor does the fox."
CHINESE = "廚房的燈開著。現在二十一度，門已經鎖好了。"
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class House:
    """A service, and where Home Assistant finds it."""

    server: Server
    port: int

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    def memory_bytes(self) -> int:
        statm = Path(f"/proc/{self.server.process.pid}/statm").read_text(encoding="ascii")
        return int(statm.split()[1]) * 4096

    def whole_s(self, text: str) -> float:
        """How long the native door takes to say it, by the baseline."""
        answer = self.server.say(text, return_format="base64", force_voice_model="wavenet", audio_format="wav")
        return decode(base64.b64decode(answer["audio_base64"])).duration_s


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    port = free_port()
    with serving(tmp_path_factory.mktemp("service"), SEGUE_WYOMING_PORT=str(port)) as server:
        yield House(server, port)


@pytest.mark.parametrize("text", [LINE, CHINESE], ids=["english", "chinese"])
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "in_chunks"])
async def test_the_sound_lasts_as_long_as_the_native_doors(house: House, text: str, streamed: bool) -> None:
    house.server.steer(share_percent=0)
    if streamed:
        answer = await said(
            house.port, *in_chunks(text[at : at + 5] for at in range(0, len(text), 5)), until=STOPPED
        )
    else:
        answer = await said(house.port, synthesize(text))

    assert answer.error is None
    assert answer.starts[0].rate == 22_050
    assert answer.duration_s == pytest.approx(house.whole_s(text), rel=0.15)
    assert answer.told["model"] == "espeak-ng"


async def test_the_candidate_speaks_at_its_own_rate(house: House) -> None:
    house.server.steer(share_percent=100)
    answer = await said(house.port, synthesize(LINE))

    assert answer.told["model"] == "neural"
    assert answer.starts[0].rate == 22_050
    assert 3 < answer.duration_s < 10


async def test_the_baseline_speaks_where_the_candidate_fails(house: House) -> None:
    house.server.steer(share_percent=100)
    house.server.breaks("piper", {"kind": "unavailable"})
    try:
        answer = await said(house.port, synthesize("This one was never said before."))
    finally:
        house.server.breaks("piper")

    assert answer.error is None
    assert answer.told["model"] == "espeak-ng"
    assert 1 < answer.duration_s < 4


async def test_the_first_sound_of_a_long_text_leaves_early(house: House) -> None:
    house.server.steer(share_percent=100)
    text = " ".join(f"Sentence number {number} of a text that takes its time." for number in range(20))
    async with client_of(house.port) as client:
        began_s = time.monotonic()
        await client.write_event(synthesize(text))
        await heard(client, until="audio-chunk")
        first_s = time.monotonic() - began_s
        await heard(client)
        whole_s = time.monotonic() - began_s

    assert first_s < whole_s / 3


@pytest.mark.timeout(120)
def test_the_quickstart_runs(house: House, tmp_path: Path) -> None:
    house.server.steer(share_percent=0)
    files = run_quickstart(sys.executable, WYOMING.script, house.address, tmp_path / "files")

    assert set(files) == WYOMING.files
    assert files["in-chunks.wav"].duration_s == pytest.approx(files["whole.wav"].duration_s, rel=0.15)
    assert 2 < files["chinese.wav"].duration_s < 12


@pytest.mark.timeout(120)
async def test_a_hundred_at_once_are_all_answered(house: House) -> None:
    house.server.steer(share_percent=0)
    answers = await asyncio.gather(
        *(said(house.port, synthesize(f"This is listener number {number}.")) for number in range(100))
    )

    assert all(answer.error is None and 0.8 < answer.duration_s < 5 for answer in answers)


async def test_what_headers_announce_costs_no_memory(house: House) -> None:
    """Ten gigabytes each, by fifty clients, who then keep silent."""
    await said(house.port, synthesize("Once, to be warm."))
    before_bytes = house.memory_bytes()
    for part in ("data_length", "payload_length"):
        streams = [await asyncio.open_connection("127.0.0.1", house.port) for _ in range(25)]
        for reader, writer in streams:
            writer.write(b'{"type": "synthesize", "%s": 10000000000}\n' % part.encode() + b"x" * 200_000)
            assert b"the limit is 262144" in await reader.read()
            writer.close()

    assert house.memory_bytes() - before_bytes < 50 * _MIB
    assert (await said(house.port, synthesize("Still here."))).error is None


async def test_those_who_leave_at_any_point_leave_a_service_that_goes_on(house: House) -> None:
    whole = as_bytes(synthesize(LINE))
    for sent in range(1, len(whole), 7):
        _, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(whole[:sent])
        writer.close()
    for _ in range(20):
        reader, writer = await asyncio.open_connection("127.0.0.1", house.port)
        writer.write(whole + as_bytes(Ping().event()) * 20)
        await reader.readline()
        writer.transport.abort()

    assert (await said(house.port, synthesize("Still here."))).error is None
    assert "request_failed" not in house.server.log.read_text(encoding="utf-8")


@pytest.mark.timeout(120)
async def test_several_workers_share_the_port(tmp_path: Path) -> None:
    port = free_port()
    with serving(tmp_path, SEGUE_WYOMING_PORT=str(port), SEGUE_WORKERS="2"):
        makers: set[str] = set()
        async with asyncio.timeout(60):
            while len(makers) < 2:  # the second may still be starting
                answer = await said(port, synthesize("A number."))
                assert answer.duration_s > 0.3
                makers.add(answer.told["request_id"][:16])
