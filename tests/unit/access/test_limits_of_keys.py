"""The limits of keys in their history: all processes derive the same, and give each key the same number."""

from __future__ import annotations

import pytest

from segue.access.limits import KeyLimits, Limit, month_ends_in_s, month_of
from segue.access.register import NoSuchKey, WantedKey
from segue.access.roles import Caller, Role
from segue.kernel.errors import InvalidRequest
from segue.testing.store.memory import MemoryEventLog
from support.keys import Keeping, keeping


async def caller(process: Keeping, secret: str) -> Caller:
    await process.follower.catch_up()
    found = process.known.find(secret.encode())
    assert isinstance(found, Caller)
    return found


async def test_every_process_has_the_same_limits_and_numbers() -> None:
    log = MemoryEventLog()
    one, other = keeping(log), keeping(log)
    limits = KeyLimits(requests_per_minute=5)
    secrets = []
    for name, wanted in (("a", limits), ("b", KeyLimits()), ("c", limits)):
        _, secret = await one.register.create(WantedKey(name, Role.SYNTHESIZE, limits=wanted), "ann")
        secrets.append(secret)
    second = (await one.register.listed())[1]
    await one.register.limit(second.id, KeyLimits(chars_per_month=9), "ann")
    late = keeping(log)
    for process in (one, other, late):
        found = [await caller(process, secret) for secret in secrets]
        assert [each.limits_number for each in found] == [0, 2, 1]
        assert [each.limits for each in found] == [limits, KeyLimits(chars_per_month=9), limits]


async def test_a_key_without_limits_has_none_to_count_but_keeps_its_number() -> None:
    process = keeping(MemoryEventLog())
    key, secret = await process.register.create(
        WantedKey("a", Role.SYNTHESIZE, limits=KeyLimits(concurrent_requests=1)), "ann"
    )
    await process.register.limit(key.id, KeyLimits(), "ann")
    assert (await caller(process, secret)).limits is None
    await process.register.limit(key.id, KeyLimits(chars_per_minute=7), "ann")

    again = await caller(process, secret)
    assert (again.limits_number, again.limits) == (0, KeyLimits(chars_per_minute=7))


async def test_limits_that_cannot_be_are_refused() -> None:
    register = keeping(MemoryEventLog()).register
    key, _ = await register.create(WantedKey("a", Role.SYNTHESIZE), "ann")
    for limits in (KeyLimits(chars_per_minute=0), KeyLimits(chars_per_month=10**11)):
        with pytest.raises(InvalidRequest, match="must be from 1"):
            await register.limit(key.id, limits, "ann")
    with pytest.raises(NoSuchKey):
        await register.limit("f" * 12, KeyLimits(), "ann")
    await register.revoke(key.id, "ann")
    with pytest.raises(InvalidRequest, match="revoked"):
        await register.limit(key.id, KeyLimits(chars_per_minute=1), "ann")


def test_months_are_those_of_the_calendar() -> None:
    december = 1_798_761_599.0  # 2026-12-31 23:59:59
    assert month_of(december + 1) == month_of(december) + 1 == 2027 * 12
    assert month_ends_in_s(december) == 1.0
    assert [str(limit) for limit, _ in KeyLimits(chars_per_month=1).sizes()] == [Limit.CHARS_PER_MONTH]
