"""The usage of one process: exported at once, written from time to time, never twice."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from structlog.testing import capture_logs

from segue.kernel.errors import Unavailable
from segue.kernel.ports.usage import UsageOf, UsageRow, Used
from segue.kernel.units import DAY_S
from segue.testing.clock import FakeClock
from segue.usage.book import OTHER_KEYS, WRITE_EVERY_S, BookRules, UsageBook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from segue.kernel.ports.usage import UsageTotal

DAY = 11
OF = UsageOf("game", "baseline", "en-us", "pip_boy")
ONE = Used(requests=1, characters=10)


class Counter:
    """What was counted since the last time, as the test says."""

    def __init__(self) -> None:
        self.counts: dict[UsageOf, Used] = {}

    def taken(self) -> Mapping[UsageOf, Used]:
        taken, self.counts = self.counts, {}
        return taken


class Log:
    """Remembers what was written; out of reach if told."""

    def __init__(self) -> None:
        self.writes: list[Sequence[UsageRow]] = []
        self.tidied: list[tuple[int, int]] = []
        self.gone = False

    async def put(self, rows: Sequence[UsageRow]) -> None:
        await asyncio.sleep(0)
        if self.gone:
            raise Unavailable("gone")
        self.writes.append(rows)

    async def totals(self, *_: object) -> Sequence[UsageTotal]:
        return []

    async def tidy(self, join_before_day: int, forget_before_day: int) -> None:
        self.tidied.append((join_before_day, forget_before_day))


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock(DAY * DAY_S + 100.0)
        self.counter, self.log = Counter(), Log()
        self.exported: list[tuple[UsageOf, Used]] = []
        self.book = UsageBook(
            self.counter,
            self.log,
            self.clock,
            "me",
            BookRules(),
            lambda of, used: self.exported.append((of, used)),
        )

    def used(self, of: UsageOf = OF) -> None:
        self.counter.counts[of] = ONE


async def test_totals_are_written_and_differences_exported() -> None:
    bench = Bench()
    for _ in range(2):
        bench.used()
        await bench.book.write()

    assert bench.log.writes == [
        [UsageRow(DAY, OF, "me", ONE)],
        [UsageRow(DAY, OF, "me", Used(requests=2, characters=20))],
    ]
    assert bench.exported == [(OF, ONE)] * 2


async def test_what_could_not_be_written_is_written_later() -> None:
    bench = Bench()
    bench.log.gone = True
    bench.used()
    with pytest.raises(Unavailable):
        await bench.book.write()
    bench.log.gone = False
    bench.used()
    await bench.book.write()

    assert bench.log.writes == [[UsageRow(DAY, OF, "me", Used(requests=2, characters=20))]]


async def test_what_is_counted_during_a_write_is_written_by_the_next() -> None:
    bench = Bench()
    bench.used()
    writing = asyncio.create_task(bench.book.write())
    await asyncio.sleep(0)
    bench.used()
    bench.book.count()
    await writing
    await bench.book.write()

    assert [rows[0].used.requests for rows in bench.log.writes] == [1, 2]


async def test_a_new_day_begins_at_zero_and_the_old_one_is_finished() -> None:
    bench = Bench()
    bench.used()
    bench.book.count()
    bench.clock.advance(DAY_S)
    bench.used()
    await bench.book.write()
    bench.used()
    await bench.book.write()

    assert [[(row.day, row.used.requests) for row in rows] for rows in bench.log.writes] == [
        [(DAY, 1), (DAY + 1, 1)],
        [(DAY + 1, 2)],
    ]


async def test_it_writes_by_itself_and_once_more_at_the_end() -> None:
    bench = Bench()
    bench.book.start()
    bench.used()
    await asyncio.sleep(0)
    bench.clock.advance(WRITE_EVERY_S)
    for _ in range(10):
        await asyncio.sleep(0)
    assert [len(rows) for rows in bench.log.writes] == [1]
    assert bench.log.tidied == [(DAY - 8, DAY - 400)]

    bench.used()
    await bench.book.close()
    assert [len(rows) for rows in bench.log.writes] == [1, 1]


async def test_what_is_lost_at_the_end_is_told() -> None:
    bench = Bench()
    bench.log.gone = True
    bench.used()
    with capture_logs() as said:
        await bench.book.close()

    assert bench.log.writes == []
    assert [(line["event"], line["requests"]) for line in said] == [("usage_lost", 1)]


async def test_an_older_write_is_never_the_last() -> None:
    """Of two writers, the second waits for the first."""
    bench = Bench()
    bench.used()
    first = asyncio.create_task(bench.book.write())
    await asyncio.sleep(0)
    bench.used()
    await asyncio.gather(first, bench.book.write())

    assert [rows[0].used.requests for rows in bench.log.writes] == [1, 2]


async def test_a_write_that_fails_after_midnight_is_repeated() -> None:
    bench = Bench()
    bench.used()
    bench.log.gone = True
    failing = asyncio.create_task(bench.book.write())
    await asyncio.sleep(0)
    bench.clock.advance(3 * DAY_S)
    bench.used()
    with pytest.raises(Unavailable):
        await failing
    bench.log.gone = False
    await bench.book.write()

    assert [(row.day, row.used.requests) for row in bench.log.writes[0]] == [(DAY, 1), (DAY + 3, 1)]


async def test_a_clock_set_back_over_midnight_goes_on_with_the_old_day() -> None:
    bench = Bench()
    bench.used()
    await bench.book.write()
    bench.clock.set_by(DAY_S)
    bench.used()
    await bench.book.write()
    bench.clock.set_by(-DAY_S)
    bench.used()
    await bench.book.write()

    assert bench.log.writes[-1] == [UsageRow(DAY, OF, "me", Used(requests=2, characters=20))]


async def test_usage_is_read_while_the_store_cannot_be_written() -> None:
    bench = Bench()
    bench.used()
    assert await bench.book.totals(DAY, DAY + 1, (), None) == ([], True)
    bench.used()
    bench.log.gone = True

    assert await bench.book.totals(DAY, DAY + 1, (), None) == ([], False)


def test_many_keys_have_one_series_together() -> None:
    """An operator may have thousands of keys; the store has each of them."""
    bench = Bench()
    for number in range(203):
        bench.used(OF._replace(key=f"key {number}"))
        bench.book.count()

    shown = [of.key for of, _ in bench.exported]
    assert shown[:200] == [f"key {number}" for number in range(200)]
    assert shown[200:] == [OTHER_KEYS] * 3
