"""The contract suite for budgets."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


class BudgetsContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_nothing_is_taken_at_first(self, store: Store) -> None:
        assert await store.budgets.taken("none", 20_000) == 0.0

    async def test_a_budget_is_taken_to_its_last_unit_and_no_further(self, store: Store) -> None:
        assert await store.budgets.take("shadow", 20_000, 60.0, 100.0)
        assert not await store.budgets.take("shadow", 20_000, 40.5, 100.0)
        assert await store.budgets.take("shadow", 20_000, 40.0, 100.0)
        assert not await store.budgets.take("shadow", 20_000, 0.5, 100.0)
        assert await store.budgets.taken("shadow", 20_000) == 100.0

    async def test_more_than_all_of_it_is_refused_at_once(self, store: Store) -> None:
        assert not await store.budgets.take("shadow", 20_000, 100.5, 100.0)
        assert await store.budgets.taken("shadow", 20_000) == 0.0

    async def test_a_budget_made_smaller_counts_what_was_taken_before(self, store: Store) -> None:
        assert await store.budgets.take("shadow", 20_000, 60.0, 100.0)
        assert not await store.budgets.take("shadow", 20_000, 1.0, 50.0)
        assert await store.budgets.take("shadow", 20_000, 1.0, 61.0)

    async def test_days_and_names_are_apart(self, store: Store) -> None:
        assert await store.budgets.take("預算" * 128, 20_000, 100.0, 100.0)
        assert await store.budgets.take("預算" * 128, 20_001, 100.0, 100.0)
        assert await store.budgets.take("other", 20_000, 100.0, 100.0)
        assert await store.budgets.taken("預算" * 128, 20_000) == 100.0

    async def test_what_is_given_back_can_be_taken_again(self, store: Store) -> None:
        assert await store.budgets.take("shadow", 20_000, 100.0, 100.0)
        assert await store.budgets.take("shadow", 20_000, -30.0, 100.0)
        assert await store.budgets.taken("shadow", 20_000) == 70.0
        assert await store.budgets.take("shadow", 20_000, 30.0, 100.0)

    async def test_earlier_days_of_one_name_are_forgotten(self, store: Store) -> None:
        for name in ("shadow", "other"):
            for day in (20_000, 20_001):
                assert await store.budgets.take(name, day, 10.0, 100.0)
        await store.budgets.forget("shadow", 20_001)

        assert await store.budgets.taken("shadow", 20_000) == 0.0
        assert await store.budgets.taken("shadow", 20_001) == 10.0
        assert await store.budgets.taken("other", 20_000) == 10.0

    async def test_of_eight_that_take_at_once_no_more_succeed_than_it_holds(self, store: Store) -> None:
        takers = [store.budgets.take("shadow", 20_000, 30.0, 100.0) for _ in range(8)]
        assert sorted(await asyncio.gather(*takers)) == [False] * 5 + [True] * 3
        assert await store.budgets.taken("shadow", 20_000) == 90.0
