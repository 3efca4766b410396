"""The contract suite for usage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from segue.kernel.ports.usage import UsageField, UsageOf, UsageRow, UsageTotal, Used

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store

_GAME = UsageOf("game", "baseline", "en-us", "pip_boy")
_PHONE = UsageOf("phone 電話", "candidate", "zf_xiaoxiao", "ghoul")
_DAY = 20_786
_MANY = 3_000_000_000
"""More than 32 bits can express."""


def usage_row(of: UsageOf, source: str, requests: int, day: int = _DAY, cost_usd: float = 0.0) -> UsageRow:
    """A row of so many requests, each with ten characters."""
    return UsageRow(day, of, source, Used(requests, 10 * requests, 5 * requests, 0, 0, cost_usd))


class UsageContract:
    """What every ``UsageLog`` must do. Subclass it with a fixture ``store``, started and empty."""

    async def test_usage_that_is_written_again_is_counted_once(self, store: Store) -> None:
        await store.usage.put([usage_row(_GAME, "a", 3), usage_row(_GAME, "b", 4)])
        await store.usage.put([usage_row(_GAME, "a", 5), usage_row(_GAME, "b", 4)])

        assert await _requests(store) == [((), 9)]

    async def test_an_old_write_that_comes_late_makes_no_amount_smaller(self, store: Store) -> None:
        await store.usage.put([usage_row(_GAME, "a", 5, cost_usd=0.5)])
        await store.usage.put([usage_row(_GAME, "a", 3, cost_usd=0.3)])

        (total,) = await store.usage.totals(_DAY, _DAY + 1, ())
        assert (total.used.requests, total.used.characters, total.used.cost_usd) == (5, 50, 0.5)

    async def test_no_more_groups_are_read_than_wanted(self, store: Store) -> None:
        await store.usage.put([usage_row(_GAME._replace(key=f"key {number}"), "a", 1) for number in range(5)])

        found = await store.usage.totals(_DAY, _DAY + 1, (UsageField.KEY,), limit=3)
        assert [one.by for one in found] == [("key 0",), ("key 1",), ("key 2",)]

    async def test_usage_is_grouped_by_each_field_and_all(self, store: Store) -> None:
        rows = [usage_row(_GAME, "a", 3), usage_row(_PHONE, "a", 4), usage_row(_GAME, "b", 1, _DAY - 1)]
        await store.usage.put(rows)

        assert await _requests(store, UsageField.KEY) == [(("game",), 3), (("phone 電話",), 4)]
        assert await _requests(store, UsageField.ARM, UsageField.VOICE) == [
            (("baseline", "en-us"), 3),
            (("candidate", "zf_xiaoxiao"), 4),
        ]
        assert await _requests(store, UsageField.DAY, since=_DAY - 1) == [
            ((str(_DAY - 1),), 1),
            ((str(_DAY),), 7),
        ]
        assert await _requests(store, *UsageField) == [((str(_DAY), *_GAME), 3), ((str(_DAY), *_PHONE), 4)]
        assert await _requests(store, UsageField.CHARACTER, key="phone 電話") == [(("ghoul",), 4)]

    async def test_days_without_usage_have_no_entries(self, store: Store) -> None:
        await store.usage.put([])

        assert await _requests(store) == []
        assert await _requests(store, UsageField.KEY) == []

    async def test_large_amounts_and_small_costs_are_kept(self, store: Store) -> None:
        dear, cheap = usage_row(_GAME, "a", _MANY, cost_usd=0.1), usage_row(_GAME, "b", _MANY, cost_usd=0.000016)
        await store.usage.put([dear, cheap])

        (total,) = await store.usage.totals(_DAY, _DAY + 1, ())

        cost_usd = total.used.cost_usd
        assert total == UsageTotal((), Used(2 * _MANY, 20 * _MANY, 10 * _MANY, 0, 0, cost_usd))
        assert cost_usd == pytest.approx(0.100016)

    async def test_names_may_be_any_text(self, store: Store) -> None:
        odd = UsageOf("nul \0, half \ud800, 'quoted'", "baseline", "voix-é", "")
        await store.usage.put([usage_row(odd, "a", 1)])
        await store.usage.put([usage_row(odd, "a", 2)])

        assert await _requests(store, UsageField.KEY, key=odd.key) == [(("nul \u2400, half \ufffd, 'quoted'",), 2)]

    async def test_old_usage_is_joined_and_older_forgotten(self, store: Store) -> None:
        days = [usage_row(_GAME, source, 2, day) for source in "abc" for day in (_DAY - 2, _DAY - 1, _DAY)]
        await store.usage.put([*days, usage_row(_PHONE, "a", 1, _DAY - 1)])
        await store.usage.tidy(_DAY, _DAY - 1)

        by_day = await _requests(store, UsageField.DAY, since=_DAY - 9)
        assert by_day == [((str(_DAY - 1),), 7), ((str(_DAY),), 6)]
        by_key = await _requests(store, UsageField.KEY, since=_DAY - 1)
        assert by_key == [(("game",), 12), (("phone 電話",), 1)]

    async def test_usage_that_comes_late_is_added_to_a_joined_day(self, store: Store) -> None:
        await store.usage.put([usage_row(_GAME, "a", 2)])
        await store.usage.tidy(_DAY + 1, 0)
        await store.usage.put([usage_row(_GAME, "late", 3)])
        await store.usage.tidy(_DAY + 1, 0)

        assert await _requests(store) == [((), 5)]


async def _requests(
    store: Store, *by: UsageField, since: int = _DAY, key: str | None = None
) -> list[tuple[tuple[str, ...], int]]:
    found = await store.usage.totals(since, _DAY + 1, by, key)
    return [(one.by, one.used.requests) for one in found]
