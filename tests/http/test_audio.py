"""Audio fetched again: as files are served."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

import pytest

from segue.api.links import Links
from segue.testing.clock import FakeClock
from support.service import staged

if TYPE_CHECKING:
    from pathlib import Path

    from support.service import Stage


@pytest.fixture
async def url(stage: Stage) -> str:
    answer: str = (await stage.say()).json()["url"]
    return answer


async def test_it_may_be_kept_by_clients_and_proxies(stage: Stage, url: str) -> None:
    audio = await stage.client.get(url)

    assert audio.headers["etag"].strip('"')
    assert audio.headers["accept-ranges"] == "bytes"
    assert re.fullmatch(r"public, max-age=(8[6-9]|9[0-7])\d\d\d", audio.headers["cache-control"])


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


async def test_an_address_cannot_be_worked_out(stage: Stage, url: str) -> None:
    bare, _, query = url.partition("?")
    expires, signature = query.split("&")
    other = "signature=" + "0" * 32
    for tried in (
        bare,
        f"{bare}?{expires}",
        f"{bare}?{signature}",
        f"{bare}?{expires}&{other}",
        f"{url}0",
        f"{url}&a=b",
    ):
        assert (await stage.client.get(tried)).status_code == 404, tried
    later = f"expires={int(expires.removeprefix('expires=')) + 1}"
    assert (await stage.client.get(f"{bare}?{later}&{signature}")).status_code == 404


async def test_the_address_of_one_audio_opens_no_other(stage: Stage, url: str) -> None:
    other = str((await stage.say("Another text.")).json()["url"])

    assert (await stage.client.get(f"{other.partition('?')[0]}?{url.partition('?')[2]}")).status_code == 404
    assert (await stage.client.get(other)).status_code == 200


async def test_who_asks_again_soon_gets_the_same_address(stage: Stage, url: str) -> None:
    assert (await stage.say()).json()["url"] == url


async def test_a_restart_ends_no_address(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        url = (await stage.say()).json()["url"]
    async with staged(tmp_path) as stage:
        assert (await stage.client.get(url)).status_code == 200


def test_an_address_ends() -> None:
    clock = FakeClock()
    links = Links(clock, 3600.0, "key")
    path, _, query = links.path_of("0.mp3").partition("?")
    lasts_s = links.lasts_s("0.mp3", query.encode())
    clock.advance(lasts_s)

    assert path == "/api/v1/audio/0.mp3"
    assert 3600 <= lasts_s <= 3600 * 9 / 8 + 1
    assert links.lasts_s("0.mp3", query.encode()) <= 0


async def test_audio_is_deleted_by_its_address(stage: Stage, url: str) -> None:
    other = str((await stage.say("Another text.")).json()["url"])

    assert (await stage.client.delete(url.partition("?")[0])).status_code == 404
    assert (await stage.client.get(url)).status_code == 200
    deleted = await stage.client.delete(url)
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await stage.client.delete(url)).status_code == 204
    assert (await stage.client.get(url)).status_code == 404
    assert (await stage.client.get(other)).status_code == 200


async def test_a_text_whose_audio_was_deleted_is_made_anew(stage: Stage, url: str) -> None:
    assert (await stage.say()).json()["cached"]
    await stage.client.delete(url)
    again = (await stage.say()).json()

    assert not again["cached"]
    assert (await stage.client.get(again["url"])).status_code == 200


async def test_what_one_process_deletes_no_other_gives_from_its_memory(tmp_path: Path) -> None:
    async with staged(tmp_path) as one, staged(tmp_path) as other:
        url = (await one.say()).json()["url"]
        assert (await other.client.get(url)).status_code == 200

        await one.client.delete(url)
        assert (await other.client.get(url)).status_code == 404

        await one.say()
        assert (await other.client.get(url)).status_code == 200


async def test_what_another_process_deleted_is_kept_again_where_it_is_asked_for(tmp_path: Path) -> None:
    async with staged(tmp_path) as one, staged(tmp_path) as other:
        url = (await one.say()).json()["url"]
        await other.say()
        await one.client.delete(url)

        again = (await other.say()).json()["url"]
        for stage in (one, other):
            assert (await stage.client.get(again)).status_code == 200


async def test_a_disk_that_cannot_delete_is_told(tmp_path: Path) -> None:
    async with staged(tmp_path) as stage:
        url = (await stage.say()).json()["url"]
        folder = next((tmp_path / "var").rglob("*.segue")).parent
        shutil.rmtree(folder)
        folder.write_bytes(b"no folder")

        answer = await stage.client.delete(url)
    assert answer.status_code == 503
    assert "could not be deleted" in answer.json()["detail"]
