"""The copy of the keys: what is in force without the store, and what no copy may revive."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest
from structlog.testing import capture_logs

from segue.access.copies import KeyCopies
from segue.access.copy_file import CopyFile, CopyUnusable, KeyCopy
from segue.access.follower import KeyFollower
from segue.access.keys import Key
from segue.access.known import KnownKeys
from segue.access.register import KeyRegister, WantedKey
from segue.access.roles import AccessRefusal, Caller, Role
from segue.rollout.ports.store import Event
from segue.system.clock import SystemEntropy
from segue.testing.clock import FakeClock
from support.shaky import ShakyLog

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from segue.rollout.ports.store import EventLog


class Disk:
    """A ``segue.access.copies.DiskRunner`` that does the work at once, and fails when it is told to."""

    def __init__(self) -> None:
        self.failure: OSError | None = None

    async def run(self, work: Callable[..., Any], *args: Any) -> Any:
        if self.failure is not None:
            raise self.failure
        return work(*args)


class Process(NamedTuple):
    known: KnownKeys
    follower: KeyFollower
    register: KeyRegister
    copies: KeyCopies


def process(
    log: EventLog, clock: FakeClock, folder: Path, disk: Disk | None = None, store: str = "one"
) -> Process:
    known = KnownKeys(clock, lasts_s=3600)
    copies = KeyCopies(CopyFile(folder / "keys-copy"), disk or Disk(), clock, store, 3600)
    follower = KeyFollower(log, known, copies=copies)
    return Process(known, follower, KeyRegister(log, follower, clock, SystemEntropy()), copies)


async def started(clock: FakeClock, folder: Path, disk: Disk | None = None, store: str = "one") -> KnownKeys:
    """What a process knows that was started without the store."""
    log = ShakyLog()
    log.gone = True
    fresh = process(log, clock, folder, disk, store)
    await fresh.follower.use_copy()
    return fresh.known


async def test_the_copy_is_valid_from_the_last_confirmation_on(tmp_path: Path) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    clock.advance(3000)
    await here.follower.catch_up()
    clock.advance(3000)
    known = await started(clock, tmp_path)
    assert isinstance(known.find(secret.encode()), Caller)
    assert known.age_s() == 3000
    clock.advance(601)
    assert known.find(secret.encode()) is AccessRefusal.UNREAD
    with capture_logs() as lines:
        known = await started(clock, tmp_path)
    assert known.find(secret.encode()) is AccessRefusal.UNREAD
    assert [(line["event"], "longer ago" in line["error"]) for line in lines] == [("keys_copy_unusable", True)]


async def test_unchanged_keys_are_not_written_each_time(tmp_path: Path) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    await here.register.create(WantedKey("app", Role.VIEW), "ann")
    written = (tmp_path / "keys-copy").stat().st_ino
    for _ in range(10):
        clock.advance(5)
        await here.follower.catch_up()
    assert (tmp_path / "keys-copy").stat().st_ino == written


async def test_a_clock_that_was_set_back_makes_no_copy_valid_for_longer(tmp_path: Path) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    clock.set_by(-61)
    with capture_logs() as lines:
        known = await started(clock, tmp_path)
    assert known.find(secret.encode()) is AccessRefusal.UNREAD
    assert "in the future" in lines[0]["error"]


async def test_once_the_store_was_read_a_copy_is_not_used(tmp_path: Path) -> None:
    clock, log = FakeClock(), ShakyLog()
    here = process(log, clock, tmp_path)
    key, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    old = (tmp_path / "keys-copy").read_bytes()
    await here.register.revoke(key.id, "ann")
    (tmp_path / "keys-copy").write_bytes(old)
    log.gone = True
    clock.advance(100)
    await here.follower.use_copy()
    assert here.known.find(secret.encode()) is AccessRefusal.REVOKED
    here.known.take_copy([key], clock.now_s())
    assert here.known.find(secret.encode()) is AccessRefusal.REVOKED


async def test_when_the_store_is_back_the_copy_is_forgotten(tmp_path: Path) -> None:
    clock, log = FakeClock(), ShakyLog()
    here = process(log, clock, tmp_path)
    key, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    log.gone = True
    other = process(log, clock, tmp_path)
    await other.follower.use_copy()
    assert isinstance(other.known.find(secret.encode()), Caller)
    log.gone = False
    await process(log, clock, tmp_path / "elsewhere").register.revoke(key.id, "bob")
    await other.follower.catch_up()
    assert other.known.copied_at_s is None
    assert other.known.find(secret.encode()) is AccessRefusal.REVOKED


async def test_a_store_that_a_later_version_has_written_to_ends_the_copy(tmp_path: Path) -> None:
    clock, log = FakeClock(), ShakyLog()
    here = process(log, clock, tmp_path)
    _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    await log.append(Event("keys", 2, 0.0, "ann", "key_rotated", "{}"))
    log.gone = True
    other = process(log, clock, tmp_path)
    await other.follower.use_copy()
    log.gone = False
    other.follower.start()
    async with asyncio.timeout(10):
        while other.known.copied_at_s is not None:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.005)
    await other.follower.close()
    assert other.known.find(secret.encode()) is AccessRefusal.UNREAD


async def test_of_two_processes_the_slower_does_not_write_over_a_revocation(tmp_path: Path) -> None:
    clock, log = FakeClock(), ShakyLog()
    slow, fast = process(log, clock, tmp_path), process(log, clock, tmp_path)
    key, secret = await fast.register.create(WantedKey("app", Role.VIEW), "ann")
    began_s = clock.now_s()
    state = await slow.follower.catch_up()
    clock.advance(70)
    await fast.register.revoke(key.id, "ann")
    await slow.copies.save(state, began_s)
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.REVOKED


async def test_a_restored_backup_replaces_the_copy_of_later_keys(tmp_path: Path) -> None:
    clock, log = FakeClock(), ShakyLog()
    here = process(log, clock, tmp_path)
    _, kept = await here.register.create(WantedKey("kept", Role.VIEW), "ann")
    backup = ShakyLog()
    for event in await log.read("keys"):
        await backup.append(event)
    _, lost = await here.register.create(WantedKey("lost", Role.VIEW), "ann")
    clock.advance(70)
    here.follower._events = backup
    await here.follower.catch_up()
    known = await started(clock, tmp_path)
    assert isinstance(known.find(kept.encode()), Caller)
    assert known.find(lost.encode()) is AccessRefusal.UNKNOWN


async def test_a_copy_that_cannot_be_replaced_is_deleted_so_that_it_revives_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    key, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as changed, capture_logs() as lines:
        changed.setattr(os, "fsync", full)
        await here.register.revoke(key.id, "ann")
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == ["keys_not_copied"]
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.UNREAD
    assert os.listdir(tmp_path) == ["keys-copy.lock"]  # noqa: PTH208 - a small folder, in a test

    await here.follower.catch_up()
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.REVOKED


async def test_a_disk_that_fails_refuses_nobody_and_is_told_once(tmp_path: Path) -> None:
    clock, disk = FakeClock(), Disk()
    here = process(ShakyLog(), clock, tmp_path, disk)
    disk.failure = OSError(errno.EIO, "Input/output error")
    with capture_logs() as lines:
        _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
        for _ in range(3):
            await here.follower.catch_up()
        assert (await started(clock, tmp_path, disk)).find(secret.encode()) is AccessRefusal.UNREAD
    assert isinstance(here.known.find(secret.encode()), Caller)
    assert [line["event"] for line in lines if line["log_level"] == "warning"] == [
        "keys_not_copied",
        "keys_copy_unusable",
    ]


async def test_a_damaged_copy_is_not_used(tmp_path: Path) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    file = tmp_path / "keys-copy"
    whole = file.read_bytes()
    places = range(0, len(whole) - 1, 7)
    damaged = [whole[:at] for at in places] + [
        whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places
    ]
    for data in (*damaged, b"\n", b"null\n", whole * 2, b"\x00" * 100):
        file.write_bytes(data)
        with capture_logs() as lines:
            known = await started(clock, tmp_path)
        assert known.find(secret.encode()) is AccessRefusal.UNREAD
        assert [line["event"] for line in lines] == ["keys_copy_unusable"]
    await here.follower.catch_up()
    clock.advance(100)
    await here.follower.catch_up()
    assert isinstance((await started(clock, tmp_path)).find(secret.encode()), Caller)


async def test_a_copy_that_others_could_have_written_is_not_used(tmp_path: Path) -> None:
    clock = FakeClock()
    here = process(ShakyLog(), clock, tmp_path)
    _, secret = await here.register.create(WantedKey("app", Role.VIEW), "ann")
    file = tmp_path / "keys-copy"
    assert file.stat().st_mode & 0o777 == 0o600
    for mode in (0o644, 0o620, 0o602):
        file.chmod(mode)
        assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.UNREAD
    file.chmod(0o600)
    moved = file.rename(tmp_path / "moved")
    file.symlink_to(moved)
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.UNREAD
    file.unlink()
    os.mkfifo(file, 0o600)
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.UNREAD
    file.unlink()
    file.mkdir()
    assert (await started(clock, tmp_path)).find(secret.encode()) is AccessRefusal.UNREAD


def test_many_processes_write_one_whole_copy_and_the_latest_wins(tmp_path: Path) -> None:
    file = CopyFile(tmp_path / "keys-copy")
    key = Key(id="0" * 12, name="app", role=Role.VIEW, digest="00" * 32, created_at_s=0.0, created_by="ann")
    together = threading.Barrier(4)

    def write(first: int) -> None:
        together.wait()
        for revision in range(first, 80, 4):
            one = KeyCopy(store="one", revision=revision, confirmed_at_s=1.0, written_at_s=2.0, keys=(key,))
            CopyFile(file.path).write(one)
            found = file.read()
            assert found is not None
            assert found.revision >= revision

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(write, first) for first in range(4)]:
            done.result()
    found = file.read()
    assert found is not None
    assert found.revision == 79
    assert sorted(path.name for path in tmp_path.iterdir()) == ["keys-copy", "keys-copy.lock"]


def test_a_copy_of_a_later_version_is_not_used(tmp_path: Path) -> None:
    file = CopyFile(tmp_path / "keys-copy")
    key = Key(id="0" * 12, name="app", role=Role.VIEW, digest="no hex", created_at_s=0.0, created_by="ann")
    file.write(KeyCopy(store="one", revision=1, confirmed_at_s=1.0, written_at_s=2.0, keys=(key,)))
    with pytest.raises(CopyUnusable, match="cannot read"):
        file.read()
    assert msgspec.json.encode(key)
