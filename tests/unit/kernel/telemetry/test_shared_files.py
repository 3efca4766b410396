"""Counts that workers share have their room on the disk before they are written to it."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from prometheus_client.mmap_dict import MmapedDict

from segue.kernel.telemetry.shared_files import ReservedDict
from support.small_disk import fill, small_disk

if TYPE_CHECKING:
    from pathlib import Path

_MIB = 1024 * 1024


def kept(file: Path) -> dict[str, float]:
    """What other workers read in the file."""
    read = MmapedDict.read_all_values_from_file(str(file))  # type: ignore[no-untyped-call]
    return {key: value for key, value, _, _ in read}


def test_a_new_file_takes_its_room_at_once(tmp_path: Path) -> None:
    counts = ReservedDict(str(tmp_path / "counter_1.db"))
    counts.write_value("served", 3.0, 0.0)

    counts.close()

    assert (tmp_path / "counter_1.db").stat().st_blocks * 512 >= 256 * 1024
    assert kept(tmp_path / "counter_1.db") == {"served": 3.0}


def test_a_file_that_is_there_is_gone_on_with(tmp_path: Path) -> None:
    name = str(tmp_path / "counter_1.db")
    first = ReservedDict(name)
    first.write_value("served", 3.0, 0.0)
    first.close()

    with closing(ReservedDict(name)) as second:
        assert second.read_value("served") == (3.0, 0.0)


def test_a_file_grows_with_its_series(tmp_path: Path) -> None:
    counts = ReservedDict(str(tmp_path / "counter_1.db"))
    for number in range(2000):
        counts.write_value(f"{number:0300}", float(number), 0.0)
    counts.close()

    assert kept(tmp_path / "counter_1.db") == {f"{number:0300}": float(number) for number in range(2000)}
    assert counts.unwritten == 0


def test_on_a_full_disk_new_series_wait_in_memory_for_room(tmp_path: Path) -> None:
    """On the library's own file the first page without room would be a SIGBUS, and the end of this process."""
    with small_disk(tmp_path / "disk", 2 * _MIB) as disk:
        counts = ReservedDict(str(disk / "counter_1.db"))
        counts.write_value("early", 1.0, 0.0)
        ballast = fill(disk)
        for number in range(3000):
            counts.write_value(f"{number:0300}", float(number), 0.0)
        counts.write_value("early", 2.0, 0.0)
        full = kept(disk / "counter_1.db")
        unwritten = counts.unwritten
        assert counts.read_value(f"{2999:0300}") == (2999.0, 0.0)
        ballast.unlink()
        for number in range(3000):
            counts.write_value(f"{number:0300}", number + 1.0, 0.0)
        roomy = kept(disk / "counter_1.db")
        counts.close()

    assert full["early"] == 2.0
    assert 0 < unwritten < 3000
    assert len(full) + unwritten == 3001
    assert (len(roomy), roomy[f"{2999:0300}"], counts.unwritten) == (3001, 3000.0, 0)


def test_a_worker_that_begins_on_a_full_disk_counts_in_memory(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", _MIB) as disk:
        ballast = fill(disk)
        counts = ReservedDict(str(disk / "counter_1.db"))
        counts.write_value("served", 1.0, 0.0)
        left = sorted(file.name for file in disk.iterdir())
        assert counts.read_value("served") == (1.0, 0.0)
        ballast.unlink()
        counts.write_value("served", 2.0, 0.0)
        roomy = kept(disk / "counter_1.db")
        counts.close()

    assert left == ["ballast"]
    assert roomy == {"served": 2.0}
