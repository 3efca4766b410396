"""Audio in a bucket: a real client against a server of Amazon S3's API, and against servers that fail."""

from __future__ import annotations

import socket
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import obstore
import pytest
from obstore.store import AzureStore
from structlog.testing import capture_logs

from segue.speech.cache.blobs import BUCKET, BlobCache, BlobLimits, open_bucket
from segue.speech.cache.guarded import GuardedCache, GuardLimits
from segue.testing.cache import CacheContract, an_entry
from segue.testing.clock import FakeClock
from support.s3 import a_bucket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from segue.speech.ports.cache import AudioCache
    from support.s3 import Bucket

KEY = "a" * 40
DAY_S = 86_400.0


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with a_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(server: Bucket, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Bucket:
    """Empty for each test, because each has a prefix of its own."""
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    return server._replace(url=f"s3://audio/{abs(hash(request.node.nodeid))}")


def cached(url: str, most_bytes: int | None = None) -> BlobCache:
    return BlobCache(open_bucket(url), BlobLimits(most_bytes, DAY_S), FakeClock(), source=BUCKET)


class TestBucketCache(CacheContract):
    @pytest.fixture
    async def cache(self, bucket: Bucket) -> AsyncIterator[AudioCache]:
        cache = cached(bucket.url, 100_000)
        yield cache
        await cache.close()


async def test_what_one_machine_put_another_gets_and_drops(bucket: Bucket) -> None:
    here, there = cached(bucket.url), cached(bucket.url)
    assert await here.put(KEY, an_entry())

    assert await there.get(KEY) == (an_entry(), "bucket")
    assert await there.drop(KEY)
    assert await here.get(KEY) is None
    assert await here.dropped_at_s(KEY) > 0.0


async def test_a_bucket_takes_any_size_and_is_never_listed(bucket: Bucket) -> None:
    """Rules of the bucket delete what is old. To list a million objects would take minutes, on every machine."""
    cache = cached(bucket.url)
    large = an_entry(3_000_000)

    assert await cache.put(KEY, large)
    assert await cache.get(KEY) == (large, "bucket")
    assert cache._sweeping is None


async def test_an_object_that_somebody_changed_is_a_miss(bucket: Bucket) -> None:
    cache = cached(bucket.url)
    await cache.put(KEY, an_entry())
    somebody, place = open_bucket(bucket.url), f"{KEY[:2]}/{KEY[2:]}.segue"
    stored = bytes(await (await obstore.get_async(somebody, place)).bytes_async())
    await obstore.put_async(somebody, place, stored[:-1] + bytes([stored[-1] ^ 1]))

    with capture_logs() as said:
        assert await cache.get(KEY) is None
    assert [line["event"] for line in said] == ["cache_entry_corrupt"]


async def test_a_bucket_that_does_not_exist_costs_only_the_cache(bucket: Bucket) -> None:
    cache = cached("s3://no-such-bucket/audio")

    with capture_logs() as said:
        assert not await cache.put(KEY, an_entry())
        assert await cache.get(KEY) is None
    assert said[0]["event"] == "cache_write_failed"


async def test_a_server_that_is_gone_costs_only_the_cache(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cache = cached(bucket.url)

    with capture_logs() as said:
        assert await cache.get(KEY) is None
        assert not await cache.stands(KEY)
    assert {line["event"] for line in said} == {"cache_read_failed"}


@contextmanager
def a_mute_server() -> Iterator[str]:
    """It accepts connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


async def test_a_server_that_hangs_is_waited_for_a_moment_and_then_left_alone(
    bucket: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with a_mute_server() as endpoint:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
        changes: list[bool] = []
        limits = GuardLimits(read_s=0.2, write_s=0.2)
        cache = GuardedCache(cached(bucket.url), limits, FakeClock(), changes.append, place="the bucket")
        began_s = time.monotonic()
        found = [await cache.get(f"{number:040}") for number in range(20)]
        took_s = time.monotonic() - began_s
        health = cache.health()
        await cache.close()

    assert found == [None] * 20
    assert took_s < 3.0, "three waits of 0.2 s, not twenty"
    assert changes == [True]
    assert health.detail.startswith("the bucket does not respond")


def test_the_account_of_azure_is_in_the_url(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_KEY", "aGVsbG8=")

    found = open_bucket("az://account/voices/segue/audio")

    assert isinstance(found, AzureStore)
    assert found.config["account_name"] == "account"
    assert found.config["container_name"] == "voices"
    assert found.prefix == "segue/audio"


@pytest.mark.parametrize(
    "url",
    [
        "az://",
        "az://account",
        "az:///voices",
        "ftp://audio/voices",
        "https://audio.example/voices",
        "audio",
        "s3://",
        "memory:///",
        "file:///tmp",
    ],
)
def test_an_address_that_is_no_bucket_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        open_bucket(url)


@pytest.mark.parametrize("url", ["az://", "az://account", "az://account/", "az:///voices", "ftp://audio", "audio"])
def test_a_refusal_says_how_to_write_the_address(url: str) -> None:
    with pytest.raises(
        ValueError, match="expected s3://bucket/prefix, gs://bucket/prefix or az://account/container"
    ):
        open_bucket(url)
