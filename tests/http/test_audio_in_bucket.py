"""Two machines with one bucket: what one has made, the other serves."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from support.s3 import a_bucket
from support.service import SYNTHESIZE, staged

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from support.s3 import Bucket
    from support.service import Stage

LINE = {"text": "歡迎回來。Welcome back.", "character_key": "pip_boy"}


@pytest.fixture(scope="module")
def server() -> Iterator[Bucket]:
    with a_bucket() as bucket:
        yield bucket


@pytest.fixture
def bucket(server: Bucket, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bucket:
    for name, value in server.environ.items():
        monkeypatch.setenv(name, value)
    return server._replace(url=f"s3://audio/{tmp_path.name}")


@asynccontextmanager
async def two_machines(folder: Path, bucket: Bucket) -> AsyncIterator[tuple[Stage, Stage]]:
    """They share the store and the bucket, and no disk."""
    shared = {"SEGUE_STORE_URL": f"sqlite:///{folder}/store.db", "SEGUE_AUDIO_URL": bucket.url}
    for name in "ab":
        (folder / name).mkdir()
    async with staged(folder / "a", **shared) as here, staged(folder / "b", **shared) as there:
        yield here, there


async def said(stage: Stage) -> dict[str, Any]:
    answer = await stage.client.post(SYNTHESIZE, json=LINE)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


async def test_a_url_told_by_one_plays_from_the_other(tmp_path: Path, bucket: Bucket) -> None:
    async with two_machines(tmp_path, bucket) as (here, there):
        told = await said(here)
        audio = (await there.client.get(told["url"])).raise_for_status().content

        assert len(audio) == told["file_size"]
        assert (await there.client.get(told["url"], headers={"Range": "bytes=0-9"})).status_code == 206


async def test_what_one_has_made_the_other_does_not_make_again(tmp_path: Path, bucket: Bucket) -> None:
    async with two_machines(tmp_path, bucket) as (here, there):
        first, second = await said(here), await said(there)

        assert (first["source"], second["source"]) == ("new", "bucket")
        assert there.calm.asked == []


async def test_what_one_deletes_the_other_has_no_more(tmp_path: Path, bucket: Bucket) -> None:
    async with two_machines(tmp_path, bucket) as (here, there):
        told = await said(here)
        await there.client.get(told["url"])
        assert (await there.client.delete(told["url"])).is_success

        assert (await here.client.get(told["url"])).status_code in {404, 410}


async def test_without_the_bucket_every_request_is_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_ALLOW_HTTP", "true")):
        monkeypatch.setenv(name, value)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    async with staged(tmp_path, SEGUE_AUDIO_URL="s3://audio/voices") as stage:
        assert (await said(stage))["source"] == "new"
        assert (await said(stage))["source"] == "memory"
