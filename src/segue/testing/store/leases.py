"""The contract suite for leases."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from segue.rollout.ports.store import Store


class LeasesContract:
    """Subclass it with a fixture ``store``, started and empty."""

    async def test_a_lease_is_one_holders_until_it_ends(self, store: Store) -> None:
        assert await store.leases.take("judge", "ann", 100.0, 10.0)
        assert not await store.leases.take("judge", "bob", 109.9, 10.0)
        assert await store.leases.take("judge", "bob", 110.0, 10.0)
        assert not await store.leases.take("judge", "ann", 110.0, 10.0)

    async def test_its_holder_renews_it(self, store: Store) -> None:
        assert await store.leases.take("judge", "ann", 100.0, 10.0)
        assert await store.leases.take("judge", "ann", 105.0, 10.0)
        assert not await store.leases.take("judge", "bob", 112.0, 10.0)

    async def test_its_holder_may_have_been_gone_for_long(self, store: Store) -> None:
        assert await store.leases.take("judge", "ann", 100.0, 10.0)
        assert await store.leases.take("judge", "ann", 900.0, 10.0)

    async def test_one_from_before_the_clock_was_set_back_is_nobodys(self, store: Store) -> None:
        assert await store.leases.take("judge", "ann", 3700.0, 10.0)
        assert not await store.leases.take("judge", "bob", 3695.0, 10.0)
        assert await store.leases.take("judge", "bob", 100.0, 10.0)

    async def test_given_up_it_is_free_at_once(self, store: Store) -> None:
        await store.leases.take("judge", "ann", 100.0, 10.0)
        await store.leases.give_up("judge", "ann")
        assert await store.leases.take("judge", "bob", 100.0, 10.0)

    async def test_nobody_gives_up_what_another_holds(self, store: Store) -> None:
        await store.leases.take("judge", "ann", 100.0, 10.0)
        await store.leases.give_up("judge", "bob")
        await store.leases.give_up("none", "bob")
        assert not await store.leases.take("judge", "bob", 100.0, 10.0)

    async def test_leases_are_apart(self, store: Store) -> None:
        assert await store.leases.take("judge", "ann", 100.0, 10.0)
        assert await store.leases.take("sweeper", "bob", 100.0, 10.0)

    async def test_of_eight_that_want_it_one_has_it(self, store: Store) -> None:
        wanting = [store.leases.take("審判" * 128, f"holder-{number}", 0.0, 10.0) for number in range(8)]
        assert sorted(await asyncio.gather(*wanting)) == [False] * 7 + [True]
