"""The contract suite for rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.rollout.ports.store import Row

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


class RowsContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_a_new_series_is_empty(self, store: Store) -> None:
        assert list(await store.rows.read("none", since_s=0.0, before_s=1e12)) == []

    async def test_rows_come_by_start_and_source(self, store: Store) -> None:
        rows = [Row("samples", start_s, source, b"x") for start_s in (1.5, 2.5, 10.0) for source in ("a", "b")]
        for row in reversed(rows):
            await store.rows.add(row)
        assert list(await store.rows.read("samples", since_s=0.0, before_s=1e12)) == rows
        assert list(await store.rows.read("samples", since_s=0.0, before_s=1e12, limit=3)) == rows[:3]

    async def test_a_slice_has_its_beginning_and_not_its_end(self, store: Store) -> None:
        for start_s in (1.0, 2.0, 3.0):
            await store.rows.add(Row("samples", start_s, "one", b""))
        found = await store.rows.read("samples", since_s=1.0, before_s=3.0)
        assert [row.start_s for row in found] == [1.0, 2.0]

    async def test_one_of_the_same_series_start_and_source_is_replaced(self, store: Store) -> None:
        for data in (b"first", b"second"):
            await store.rows.add(Row("samples", 1.0, "one", data))
        assert [row.data for row in await store.rows.read("samples", since_s=1.0, before_s=2.0)] == [b"second"]

    async def test_data_is_any_bytes(self, store: Store) -> None:
        row = Row("列" * 256, 1_764_000_000.125, "源" * 256, bytes(range(256)) * 100)
        await store.rows.add(row)
        assert list(await store.rows.read(row.series, since_s=row.start_s, before_s=row.start_s + 1)) == [row]

    async def test_pruning_forgets_what_starts_before_in_that_series_alone(self, store: Store) -> None:
        for series in ("samples", "other"):
            for start_s in (1.0, 2.0):
                await store.rows.add(Row(series, start_s, "one", b""))
        await store.rows.prune("samples", 2.0)
        assert [row.start_s for row in await store.rows.read("samples", since_s=0.0, before_s=9.0)] == [2.0]
        assert len(await store.rows.read("other", since_s=0.0, before_s=9.0)) == 2
