"""What every engine does that calls a vendor over HTTP, each against the local server of its vendor: refusals that
HTTP itself knows, waits, and calls that end before they should.
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import (
    BadAudio,
    DeadlineExceeded,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    Unavailable,
    Unsupported,
)
from segue.speech.audio.encode import encode
from segue.speech.audio.pcm import to_samples
from segue.speech.core.speech import AudioFormat, Container
from segue.testing.audio import babble
from support.http_vendors import Vendor, said, started, stream_of
from support.vendor import HEALTHY, Answer, Trouble, VendorServer, as_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from segue.speech.core.speech import Pcm
    from segue.speech.engines.http.engine import HttpEngine

MP3 = encode(to_samples(babble("Good morning.")), 16_000, AudioFormat(Container.MP3)).data
HTML = {"content-type": "text/html; charset=utf-8"}

pytestmark = pytest.mark.usefixtures("signed_in")


class TestStatuses:
    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (Answer(400, b""), Unsupported),
            (Answer(401, b""), Unavailable),
            (Answer(403, b"<html>", HTML), Unavailable),
            (as_json("gone", 404), Unsupported),
            (Answer(429, b""), QuotaExhausted),
            (Answer(500, b""), InternalFailure),
            (as_json([1], 500), InternalFailure),
            (as_json({"error": 3, "detail": [4], "message": 5}, 500), InternalFailure),
            (Answer(500, b"\xff\xfe\x00 no text"), InternalFailure),
            (Answer(502, b"<html>", HTML), Unavailable),
            (Answer(503, b""), Unavailable),
            (Answer(504, b"<html>", HTML), DeadlineExceeded),
            (Answer(529, b""), Unavailable),
        ],
        ids="400 401 403 404 429 500 list odd bytes 502 503 504 529".split(),
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_every_status_is_one_of_our_errors(
        self,
        vendor: Vendor,
        server: VendorServer,
        engine: HttpEngine,
        answer: Answer,
        expected: type[SegueError],
        streamed: bool,
    ) -> None:
        server.trouble = Trouble(answer=answer)
        with pytest.raises(SegueError) as caught:
            await said(engine, vendor.hello, streamed=streamed)
        assert type(caught.value) is expected

    @pytest.mark.parametrize(
        ("headers", "wait_s"),
        [
            ({"retry-after": "7"}, 7.0),
            ({"retry-after-ms": "1500"}, 1.5),
            ({}, 5.0),
            ({"retry-after": "soon"}, 5.0),
            ({"retry-after": "-3"}, 5.0),
            ({"retry-after": "9e99"}, 3600.0),
            ({"retry-after": "Wed, 21 Oct 2099 07:28:00 GMT"}, 3600.0),
            ({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 5.0),
        ],
        ids="seconds milliseconds nothing words negative for_ever date past".split(),
    )
    async def test_a_spent_quota_says_when_to_come_back(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, headers: dict[str, str], wait_s: float
    ) -> None:
        server.trouble = Trouble(answer=Answer(429, b"", headers))
        with pytest.raises(QuotaExhausted) as caught:
            await engine.synthesize(vendor.hello)
        assert caught.value.retry_after_s == wait_s
        assert (await engine.health()).ready

    async def test_neither_the_text_nor_the_key_is_quoted(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, capsys: pytest.CaptureFixture[str]
    ) -> None:
        quoted = f"cannot say 'Zanzibar secret', key {vendor.secret}, or {vendor.secret[:9]}***"
        server.trouble = Trouble(answer=Answer(400, quoted.encode(), {"content-type": "text/plain"}))
        with pytest.raises(SegueError) as caught:
            await engine.synthesize(replace(vendor.hello, text="Zanzibar secret"))
        told = f"{caught.value} {await engine.health()} {capsys.readouterr()} {engine!r}"
        assert "anzibar" not in told
        assert vendor.secret[:8] not in told

    async def test_a_plan_of_two_requests_at_once_is_kept(self, vendor: Vendor, server: VendorServer) -> None:
        async with started(vendor.at(server.url, concurrency=2)) as engine:
            assert engine.places == 2
            await asyncio.gather(*(engine.synthesize(vendor.hello) for _ in range(8)))
        assert server.most_under_way == 2


class TestTroubles:
    @pytest.mark.parametrize(
        ("trouble", "expected"),
        [
            (Trouble(hang=True), DeadlineExceeded),
            (Trouble(hang_after=2), DeadlineExceeded),
            (Trouble(cut_after=0), Unavailable),
            (Trouble(cut_after=2), Unavailable),
            (Trouble(body=b""), BadAudio),
            (Trouble(headers={"content-type": "application/json"}), BadAudio),
            (Trouble(headers=HTML), BadAudio),
            (Trouble(headers={"content-type": "audio/ogg"}), BadAudio),
            (Trouble(body=MP3, headers={"content-type": "audio/mpeg"}), BadAudio),
            (Trouble(body=b"ID3" + bytes(200)), BadAudio),
            (Trouble(body=b'{"error": "out of memory"}', headers={"content-type": ""}), BadAudio),
            (Trouble(body=b"RIFF\x24\x00\x00\x00WAVEfmt ", headers={"content-type": ""}), BadAudio),
            (Trouble(body=b"OggS" + bytes(200), headers={"content-type": ""}), BadAudio),
            (Trouble(headers={"content-encoding": "gzip"}), BadAudio),
            (Trouble(answer=Answer(302, b"", {"location": "/elsewhere"})), Unavailable),
            (Trouble(answer=Answer(307, b"", {"location": "http://127.0.0.1:9/v1/audio/speech"})), Unavailable),
            (Trouble(answer=Answer(204, b"", {"content-type": "audio/pcm"})), BadAudio),
        ],
        ids=(
            "hung held cut_early cut_late empty json html ogg_type mp3 tag json_body wav ogg gzip redirect "
            "elsewhere no_content"
        ).split(),
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_trouble_is_one_of_our_errors_and_passes(
        self, vendor: Vendor, server: VendorServer, trouble: Trouble, expected: type[SegueError], streamed: bool
    ) -> None:
        patience_s = 1.0 if trouble.hang or trouble.hang_after else 10.0
        async with started(vendor.at(server.url, timeout_s=patience_s)) as engine:
            server.trouble = trouble
            with pytest.raises(SegueError) as caught:
                await said(engine, vendor.hello, streamed=streamed)
            assert type(caught.value) is expected
            server.trouble = HEALTHY
            assert (await engine.health()).ready
            assert (await engine.synthesize(vendor.hello)).duration_s > 1
            assert await server.closed_connections(most=1) <= 1

    @pytest.mark.parametrize("streamed", [False, True])
    async def test_a_body_without_end_is_not_read_to_it(
        self, vendor: Vendor, server: VendorServer, streamed: bool
    ) -> None:
        async with started(vendor.at(server.url, max_answer_bytes=2_000_000)) as engine:
            server.trouble = Trouble(endless=True)
            with pytest.raises(BadAudio, match="more than 2000000 bytes"):
                await said(engine, vendor.hello, streamed=streamed)
            assert await server.closed_connections() == 0

    async def test_a_stream_gives_what_came_before_it_was_cut(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        server.trouble = Trouble(cut_after=3)
        heard: list[Pcm] = []
        with pytest.raises(Unavailable, match="closed the connection during the call"):
            await _heard_from(stream_of(engine, vendor.hello), heard)
        assert sum(len(piece.data) for piece in heard) == 3 * server.piece_bytes // 2 * 2

    async def test_a_stream_left_half_way_lets_go_of_its_connection(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        server.trouble = Trouble(hang_after=1)
        async with aclosing(stream_of(engine, vendor.hello)) as stream:
            assert (await anext(stream)).sample_count == server.piece_bytes // 2
        assert await server.closed_connections() == 0

    async def test_a_cancelled_call_lets_go_of_its_connection(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        task = await _hung(vendor, server, engine)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await server.closed_connections() == 0

    async def test_closing_ends_calls_under_way(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        task = await _hung(vendor, server, engine)
        await engine.close()
        with pytest.raises(Unavailable):
            await task
        assert await server.closed_connections() == 0

    async def test_a_connection_that_was_closed_while_idle_is_not_used_again(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        for _ in range(3):
            assert (await engine.synthesize(vendor.hello)).duration_s > 1
            await server.close_idle()
            await asyncio.sleep(0.02)
        assert server.opened_connections >= 3

    async def test_a_server_that_is_not_there_is_unavailable_until_it_is(self, vendor: Vendor) -> None:
        async with VendorServer(vendor.service()) as gone:
            url = gone.url
        async with started(vendor.at(url)) as engine:
            assert not (await engine.health()).ready
            with pytest.raises(Unavailable, match="cannot be reached"):
                await engine.synthesize(vendor.hello)

    @pytest.mark.parametrize("trouble", [Trouble(cut_after=0), Trouble(answer=Answer(503, b""), lists=True)])
    async def test_health_costs_nothing(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, trouble: Trouble
    ) -> None:
        server.trouble = trouble
        with pytest.raises(Unavailable):
            await engine.synthesize(vendor.hello)
        before = len(server.spoken_requests)
        assert (await engine.health()).ready is not trouble.lists
        server.trouble = HEALTHY
        assert (await engine.health()).ready
        assert len(server.spoken_requests) == before


async def _heard_from(stream: AsyncIterator[Pcm], heard: list[Pcm]) -> None:
    """Keeps what a stream gives, whatever becomes of it."""
    async for piece in stream:
        heard.append(piece)  # noqa: PERF401 - they must be there when it breaks off


async def _hung(vendor: Vendor, server: VendorServer, engine: HttpEngine) -> asyncio.Task[Pcm]:
    """A call that has arrived, and whose answer has begun and does not end."""
    server.trouble = Trouble(hang_after=1)
    server.arrived.clear()
    task = asyncio.ensure_future(engine.synthesize(vendor.hello))
    await server.arrived.wait()
    return task
