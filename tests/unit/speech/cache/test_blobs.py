"""Entries as files: bounded, shared between processes, and never trusted when damaged."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from segue.speech.cache.blobs import BlobCache, BlobLimits, open_folder
from segue.testing.cache import an_entry
from segue.testing.clock import FakeClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HOUR_S = 3600.0
KEY = "a" * 40
FILE = f"aa/{'a' * 38}.segue"


def key(number: int) -> str:
    return f"{number:040x}"


@pytest.fixture
def clock() -> FakeClock:
    """Files carry the machine's own time, so this clock starts at it."""
    return FakeClock(time.time())


def over(folder: Path, clock: FakeClock, *, max_bytes: int = 10_000, max_age_s: float = HOUR_S) -> BlobCache:
    return BlobCache(open_folder(folder, clock.now_s()), BlobLimits(max_bytes, max_age_s), clock)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def total_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in files(folder))


async def test_what_one_process_put_another_gets(tmp_path: Path, clock: FakeClock) -> None:
    one, other = over(tmp_path, clock), over(tmp_path, clock)
    await one.put(KEY, an_entry(stored_at_s=clock.now_s()))

    assert await other.get(KEY) == (an_entry(stored_at_s=clock.now_s()), "file")


async def test_nothing_is_at_hand_without_waiting(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock)
    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))

    assert cache.peek(KEY) is None


def _truncated(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def _emptied(file: Path) -> None:
    file.write_bytes(b"")


def _flipped(file: Path) -> None:
    stored = bytearray(file.read_bytes())
    stored[len(stored) // 2] ^= 0x10
    file.write_bytes(stored)


def _replaced(file: Path) -> None:
    file.write_bytes(b"something else altogether")


def _lengthened(file: Path) -> None:
    file.write_bytes(file.read_bytes() + b"\0" * 512)


@pytest.mark.parametrize("damaged", [_truncated, _emptied, _flipped, _replaced, _lengthened])
async def test_a_damaged_entry_is_a_miss_and_a_warning_and_can_be_put_again(
    tmp_path: Path, clock: FakeClock, damaged: Callable[[Path], None]
) -> None:
    cache = over(tmp_path, clock)
    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))
    damaged(tmp_path / FILE)

    with capture_logs() as lines:
        assert await cache.get(KEY) is None
    assert [line["event"] for line in lines] == ["cache_entry_corrupt"]

    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))
    assert await cache.get(KEY) is not None


async def test_long_audio_is_kept_and_found_like_any_other(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock, max_bytes=10_000_000)
    entry = an_entry(3_000_000, stored_at_s=clock.now_s())
    await cache.put(KEY, entry)
    found = await cache.get(KEY)

    assert found is not None
    assert found[0] == entry


async def test_an_entry_past_its_age_is_a_miss(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock)
    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))
    clock.advance(HOUR_S + 1)

    assert await cache.get(KEY) is None


async def test_a_store_that_cannot_be_written_costs_a_warning_and_not_the_answer(
    tmp_path: Path, clock: FakeClock
) -> None:
    cache = over(tmp_path, clock)
    (tmp_path / "aa").write_text("a file where a folder should be", encoding="utf-8")

    with capture_logs() as lines:
        assert not await cache.put(KEY, an_entry())
        assert await cache.get(KEY) is None
        assert not await cache.stands(KEY)
    assert [line["event"] for line in lines] == ["cache_write_failed", "cache_read_failed", "cache_read_failed"]
    await cache.close()


async def test_what_one_process_put_stands_for_another_until_it_is_gone(tmp_path: Path, clock: FakeClock) -> None:
    one, other = over(tmp_path, clock), over(tmp_path, clock)
    assert await one.put(KEY, an_entry(stored_at_s=clock.now_s()))
    assert await other.stands(KEY)

    await one.close()
    (tmp_path / FILE).unlink()
    assert not await one.stands(KEY)


async def test_the_bytes_stay_within_their_limit(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock, max_bytes=10_000)
    for number in range(40):
        await cache.put(key(number), an_entry(stored_at_s=clock.now_s()))
    await cache.close()
    await cache.put(key(40), an_entry(stored_at_s=clock.now_s()))
    await cache.close()

    assert 0 < total_bytes(tmp_path) <= 10_000


async def test_the_oldest_leave_first(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock, max_bytes=10_000)
    for number in range(7):
        await cache.put(key(number), an_entry(stored_at_s=clock.now_s()))
        await cache.close()
        stored = tmp_path / key(number)[:2] / f"{key(number)[2:]}.segue"
        os.utime(stored, (clock.now_s() - 100 + number,) * 2)
    for number in range(7, 10):
        await cache.put(key(number), an_entry(stored_at_s=clock.now_s()))
        await cache.close()

    assert await cache.get(key(0)) is None
    assert await cache.get(key(9)) is not None


async def test_what_was_put_while_a_sweep_ran_is_counted(tmp_path: Path, clock: FakeClock) -> None:
    """The first put starts a sweep; all the others come before it has ended."""
    cache = over(tmp_path, clock, max_bytes=10_000)
    for number in range(30):
        await cache.put(key(number), an_entry(stored_at_s=clock.now_s()))
    await cache.close()
    await cache.put(key(30), an_entry(stored_at_s=clock.now_s()))
    await cache.close()

    assert total_bytes(tmp_path) <= 10_000


async def test_an_entry_larger_than_all_drives_nothing_out(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock, max_bytes=10_000)
    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))
    await cache.put("b" * 40, an_entry(20_000, stored_at_s=clock.now_s()))
    await cache.close()

    assert await cache.get(KEY) is not None
    assert await cache.get("b" * 40) is None


async def test_what_is_too_old_is_swept_though_there_is_room(tmp_path: Path, clock: FakeClock) -> None:
    cache = over(tmp_path, clock, max_bytes=1_000_000)
    await cache.put(KEY, an_entry(stored_at_s=clock.now_s()))
    await cache.close()
    clock.advance(2 * HOUR_S)
    await cache.put("b" * 40, an_entry(stored_at_s=clock.now_s()))
    os.utime(tmp_path / f"bb/{'b' * 38}.segue", (clock.now_s(),) * 2)
    await cache.close()

    assert [path.name for path in files(tmp_path)] == [f"{'b' * 38}.segue"]


async def test_a_sweep_touches_nothing_that_is_not_ours(tmp_path: Path, clock: FakeClock) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("x" * 50_000, encoding="utf-8")
    cache = over(tmp_path, clock, max_bytes=10_000)
    for number in range(30):
        await cache.put(key(number), an_entry(stored_at_s=clock.now_s()))
        await cache.close()

    assert notes.exists()
    assert await cache.get(key(29)) is not None


def test_a_folder_is_made_where_there_is_none(tmp_path: Path) -> None:
    open_folder(tmp_path / "a" / "b", time.time())

    assert (tmp_path / "a" / "b").is_dir()


def test_what_a_killed_process_left_half_written_is_removed_when_it_is_stale(tmp_path: Path) -> None:
    folder = tmp_path / "aa"
    folder.mkdir()
    stale, fresh, whole = folder / "x.segue#1", folder / "x.segue#2", folder / "x.segue"
    for file in (stale, fresh, whole):
        file.write_bytes(b"half")
    os.utime(stale, (time.time() - 120,) * 2)
    os.utime(whole, (time.time() - 120,) * 2)

    open_folder(tmp_path, time.time())

    assert (stale.exists(), fresh.exists(), whole.exists()) == (False, True, True)


def test_what_cannot_be_removed_does_not_keep_a_service_from_starting(tmp_path: Path) -> None:
    folder = tmp_path / "aa"
    (folder / "x.segue#1").mkdir(parents=True)
    os.utime(folder / "x.segue#1", (time.time() - 120,) * 2)
    (folder / "x.segue#2").symlink_to(tmp_path / "gone")  # as one that another worker has just removed
    stale = folder / "x.segue#3"
    stale.write_bytes(b"half")
    os.utime(stale, (time.time() - 120,) * 2)

    open_folder(tmp_path, time.time())

    assert not stale.exists()
