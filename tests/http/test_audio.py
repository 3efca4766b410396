"""Audio fetched again: as files are served."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from support.service import Stage


@pytest.fixture
async def url(stage: Stage) -> str:
    answer: str = (await stage.say()).json()["url"]
    return answer


async def test_it_may_be_kept_by_clients_and_proxies(stage: Stage, url: str) -> None:
    audio = await stage.client.get(url)

    assert audio.headers["etag"].strip('"')
    assert audio.headers["accept-ranges"] == "bytes"
    assert re.fullmatch(r"public, max-age=(2592000|25919\d\d)", audio.headers["cache-control"])


async def test_a_head_request_tells_the_length_without_the_body(stage: Stage, url: str) -> None:
    whole = await stage.client.get(url)
    head = await stage.client.head(url)

    assert head.content == b""
    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"), [("bytes=0-99", 0, 99), ("bytes=100-", 100, None), ("bytes=-50", -50, None)]
)
async def test_a_part_is_served(stage: Stage, url: str, wanted: str, first: int, last: int | None) -> None:
    whole = (await stage.client.get(url)).content
    part = await stage.client.get(url, headers={"Range": wanted})

    assert part.status_code == 206
    assert part.content == (whole[first:] if last is None else whole[first : last + 1])
    start = first if first >= 0 else len(whole) + first
    assert part.headers["content-range"] == f"bytes {start}-{start + len(part.content) - 1}/{len(whole)}"


async def test_a_part_beyond_the_end_is_416(stage: Stage, url: str) -> None:
    size = len((await stage.client.get(url)).content)
    for wanted in (f"bytes={size}-", "bytes=9-3", "bytes=-0", "bytes=-"):
        answer = await stage.client.get(url, headers={"Range": wanted})
        assert answer.status_code == 416, wanted
        assert answer.headers["content-range"] == f"bytes */{size}"


@pytest.mark.parametrize("wanted", ["bytes=0-1,5-6", "lines=1-2", "bytes=a-b", f"bytes={'9' * 5000}-"])
async def test_a_range_that_is_not_understood_is_ignored(stage: Stage, url: str, wanted: str) -> None:
    assert (await stage.client.get(url, headers={"Range": wanted})).status_code == 200


async def test_what_the_client_has_is_not_sent_again(stage: Stage, url: str) -> None:
    etag = (await stage.client.get(url)).headers["etag"]
    answer = await stage.client.get(url, headers={"If-None-Match": etag})

    assert (answer.status_code, answer.content) == (304, b"")
    assert "content-length" not in answer.headers


async def test_a_part_of_something_else_is_not_sent(stage: Stage, url: str) -> None:
    answer = await stage.client.get(url, headers={"Range": "bytes=0-9", "If-Range": '"other"'})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "0" * 40 + ".mp3",
        "not-a-key.mp3",
        "../../etc/passwd",
        "0" * 40,
        "0" * 40 + ".exe",
        "%00.mp3",
        "a" * 3000 + ".mp3",
    ],
)
async def test_what_is_not_there_is_404(stage: Stage, path: str) -> None:
    answer = await stage.client.get(f"/api/v1/audio/{path}")

    assert answer.status_code == 404
    assert answer.json()["detail"]


async def test_the_ending_must_be_the_formats(stage: Stage, url: str) -> None:
    assert (await stage.client.get(url.replace(".mp3", ".wav"))).status_code == 404


async def test_audio_is_only_read_here(stage: Stage, url: str) -> None:
    assert (await stage.client.put(url)).status_code == 405
