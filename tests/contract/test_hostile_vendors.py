"""Servers that lie, and machines that are set up against them: every engine over HTTP answers with speech or with
one of our errors, and tells nobody what it should not.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import time
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import (
    BadAudio,
    ConfigurationError,
    InternalFailure,
    QuotaExhausted,
    SegueError,
    Unavailable,
)
from support.elevenlabs_server import GEORGE, ElevenLabsService
from support.http_vendors import ELEVENLABS, OPENAI, Vendor, said, started
from support.openai_server import KEY, OpenAiService
from support.vendor import Answer, Trouble, VendorServer, as_json

if TYPE_CHECKING:
    from pathlib import Path

    from segue.speech.engines.http.engine import HttpEngine

pytestmark = pytest.mark.usefixtures("signed_in")

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\n"
SAMPLES = struct.pack("<h", 900) * 30_000


class TestBodies:
    @pytest.mark.parametrize(
        "trouble",
        [
            Trouble(body=b"Internal Server Error"),
            Trouble(body="伺服器忙碌中，請稍後再試。".encode()),
            Trouble(body=b'["quota", "exceeded"]'),
            Trouble(body=gzip.compress(SAMPLES)),
            Trouble(headers={"content-type": "audio/pcm;rate=4294967295"}),
            Trouble(headers={"content-type": f"audio/pcm;rate={'9' * 5000}"}),
            Trouble(headers={"content-type": "audio/pcm;rate=1"}),
        ],
        ids="words chinese list gzip fast endless slow".split(),
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_what_is_no_speech_is_bad_audio_whatever_it_is_called(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, trouble: Trouble, streamed: bool
    ) -> None:
        server.trouble = trouble
        with pytest.raises(BadAudio):
            await said(engine, vendor.hello, streamed=streamed)

    @pytest.mark.parametrize("rate", ['"16000"', " 16000 ", "016000"])
    async def test_a_rate_may_be_quoted(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, rate: str
    ) -> None:
        server.trouble = Trouble(headers={"content-type": f"audio/pcm; rate={rate}"})
        assert (await engine.synthesize(vendor.hello)).rate_hz == 16_000

    @pytest.mark.parametrize(
        "raw",
        [
            HEAD + b"content-length: 100000\r\n\r\n" + SAMPLES[:20_000],
            HEAD + b"transfer-encoding: chunked\r\n\r\nffff\r\n" + SAMPLES[:20_000],
            HEAD + b"transfer-encoding: chunked\r\n\r\nnonsense\r\n",
            HEAD + b"x: " + b"y" * 200_000,
            b"SSH-2.0-OpenSSH_9.2\r\n",
            b"",
        ],
        ids="length chunk no_chunk headers ssh nothing".split(),
    )
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_an_answer_that_ends_before_its_end_is_unavailable(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, raw: bytes, streamed: bool
    ) -> None:
        server.trouble = Trouble(raw=raw)
        with pytest.raises(Unavailable):
            await said(engine, vendor.hello, streamed=streamed)

    @pytest.mark.parametrize(
        "raw",
        [
            HEAD.replace(b"1.1", b"1.0") + b"\r\n" + SAMPLES,
            HEAD + b"connection: close\r\n\r\n" + SAMPLES,
            b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + HEAD + b"content-length: 60000\r\n\r\n" + SAMPLES,
        ],
        ids=["http 1.0", "until the end", "early hints"],
    )
    async def test_answers_may_be_framed_as_http_has_it(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, raw: bytes
    ) -> None:
        server.trouble = Trouble(raw=raw)
        assert (await engine.synthesize(vendor.hello)).data == SAMPLES


class TestRefusals:
    @pytest.mark.parametrize(
        ("answer", "expected"),
        [
            (Answer(429, b"[" * 60_000, {"content-type": "application/json"}), QuotaExhausted),
            (Answer(500, b"{" + b'"a":{' * 10_000, {"content-type": "application/json"}), InternalFailure),
            (Answer(503, gzip.compress(b"away" * 99), {"content-encoding": "gzip"}), Unavailable),
            (
                Answer(500, b"\x1b[31m\x07red\x00 \xe2\x80\xae words", {"content-type": "text/plain"}),
                InternalFailure,
            ),
        ],
        ids=["nested", "objects", "gzip", "terminal"],
    )
    async def test_a_message_prints_and_is_short_whatever_was_said(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine, answer: Answer, expected: type[SegueError]
    ) -> None:
        server.trouble = Trouble(answer=answer)
        with pytest.raises(SegueError) as caught:
            await engine.synthesize(vendor.hello)
        assert type(caught.value) is expected
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 500

    async def test_a_server_that_says_a_lot_costs_no_time(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        server.piece_bytes = 1 << 16
        words = "無法合成戰爭從未改變 cannot say " * 100_000
        server.trouble = Trouble(answer=as_json({"message": words, "error": {"message": words}}, 400))
        began_s = time.process_time()
        with pytest.raises(SegueError):
            await engine.synthesize(vendor.hello)
        assert time.process_time() - began_s < 2

    async def test_nothing_that_a_server_sets_grows_the_next_request(
        self, vendor: Vendor, server: VendorServer, engine: HttpEngine
    ) -> None:
        server.trouble = Trouble(headers={"set-cookie": "session=4711; path=/"})
        await engine.synthesize(vendor.hello)
        await engine.synthesize(vendor.hello)
        assert "cookie" not in server.asked[-1].headers


class TestPlaces:
    @pytest.mark.parametrize("end", ["", "/", "//"])
    async def test_an_address_may_end_in_slashes(self, vendor: Vendor, server: VendorServer, end: str) -> None:
        async with started(vendor.at(server.url, base_url=f"{server.url}{vendor.path}{end}")) as engine:
            assert (await engine.health()).ready
            assert (await engine.synthesize(vendor.hello)).duration_s > 1

    @pytest.mark.parametrize(
        "base_url",
        [
            "http://host/v1?key=secret",
            "http://host/v1#part",
            "http://me:secret@host/v1",
            "http://host:99999/v1",
            "http://host:port/v1",
            "http://[::1/v1",
            "http://:80/v1",
            "//host/v1",
            "host:80/v1",
            "file:///etc/passwd",
            "http://ho st/v1",
            "http://xn--a\x00/v1",
        ],
    )
    def test_what_is_no_address_of_a_server_is_a_fault_that_shows_no_secret(
        self, vendor: Vendor, base_url: str
    ) -> None:
        with pytest.raises(ValueError, match="base_url") as caught:
            vendor.at("", base_url=base_url)
        assert "secret" not in str(caught.value)

    async def test_a_server_may_have_an_address_of_version_6(self, vendor: Vendor) -> None:
        if not _has_version_6():
            pytest.skip("this machine has no loopback of IP version 6")
        async with VendorServer(vendor.service(), host="::1") as server, started(vendor.at(server.url)) as engine:
            assert "[::1]" in (await engine.health()).detail
            assert (await engine.synthesize(vendor.hello)).duration_s > 1


def _has_version_6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


class TestProxies:
    async def test_a_proxy_never_sees_what_stays_on_this_machine(
        self, vendor: Vendor, server: VendorServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with VendorServer(vendor.service()) as proxy:
            for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
                monkeypatch.setenv(name, proxy.url)
            async with started(vendor.at(server.url)) as engine:
                assert (await engine.synthesize(vendor.hello)).duration_s > 1
            assert not proxy.asked

    async def test_a_proxy_is_asked_for_all_others(
        self, vendor: Vendor, server: VendorServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("http_proxy", server.url)
        async with started(vendor.at("http://voices.invalid")) as engine:
            assert (await engine.synthesize(vendor.hello)).duration_s > 1
        assert {asked.headers["host"] for asked in server.asked} == {"voices.invalid"}

    @pytest.mark.parametrize(
        "proxy", ["socks5://me:secret@127.0.0.1:9", "ftp://me:secret@127.0.0.1:9", "http://me:secret@127.0.0.1:x"]
    )
    async def test_a_proxy_that_cannot_be_used_is_a_fault_that_shows_no_secret(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch, proxy: str
    ) -> None:
        monkeypatch.setenv("ALL_PROXY", proxy)
        engine = vendor.at("http://voices.invalid")
        with pytest.raises(ConfigurationError, match="HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or NO_PROXY") as caught:
            await engine.start()
        await engine.close()
        assert "secret" not in str(caught.value)

    async def test_a_proxy_that_is_not_there_is_unavailable(
        self, vendor: Vendor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async with VendorServer(vendor.service()) as gone:
            monkeypatch.setenv("http_proxy", gone.url)
        async with started(vendor.at("http://voices.invalid")) as engine:
            with pytest.raises(Unavailable):
                await engine.synthesize(vendor.hello)


@pytest.mark.parametrize("vendor", [OPENAI], ids=["openai"])
class TestWavHeaders:
    @pytest.mark.parametrize("rate_hz", [0, 1, 999_999, 0xFFFFFFFF])
    @pytest.mark.parametrize("streamed", [False, True])
    async def test_a_rate_that_no_sound_has_is_bad_audio(
        self, vendor: Vendor, server: VendorServer, rate_hz: int, streamed: bool
    ) -> None:
        form = struct.pack("<IHHIIHH", 16, 1, 1, rate_hz, 0, 2, 16)
        body = b"RIFF\xff\xff\xff\xffWAVEfmt " + form + b"data\xff\xff\xff\xff" + SAMPLES
        async with started(vendor.at(server.url, format="wav")) as engine:
            server.trouble = Trouble(body=body)
            with pytest.raises(BadAudio, match=f"at {rate_hz} Hz"):
                await said(engine, vendor.hello, streamed=streamed)

    async def test_a_header_without_sound_is_bad_audio(self, vendor: Vendor, server: VendorServer) -> None:
        form = struct.pack("<IHHIIHH", 16, 1, 1, 24_000, 48_000, 2, 16)
        async with started(vendor.at(server.url, format="wav")) as engine:
            server.trouble = Trouble(body=b"RIFF\x24\0\0\0WAVEfmt " + form + b"data\0\0\0\0")
            with pytest.raises(BadAudio, match="without any sound"):
                await engine.synthesize(vendor.hello)

    @pytest.mark.parametrize("body", [b"ID3\x04\0\0\0\0\0\0", b"ID3\x04\0\0\0\0\0\x7f" + bytes(127)])
    async def test_a_tag_without_sound_is_bad_audio(
        self, vendor: Vendor, server: VendorServer, body: bytes
    ) -> None:
        async with started(vendor.at(server.url, format="mp3")) as engine:
            server.trouble = Trouble(body=body)
            with pytest.raises(BadAudio):
                await engine.synthesize(vendor.hello)


class TestLists:
    @pytest.mark.parametrize("vendor", [OPENAI], ids=["openai"])
    async def test_names_that_are_none_hide_no_other_of_openais(self, vendor: Vendor) -> None:
        service = OpenAiService(voices=("alloy", " ", "x" * 500, "bell\x07", "nova"))
        async with VendorServer(service) as server, started(vendor.at(server.url)) as engine:
            assert [voice.name for voice in engine.voices()] == ["alloy", "nova"]

    @pytest.mark.parametrize("vendor", [ELEVENLABS], ids=["elevenlabs"])
    async def test_names_that_are_none_hide_no_other_of_elevenlabs(self, vendor: Vendor) -> None:
        entries = [{"voice_id": "../x"}, {"voice_id": GEORGE, "name": "George"}, {"voice_id": ""}, 3]
        trouble = Trouble(answer=as_json({"voices": entries}), lists=True)
        async with VendorServer(ElevenLabsService()) as server:
            server.trouble = trouble
            async with started(vendor.at(server.url)) as engine:
                assert [voice.name for voice in engine.voices()] == [GEORGE]

    @pytest.mark.parametrize("body", [b"[" * 60_000, b"", b"\xff\xfe", b"null", b'{"voices": {"voices": 7}}'])
    async def test_a_list_that_cannot_be_read_stops_no_start(
        self, vendor: Vendor, server: VendorServer, body: bytes
    ) -> None:
        server.trouble = Trouble(answer=Answer(200, body, {"content-type": "application/json"}), lists=True)
        async with started(vendor.at(server.url)) as engine:
            assert isinstance((await engine.health()).ready, bool)
            assert engine.voices() is not None


@pytest.mark.parametrize("vendor", [OPENAI], ids=["openai"])
class TestKeyFiles:
    @pytest.mark.parametrize("written", [f"{KEY}\r\n", f"\ufeff{KEY}\n", f"\n  {KEY}  \n\n"], ids=ascii)
    async def test_a_key_may_stand_as_editors_write_it(
        self, vendor: Vendor, server: VendorServer, tmp_path: Path, written: str
    ) -> None:
        file = tmp_path / "key"
        file.write_bytes(written.encode())
        async with started(vendor.at(server.url, key_env="", key_file=str(file))) as engine:
            assert (await engine.synthesize(vendor.hello)).duration_s > 1

    @pytest.mark.parametrize("kind", ["missing", "folder", "pipe", "empty", "two", "huge", "binary"])
    async def test_what_holds_no_key_is_a_fault_of_the_configuration(
        self, vendor: Vendor, server: VendorServer, tmp_path: Path, kind: str
    ) -> None:
        file = tmp_path / "key"
        content = {"empty": b"\n", "two": b"sk-a\nsk-b\n", "huge": b"x" * 99_999, "binary": bytes(range(256))}
        if kind == "folder":
            file.mkdir()
        elif kind == "pipe":
            os.mkfifo(file)
        elif kind != "missing":
            file.write_bytes(content[kind])
        with pytest.raises(ConfigurationError, match="key file"):
            await vendor.at(server.url, key_env="", key_file=str(file)).start()
