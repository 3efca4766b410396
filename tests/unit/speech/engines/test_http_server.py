"""What an engine of any vendor can ask of a server: bodies, headers and signatures of its own, and lists."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from segue.kernel.errors import BadAudio, InvalidRequest, Unavailable
from segue.speech.engines.http.failures import FailureKind, Read, VendorRefusal
from segue.speech.engines.http.options import HttpOptions
from segue.speech.engines.http.server import Call, RemoteServer
from support.vendor import Answer, Asked, Trouble, VendorServer, as_json

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping


@dataclass(slots=True)
class Echo:
    """Answers every path but ``/missing`` with ``answered``."""

    answered: Answer = field(default_factory=lambda: as_json({"here": True}))

    def answer(self, asked: Asked) -> Answer:
        return as_json({}, 404) if asked.path == "/missing" else self.answered


def signed(key: str, call: Call) -> Mapping[str, str]:
    return {"x-signature": hashlib.sha256(key.encode() + (call.body or b"")).hexdigest()}


def read(_: VendorRefusal) -> Read:
    return Read(FailureKind.REFUSED)


@pytest.fixture
async def vendor() -> AsyncIterator[VendorServer]:
    async with VendorServer(Echo()) as found:
        yield found


@pytest.fixture
async def server(vendor: VendorServer, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[RemoteServer]:
    monkeypatch.setenv("A_KEY", "secret-key")
    options = HttpOptions(base_url=vendor.url, key_env="A_KEY", max_answer_bytes=100_000)
    server = RemoteServer(options, signed, read)
    await server.start()
    yield server
    await server.close()


async def test_a_call_has_a_body_headers_and_a_signature_of_its_vendor(
    vendor: VendorServer, server: RemoteServer
) -> None:
    body = "<speak>早安</speak>".encode()
    call = Call("POST", "v1", {"a": "b c"}, {"content-type": "application/ssml+xml", "x-format": "raw"}, body)
    async with server.answer(call) as response:
        assert response.status_code == 200
    (asked,) = vendor.asked
    assert (asked.method, asked.path, asked.query, asked.body) == ("POST", "/v1", {"a": "b c"}, body)
    assert (asked.headers["content-type"], asked.headers["x-format"]) == ("application/ssml+xml", "raw")
    assert asked.headers["x-signature"] == signed("secret-key", call)["x-signature"]


async def test_a_list_is_read_and_one_that_is_not_there_is_none(server: RemoteServer) -> None:
    assert await server.listed("voices", {"page": "2"}) == {"here": True}
    assert await server.listed("missing") is None


async def test_a_list_that_is_no_json_is_told(vendor: VendorServer, server: RemoteServer) -> None:
    vendor.service = Echo(Answer(200, b"<html>", {"content-type": "text/html"}))
    with pytest.raises(Unavailable, match="something else than JSON"):
        await server.listed("voices")


async def test_a_list_without_end_is_not_read_to_it(vendor: VendorServer, server: RemoteServer) -> None:
    vendor.piece_bytes = 1 << 20
    vendor.service = Echo(Answer(200, b"x" * (1 << 20)))
    vendor.trouble = Trouble(endless=True, lists=True)
    with pytest.raises(Unavailable, match="a list of more than"):
        await server.listed("voices")


@pytest.mark.parametrize("error", [BadAudio("ours"), InvalidRequest("ours")])
async def test_errors_of_ours_leave_a_call_as_they_are(server: RemoteServer, error: Exception) -> None:
    with pytest.raises(type(error), match="ours"):
        async with server.answer(Call("GET", "voices")):
            raise error


async def test_it_is_unavailable_before_and_after(vendor: VendorServer) -> None:
    server = RemoteServer(HttpOptions(base_url=vendor.url), signed, read)
    with pytest.raises(Unavailable, match="has not been started"):
        await server.listed("voices")
    await server.start()
    assert await server.listed("voices") == {"here": True}
    await server.close()
    with pytest.raises(Unavailable, match="or is already closed"):
        await server.listed("voices")
