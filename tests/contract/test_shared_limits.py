"""A key's limit that processes share: the workers of a machine in memory, and machines through the store."""

from __future__ import annotations

import asyncio

from support.limited import passed_by_machine

LIMIT = 1000


async def test_four_workers_that_race_pass_the_limit_within_three_percent(store_url: str) -> None:
    passed = await passed_by_machine(store_url, 4, LIMIT, 2500)

    assert LIMIT <= sum(passed) <= 1.03 * LIMIT


async def test_two_machines_that_race_pass_the_limit_together(store_url: str) -> None:
    machines = await asyncio.gather(*(passed_by_machine(store_url, 2, LIMIT, 2500) for _ in range(2)))

    assert LIMIT <= sum(sum(passed) for passed in machines) <= 1.03 * LIMIT
