"""Whatever comes in at Google's doors, it is answered or refused with a reason, and the next one is answered.

``SEGUE_FUZZ_CASES`` says how many are tried in all; a long run takes 20,000.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import grpc
import pytest
from google.rpc.error_details_pb2 import ErrorInfo
from google.rpc.status_pb2 import Status
from hypothesis import HealthCheck, given, settings

from support import fuzz
from support.google import raw
from support.service import Stage, staged

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

CASES = int(os.environ.get("SEGUE_FUZZ_CASES", "300"))
LONG_S = max(120, CASES // 10)

REASONED = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}
REFUSED = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.RESOURCE_EXHAUSTED}


class Endpoints(NamedTuple):
    """A service in this process; ``run`` runs its loop until something is done."""

    stage: Stage
    channel: Any
    run: Callable[[Coroutine[Any, Any, Any]], Any]


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoints]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()

        async def opened() -> tuple[Stage, grpc.aio.Channel]:
            service = staged(
                folder,
                SEGUE_GOOGLE_GRPC_PORT="0",
                SEGUE_CACHE_DISK_BYTES="0",
                SEGUE_LOG_LEVEL="error",
                SEGUE_BREAKER_FAILURES="0",
                SEGUE_ACCESS_LOG="none",
            )
            stage = await stack.enter_async_context(service)
            door = stage.service.google_grpc
            assert door is not None
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{door.port}")
            return stage, await stack.enter_async_context(channel)

        stage, channel = runner.run(opened())
        yield Endpoints(stage, channel, runner.run)
        runner.run(stack.aclose())


def tried(share: int) -> Callable[[Any], Any]:
    """A part of the cases."""
    return settings(
        max_examples=max(1, CASES // share), deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )


def check_alive(doors: Endpoints) -> None:
    body = {"input": {"text": "Still here."}, "audioConfig": {"audioEncoding": "MP3"}}
    assert doors.run(doors.stage.client.post("/v1/text:synthesize", json=body)).status_code == 200


def reason_of(trailers: Any) -> str:
    status = Status.FromString(dict(trailers)["grpc-status-details-bin"])
    info = ErrorInfo()
    status.details[0].Unpack(info)
    reason: str = info.reason
    return reason


def check_status(code: grpc.StatusCode, trailers: Any) -> None:
    if code in REASONED:
        assert reason_of(trailers)
    else:
        assert code is grpc.StatusCode.OK or code in REFUSED


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("version", ["v1", "v1beta1"])
def test_json_is_answered_or_refused(doors: Endpoints, version: str) -> None:
    seen: dict[int, int] = {}

    @tried(5)
    @given(fuzz.json_bodies)
    def answer_one(body: bytes) -> None:
        answer = doors.run(doors.stage.client.post(f"/{version}/text:synthesize", content=body))
        seen[answer.status_code] = seen.get(answer.status_code, 0) + 1
        if answer.status_code == 200:
            assert answer.json()["audioContent"]
            return
        assert answer.status_code in (400, 429, 503, 504)
        assert answer.json()["error"]["details"][0]["reason"]

    answer_one()

    assert {200, 400} <= seen.keys()
    check_alive(doors)


@pytest.mark.timeout(LONG_S)
def test_protobuf_is_answered_or_refused(doors: Endpoints) -> None:
    seen: set[grpc.StatusCode] = set()
    method = raw(doors.channel, "SynthesizeSpeech")

    async def asked(data: bytes) -> tuple[grpc.StatusCode, Any]:
        call = method(data)
        return await call.code(), await call.trailing_metadata()

    @tried(5)
    @given(fuzz.protobufs)
    def answer_one(data: bytes) -> None:
        code, trailers = doors.run(asked(data))
        seen.add(code)
        check_status(code, trailers)

    answer_one()

    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= seen
    check_alive(doors)


@pytest.mark.timeout(LONG_S)
def test_any_bytes_for_a_list_are_answered_or_refused(doors: Endpoints) -> None:
    method = raw(doors.channel, "ListVoices")

    async def asked(data: bytes) -> tuple[grpc.StatusCode, Any]:
        call = method(data)
        return await call.code(), await call.trailing_metadata()

    @tried(10)
    @given(fuzz.protobufs)
    def answer_one(data: bytes) -> None:
        check_status(*doors.run(asked(data)))

    answer_one()


@pytest.mark.timeout(LONG_S)
def test_streams_are_answered_or_refused(doors: Endpoints) -> None:
    seen: set[grpc.StatusCode] = set()
    method = raw(doors.channel, "StreamingSynthesize")

    async def asked(messages: list[bytes]) -> tuple[grpc.StatusCode, Any]:
        call = method(iter(messages))
        async for _ in call:
            pass
        return await call.code(), await call.trailing_metadata()

    async def ended(messages: list[bytes]) -> tuple[grpc.StatusCode, Any]:
        try:
            return await asked(messages)
        except grpc.aio.AioRpcError as error:
            return error.code(), error.trailing_metadata()

    @tried(4)
    @given(fuzz.streams())
    def answer_one(messages: list[bytes]) -> None:
        code, trailers = doors.run(ended(messages))
        seen.add(code)
        check_status(code, trailers)

    answer_one()

    assert {grpc.StatusCode.OK, grpc.StatusCode.INVALID_ARGUMENT} <= seen
    check_alive(doors)


@pytest.mark.timeout(LONG_S)
def test_streams_torn_in_the_middle_leave_nothing_running(doors: Endpoints) -> None:
    method = raw(doors.channel, "StreamingSynthesize")

    async def torn(messages: list[bytes]) -> None:
        call = method()
        try:
            for message in messages:
                await call.write(message)
        except (grpc.aio.AioRpcError, asyncio.InvalidStateError):
            pass  # it was refused already
        call.cancel()

    @tried(4)
    @given(fuzz.streams())
    def tear_one(messages: list[bytes]) -> None:
        doors.run(torn(messages))

    tear_one()

    check_alive(doors)
